package caddymodule

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"github.com/google/uuid"

	"github.com/caddy-dcr/caddy-dcr/internal/endpoint"
	"github.com/caddy-dcr/caddy-dcr/internal/guard"
	"github.com/caddy-dcr/caddy-dcr/internal/identity"
	"github.com/caddy-dcr/caddy-dcr/internal/metrics"
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

	// CORS lets browser pages of other origins call.
	CORS *CORSConfig `json:"cors,omitempty"`

	services *services
	table    *endpoint.Table
	finder   plugins.EntitlementFinder // nil where locations say everything
	metrics  *metrics.Profile
	// The next two are nil where nothing is listed.
	byApplication *metrics.Decisions[uuid.UUID]
	byPlatform    *metrics.Decisions[string]
	refused       metrics.Throttled
	cors          *crossOrigin
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
	if err := g.checkThrottle(); err != nil {
		return err
	}
	if g.cors, err = newCrossOrigin(g.CORS, app.services.origins); err != nil {
		return err
	}
	g.metrics, g.refused = metricsOf.ForProfile(api.Name), metricsOf.ForThrottled(api.Name)
	g.byApplication = app.breakdown.applications.ForProfile(api.Name)
	g.byPlatform = app.breakdown.platforms.ForProfile(api.Name)
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
	if g.cors != nil {
		var answered bool
		if w, answered = g.cors.enter(w, r, func() string { return g.offered(r) }); answered {
			g.metrics.Decided(guard.Preflight, begun, metrics.Trace{ID: newTraceID()})
			return nil
		}
	}
	trace, allowed := g.settle(w, r, begun)
	if !allowed {
		return nil
	}
	if begun.IsZero() {
		return next.ServeHTTP(w, r)
	}
	handedOn := time.Now()
	err := next.ServeHTTP(w, r)
	g.metrics.Answered(handedOn, trace)
	return err
}

// settle decides, and tells who has to know: the client when it refuses, else
// those behind the guard.
func (g *Guard) settle(w http.ResponseWriter, r *http.Request, begun time.Time) (trace metrics.Trace, allowed bool) {
	x := exchanges.Get().(*exchange)
	trace.ID = newTraceID()
	x.guard, x.w, x.r, x.trace = g, w, r, trace.ID
	var o onlookers
	x.ctx, o = onlookersOf(r.Context(), "dcr.guard")
	trace.Span = o.traceID()
	decision := x.decide()
	if g.cors != nil {
		narrow(w, x.known.application)
	}
	g.metrics.Decided(decision.Reason, begun, trace)
	if g.byApplication != nil || g.byPlatform != nil {
		g.breakDown(&x.known, decision.Reason)
	}
	if decision.Allowed {
		x.watch()
		x.admit(decision)
	} else {
		x.refuse(w, decision)
	}
	if o.present() {
		o.tell(x.told(&decision))
		o.leave()
	}
	*x = exchange{}
	exchanges.Put(x)
	return trace, decision.Allowed
}

// breakDown counts the decision for whose token it was about, if there was one.
func (g *Guard) breakDown(k *knownToken, reason guard.Reason) {
	if k.Lineage != nil {
		outcome := metrics.DecisionOutcomeOf(reason)
		g.byApplication.Decided(k.ApplicationID, outcome)
		g.byPlatform.Decided(k.Platform, outcome)
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
