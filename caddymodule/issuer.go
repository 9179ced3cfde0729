package caddymodule

import (
	"context"
	"maps"
	"net/http"
	"net/netip"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/caddyserver/caddy/v2/caddyconfig/httpcaddyfile"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"github.com/google/uuid"

	"github.com/caddy-dcr/caddy-dcr/internal/identity"
	"github.com/caddy-dcr/caddy-dcr/internal/oautherr"
	"github.com/caddy-dcr/caddy-dcr/internal/refusal"
	"github.com/caddy-dcr/caddy-dcr/internal/wire"
)

func init() {
	caddy.RegisterModule(Issuer{})
	httpcaddyfile.RegisterHandlerDirective("dcr_issuer", func(h httpcaddyfile.Helper) (caddyhttp.MiddlewareHandler, error) {
		i := new(Issuer)
		if err := i.UnmarshalCaddyfile(h.Dispenser); err != nil {
			return nil, err
		}
		return i, inContext(h, i.mistake)
	})
	// Clients authenticate here by their own means, before anybody else's.
	httpcaddyfile.RegisterDirectiveOrder("dcr_issuer", httpcaddyfile.Before, "basic_auth")
}

// Issuer answers the client endpoints: `POST /o/client/register`,
// `POST /o/client/token`, `GET /o/client/scopes`, `POST /o/client/validate` and
// `GET /.well-known/jwks.json`; and, unless the standards profile is off, those
// of the RFCs, which `GET /.well-known/oauth-authorization-server` lists.
// Everything else it hands on.
type Issuer struct {
	// Standards is the path under which the endpoints of the RFCs lie:
	// `register`, `token`, `revoke` and `introspect`. Whatever else lies under
	// it is 404. Default `/oauth2`; `off` has none of them, and no metadata.
	Standards string `json:"standards,omitempty"`

	// CORS lets browser pages of other origins call.
	CORS *CORSConfig `json:"cors,omitempty"`

	services *services
	routes   map[string]clientEndpoint
	standard *standards   // nil where they are off
	cors     *crossOrigin // nil where nobody else may call
}

// clientEndpoint is one of the issuer's own routes.
type clientEndpoint struct {
	// methods are those that the endpoint has; nil is any.
	methods []string
	// sensitive endpoints take or give credentials: TLS only, and never from
	// data that an attacker could replay.
	sensitive bool
	// throttled endpoints count what a device sends. Where it takes reading the
	// request to know the device, the endpoint calls throttleLate.
	throttled bool
	profile   wire.Profile
	serve     func(http.ResponseWriter, *http.Request, wire.Profile) error
}

// CaddyModule names the module.
func (Issuer) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: "http.handlers.dcr_issuer", New: func() caddy.Module { return new(Issuer) }}
}

// Provision finds the app.
func (i *Issuer) Provision(ctx caddy.Context) error {
	app, err := appOf(ctx)
	if err != nil {
		return err
	}
	i.services = app.services
	i.routes = app.services.endpoints()
	if i.cors, err = newCrossOrigin(i.CORS, app.services.origins); err != nil {
		return err
	}
	if i.Standards == "off" {
		return nil
	}
	if i.standard, err = app.services.standards(i.Standards); err != nil {
		return err
	}
	maps.Copy(i.routes, i.standard.endpoints())
	return nil
}

// find finds the endpoint of a path.
func (i *Issuer) find(path string) (clientEndpoint, bool) {
	if e, mine := i.routes[path]; mine || i.standard == nil {
		return e, mine
	}
	return i.standard.find(path)
}

// ServeHTTP implements caddyhttp.MiddlewareHandler.
func (i *Issuer) ServeHTTP(w http.ResponseWriter, r *http.Request, next caddyhttp.Handler) error {
	e, mine := i.find(r.URL.Path)
	if !mine {
		// Behind this handler nobody may see what a client says in our name,
		// whether or not a guard follows.
		if !admitted(r) {
			identity.Clean(r)
			identity.CleanConnection(r.Header)
		}
		return next.ServeHTTP(w, r)
	}
	i.services.noticeProxy(r)
	if i.cors != nil {
		var answered bool
		if w, answered = i.cors.enter(w, r, func() string { return strings.Join(e.methods, ", ") }); answered {
			return nil
		}
	}
	defer limitReading(w)()
	if e.sensitive {
		w.Header().Set(refusal.TraceHeader, newTraceID().String())
	}
	ctx, o := onlookersOf(r.Context(), spanOf(r.URL.Path))
	defer o.leave()
	r = o.observed(ctx, r)
	if err := i.admits(e, r); err != nil {
		return i.services.fail(w, r, e.profile, err, "request_invalid")
	}
	if e.throttled {
		if err := i.services.throttleEarly(w, r); err != nil {
			return i.services.fail(w, r, e.profile, err, "throttled")
		}
	}
	return e.serve(w, r, e.profile)
}

// spanOf names the span of an endpoint. The names are few, whatever clients ask
// for.
func spanOf(at string) string {
	switch name := path.Base(at); name {
	case "register", "token", "scopes", "validate", "revoke", "introspect":
		return "dcr." + name
	default:
		return "dcr.issuer"
	}
}

// traceOf is the trace of an answer of the issuer, which gets one if it has
// none.
func traceOf(w http.ResponseWriter) uuid.UUID {
	if trace, err := uuid.Parse(w.Header().Get(refusal.TraceHeader)); err == nil {
		return trace
	}
	trace := newTraceID()
	w.Header().Set(refusal.TraceHeader, trace.String())
	return trace
}

func (i *Issuer) admits(e clientEndpoint, r *http.Request) error {
	if e.methods != nil && !slices.Contains(e.methods, r.Method) {
		return wire.MethodNotAllowed(e.methods...)
	}
	if !e.sensitive {
		return nil
	}
	// Data sent before the handshake is complete can be replayed (RFC 8470).
	if r.TLS != nil && !r.TLS.HandshakeComplete {
		return oautherr.New(oautherr.TooEarly, "send the request again once the handshake is complete")
	}
	if !i.services.app.AllowHTTP && !overTLS(r) {
		return oautherr.New(oautherr.InvalidRequest, "this endpoint answers over https only")
	}
	return nil
}

// readWithin is how long a client may take to send what the gateway itself
// reads: a few hundred bytes.
const readWithin = 10 * time.Second

// limitReading keeps a client that sends slowly from holding a connection for
// ever, until the returned function is called. Caddy has no limit by default.
func limitReading(w http.ResponseWriter) (lift func()) {
	control := http.NewResponseController(w)
	if control.SetReadDeadline(time.Now().Add(readWithin)) != nil {
		return func() {} // a connection of another kind, such as a test's
	}
	return func() { _ = control.SetReadDeadline(time.Time{}) }
}

// overTLS says whether the client's own connection is encrypted: to us, or to
// a proxy that the operator trusts and that says so.
func overTLS(r *http.Request) bool {
	if r.TLS != nil {
		return true
	}
	trusted, _ := caddyhttp.GetVar(r.Context(), caddyhttp.TrustedProxyVarKey).(bool)
	return trusted && strings.EqualFold(r.Header.Get("X-Forwarded-Proto"), "https")
}

// clientAddress is the device's address as far as trusted proxies give it.
func clientAddress(r *http.Request) netip.Addr { return addressIn(r.Context()) }

// addressIn is the address of the device whose request the context is of.
func addressIn(ctx context.Context) netip.Addr {
	text, _ := caddyhttp.GetVar(ctx, caddyhttp.ClientIPVarKey).(string)
	address, _ := netip.ParseAddr(text)
	return address
}

// UnmarshalCaddyfile reads the directive:
//
//	dcr_issuer {
//		standards <path> | off
//		cors { … }
//	}
func (i *Issuer) UnmarshalCaddyfile(d *caddyfile.Dispenser) error {
	d.Next() // "dcr_issuer"
	if d.NextArg() {
		return d.ArgErr()
	}
	return block(d, map[string]func() error{
		"standards": func() error { return oneArg(d, &i.Standards) },
		"cors":      func() error { return parseCORS(d, &i.CORS) },
	})
}

var (
	_ caddy.Provisioner           = (*Issuer)(nil)
	_ caddyhttp.MiddlewareHandler = (*Issuer)(nil)
	_ caddyfile.Unmarshaler       = (*Issuer)(nil)
)
