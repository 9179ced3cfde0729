package caddymodule

import (
	"net/http"

	"github.com/caddyserver/caddy/v2"

	"github.com/caddy-dcr/caddy-dcr/internal/bearer"
	"github.com/caddy-dcr/caddy-dcr/internal/endpoint"
	"github.com/caddy-dcr/caddy-dcr/internal/guard"
	"github.com/caddy-dcr/caddy-dcr/internal/identity"
	"github.com/caddy-dcr/caddy-dcr/internal/refusal"
	"github.com/caddy-dcr/caddy-dcr/plugins"
)

// admit tells the backend who calls, and the handlers and logs of this site.
func (x *exchange) admit(d guard.Decision) {
	g, r := x.guard, x.r
	caller := new(identity.Caller)
	if x.known.application != nil {
		x.known.tell(caller, d.Channel, x.trace)
		if !g.ForwardAuthorization {
			delete(r.Header, "Authorization")
		}
	} else {
		// An open route knows no caller; a token that came along is nobody's
		// business behind it either.
		caller.Trace = x.trace.String()
		delete(r.Header, "Authorization")
	}
	if name := g.secretParameter(); name != "" && r.URL.RawQuery != "" {
		if cleaned := endpoint.RemoveQuery(r.URL.RawQuery, name); cleaned != r.URL.RawQuery {
			r.URL.RawQuery = cleaned
			r.RequestURI = r.URL.RequestURI()
		}
	}
	caller.Set(r.Header)
	if repl, ok := r.Context().Value(caddy.ReplacerCtxKey).(*caddy.Replacer); ok {
		repl.Map(placeholders(caller))
	}
}

// secretParameter is what no backend gets to see in a query: the parameter that
// may hold the token. The known APIs that take none there have no other use for
// its usual name either, and a backend must not believe one that nobody checked.
func (g *Guard) secretParameter() string {
	if name := g.table.API().QueryToken; name != "" || g.API != nil {
		return name
	}
	return bearer.QueryName
}

// admitted says whether a guard of the site has let the request through: no
// client can fill its placeholders. The header is looked at first because that
// costs less.
func admitted(r *http.Request) bool {
	said := r.Header[identity.Trace]
	if len(said) == 0 {
		return false
	}
	repl, ok := r.Context().Value(caddy.ReplacerCtxKey).(*caddy.Replacer)
	if !ok {
		return false
	}
	told, _ := repl.Get("http.dcr.trace")
	return told == said[0]
}

// refuse answers, and keeps why.
func (x *exchange) refuse(w http.ResponseWriter, d guard.Decision) {
	status := x.answer(w, &d)
	e := x.entry(&d)
	e.Status = status
	x.guard.services.remember(x.r, &e)
}

// answer refuses in the form that the API's clients expect, and says with
// which status.
func (x *exchange) answer(w http.ResponseWriter, d *guard.Decision) int {
	return refusal.Write(w, x.r, x.guard.table.API().Errors, refusal.Refusal{
		Reason: d.Reason, Realm: x.guard.table.API().Name, Trace: x.trace.String(), Allow: x.match.Allow,
		Scopes: scopesOf(x.match.Route), Missing: d.Missing, RetryAfter: max(x.wait, x.known.wait),
		RedirectTo: x.redirect(),
	})
}

func scopesOf(route *plugins.Route) []string {
	if route == nil {
		return nil
	}
	return route.Scopes
}

// redirect finds where a refused navigation goes: to the URL that it names, if
// the application of the token covers it, else nowhere.
func (x *exchange) redirect() string {
	route := x.match.Route
	if route == nil || route.Redirect == "" || x.known.application == nil {
		return ""
	}
	values := endpoint.NewParameters(x.r).Values(route.Redirect)
	if len(values) != 1 || !x.known.application.CoversRedirect(values[0]) {
		return ""
	}
	return values[0]
}
