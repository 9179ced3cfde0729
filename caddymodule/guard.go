package caddymodule

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"sync"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"github.com/google/uuid"
	"go.uber.org/zap"

	"github.com/caddy-dcr/caddy-dcr/internal/bearer"
	"github.com/caddy-dcr/caddy-dcr/internal/endpoint"
	"github.com/caddy-dcr/caddy-dcr/internal/guard"
	"github.com/caddy-dcr/caddy-dcr/internal/identity"
	"github.com/caddy-dcr/caddy-dcr/internal/metrics"
	"github.com/caddy-dcr/caddy-dcr/internal/refusal"
	"github.com/caddy-dcr/caddy-dcr/plugins"
)

func init() {
	caddy.RegisterModule(Guard{})
}

// Guard lets a request through only with a live access token that fits its
// route; everything else it refuses in the form that the API's clients expect.
// It sets these placeholders for the handlers behind it and for logs:
//
// Placeholder | Description
// ------------|-------------
// `{http.auth.user.id}` | The id of the client that calls
// `{http.dcr.client_id}` | The same
// `{http.dcr.application_id}` | The registered application
// `{http.dcr.programmer}` | The application's programmer
// `{http.dcr.channel}` | The channel, or channels, that the request names
// `{http.dcr.scopes}` | The token's scopes, separated by spaces
// `{http.dcr.platform}` | The platform that the client registered from
// `{http.dcr.trace}` | The id of this decision
type Guard struct {
	// ProfileRaw is the description of a protected API: one of `temp_pass`,
	// `degradation`, `proxy_mvpd`, `esm`, `rest_v1`, `rest_v2`, `sdk`, or a
	// guest's. Either this or an api is given.
	ProfileRaw json.RawMessage `json:"profile,omitempty" caddy:"namespace=dcr.profiles inline_key=name"`

	// API describes an API that no profile does.
	API *plugins.API `json:"api,omitempty"`

	// ForwardAuthorization passes the client's Authorization header on to the
	// backend. By default it is taken out, since the backend learns who calls
	// from the X-DCR-* headers.
	ForwardAuthorization bool `json:"forward_authorization,omitempty"`

	// Upgrade lets WebSocket upgrades through.
	Upgrade bool `json:"upgrade,omitempty"`

	services *services
	table    *endpoint.Table
	finder   plugins.EntitlementFinder // nil where locations say everything
	metrics  *metrics.Profile
}

// CaddyModule names the module.
func (Guard) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: "http.handlers.dcr_guard", New: func() caddy.Module { return new(Guard) }}
}

// Provision compiles the API's routes.
func (g *Guard) Provision(ctx caddy.Context) error {
	app, err := appOf(ctx)
	if err != nil {
		return err
	}
	g.services = app.services
	api, err := g.describe(ctx)
	if err != nil {
		return err
	}
	if g.table, err = endpoint.Compile(api); err != nil {
		return err
	}
	g.metrics = metricsOf.ForProfile(api.Name)
	app.addGuard(g)
	return nil
}

func appOf(ctx caddy.Context) (*App, error) {
	value, err := ctx.App("dcr")
	if err != nil {
		return nil, fmt.Errorf("the global dcr block is needed: %w", err)
	}
	return value.(*App), nil
}

func (g *Guard) describe(ctx caddy.Context) (plugins.API, error) {
	switch {
	case g.API != nil && g.ProfileRaw != nil:
		return plugins.API{}, errors.New("a guard takes a profile or an api, not both")
	case g.API != nil:
		return withDefaults(*g.API), nil
	case g.ProfileRaw == nil:
		return plugins.API{}, errors.New("a guard needs a profile or an api")
	}
	value, err := ctx.LoadModule(g, "ProfileRaw")
	if err != nil {
		return plugins.API{}, fmt.Errorf("profile: %w", err)
	}
	profile, ok := value.(plugins.Profile)
	if !ok {
		return plugins.API{}, fmt.Errorf("profile: the module %T describes no API", value)
	}
	g.finder, _ = value.(plugins.EntitlementFinder)
	return profile.API(), nil
}

// withDefaults fills in what an API that the operator describes leaves out: it
// stands for everything that its guard gets.
func withDefaults(api plugins.API) plugins.API {
	if len(api.Prefixes) == 0 {
		api.Prefixes = []string{"/"}
	}
	if api.Errors == "" {
		api.Errors = plugins.OAuthJSON
	}
	if api.Name == "" {
		api.Name = "custom"
	}
	return api
}

// ServeHTTP implements caddyhttp.MiddlewareHandler.
func (g *Guard) ServeHTTP(w http.ResponseWriter, r *http.Request, next caddyhttp.Handler) error {
	begun := g.metrics.Begin()
	// Whatever comes of the request, nobody behind this line may see what a
	// client says in our name.
	identity.Clean(r)
	identity.CleanConnection(r.Header)
	if !g.settle(w, r, begun) {
		return nil
	}
	return next.ServeHTTP(w, r)
}

// settle decides, and tells who has to know: the client when it refuses, else
// those behind the guard.
func (g *Guard) settle(w http.ResponseWriter, r *http.Request, begun time.Time) bool {
	x := exchanges.Get().(*exchange)
	x.guard, x.w, x.r, x.trace = g, w, r, newTraceID()
	decision := x.decide()
	g.metrics.Decided(decision.Reason, begun)
	if decision.Allowed {
		x.admit(decision)
	} else {
		x.refuse(w, decision)
	}
	*x = exchange{}
	exchanges.Put(x)
	return decision.Allowed
}

// exchanges are used again: half of what the garbage collector would get from
// a guard otherwise. None outlives the decision.
var exchanges = sync.Pool{New: func() any { return new(exchange) }}

// exchange is one request on its way through the guard.
type exchange struct {
	guard *Guard
	w     http.ResponseWriter
	r     *http.Request
	trace uuid.UUID
	match endpoint.Match
	known knownToken
	named [4]endpoint.Named // room for what most requests name
}

// decide gathers the facts, cheapest first, and stops at the first that
// settles the matter.
func (x *exchange) decide() guard.Decision {
	g, r := x.guard, x.r
	path, err := endpoint.Canonical(r)
	if err != nil {
		return guard.Refuse(guard.TargetAmbiguous)
	}
	if upgrade := identity.UpgradeOf(r.Header); upgrade != identity.NoUpgrade && !(upgrade == identity.WebSocket && g.mayUpgrade()) {
		return guard.Refuse(guard.UpgradeNotAllowed)
	}
	x.match = g.table.Match(r.Method, path)
	switch x.match.Outcome {
	case endpoint.NotFound:
		return guard.Refuse(guard.RouteUnknown)
	case endpoint.MethodNotAllowed:
		return guard.Refuse(guard.MethodNotAllowed)
	}
	facts := guard.Facts{Route: x.match.Route, AddressAllowed: g.allows(r)}
	params := endpoint.NewParameters(r)
	if facts.Open = x.match.Open(params); facts.Open {
		return x.decideOpen(&facts, params, path)
	}
	presented, err := bearer.Extract(r, g.table.API().QueryToken)
	if facts.Token = tokenState(err); facts.Token != guard.Valid || !facts.AddressAllowed {
		return guard.Decide(&facts)
	}
	if x.known, facts.Token = g.services.tokens.know(r.Context(), presented.Raw); facts.Token != guard.Valid {
		return guard.Decide(&facts)
	}
	if x.match.NeedsForm() {
		lift := limitReading(x.w)
		err := params.ReadForm(r, endpoint.FormLimit)
		lift()
		if err != nil {
			return guard.Refuse(guard.BodyUnreadable)
		}
	}
	x.entitle(&facts, params, path)
	return guard.Decide(&facts)
}

// decideOpen settles a request that needs no token. A killed channel stays
// closed for it too, and so does the route while nobody can say what is killed.
func (x *exchange) decideOpen(facts *guard.Facts, params endpoint.Parameters, path string) guard.Decision {
	d := x.guard.services.directory
	if d.Fresh() != nil {
		return guard.Refuse(guard.StateUnavailable)
	}
	x.gather(facts, params, path, d.Now().UnixMilli())
	return guard.Decide(facts)
}

// entitle adds who calls and what the request names.
func (x *exchange) entitle(facts *guard.Facts, params endpoint.Parameters, path string) {
	facts.Killed, facts.Application, facts.Scopes = x.known.killed, x.known.application, x.known.Scopes
	x.gather(facts, params, path, x.known.IssuedAt)
}

// gather adds what the request names and lacks, and whether one of the
// channels is killed for tokens of that time.
func (x *exchange) gather(facts *guard.Facts, params endpoint.Parameters, path string, issuedAt int64) {
	d := x.guard.services.directory
	facts.Missing = x.match.Missing(params)
	facts.Named = x.match.Named(params, x.named[:0])
	if x.guard.finder != nil {
		for _, channel := range x.guard.finder.Channels(x.r, path) {
			facts.Named = append(facts.Named, endpoint.Named{Names: plugins.NamesChannel, Value: channel})
		}
	}
	for i := range facts.Named {
		if facts.Named[i].Names != plugins.NamesProxyMVPD && d.ChannelKilled(facts.Named[i].Value, issuedAt) {
			facts.ChannelKilled = true
		}
	}
}

func (g *Guard) mayUpgrade() bool { return g.Upgrade || g.table.API().Upgrade }

// allows checks the device's address as trusted proxies give it, never as the
// client does.
func (g *Guard) allows(r *http.Request) bool {
	if len(g.table.API().AllowIPs) == 0 {
		return true
	}
	text, _ := caddyhttp.GetVar(r.Context(), caddyhttp.ClientIPVarKey).(string)
	address, err := netip.ParseAddr(text)
	return err == nil && g.table.AllowsAddress(address)
}

func tokenState(err error) guard.TokenState {
	switch {
	case err == nil:
		return guard.Valid
	case errors.Is(err, bearer.ErrAbsent):
		return guard.Absent
	case errors.Is(err, bearer.ErrRepeated):
		return guard.Repeated
	default:
		return guard.Malformed
	}
}

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
	if name := g.table.API().QueryToken; name != "" && r.URL.RawQuery != "" {
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

// refuse answers, and leaves in the access log why.
func (x *exchange) refuse(w http.ResponseWriter, d guard.Decision) {
	r := x.r
	trace := x.trace.String()
	note(r, zap.String("dcr_trace", trace), zap.String("dcr_reason", string(d.Reason)))
	refusal.Write(w, r, x.guard.table.API().Errors, refusal.Refusal{
		Reason: d.Reason, Realm: x.guard.table.API().Name, Trace: trace, Allow: x.match.Allow,
		Scopes: scopesOf(x.match.Route), Missing: d.Missing,
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

// placeholders offers the caller under the names of the table above.
func placeholders(c *identity.Caller) caddy.ReplacerFunc {
	return func(key string) (any, bool) {
		switch key {
		case "http.auth.user.id", "http.dcr.client_id":
			return c.ClientID, true
		case "http.dcr.application_id":
			return c.ApplicationID, true
		case "http.dcr.programmer":
			return c.Programmer, true
		case "http.dcr.channel":
			return c.Channel, true
		case "http.dcr.scopes":
			return c.Scopes, true
		case "http.dcr.platform":
			return c.Platform, true
		case "http.dcr.trace":
			return c.Trace, true
		default:
			return nil, false
		}
	}
}

var (
	_ caddy.Provisioner           = (*Guard)(nil)
	_ caddyhttp.MiddlewareHandler = (*Guard)(nil)
)
