package caddymodule

import (
	"net/http"
	"slices"
	"strings"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"

	"github.com/caddy-dcr/caddy-dcr/internal/metadata"
	"github.com/caddy-dcr/caddy-dcr/internal/wire"
	"github.com/caddy-dcr/caddy-dcr/plugins"
)

func init() {
	caddy.RegisterModule(Resource{})
}

// Resource publishes where clients of a guarded API get their tokens, and which
// scopes there are (RFC 9728), at
// `/.well-known/oauth-protected-resource/<prefix of the API>`. `dcr_proxy` adds
// it by itself.
type Resource struct {
	// API is the name of the guarded API.
	API string `json:"api"`

	services *services
}

// CaddyModule names the module.
func (Resource) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: "http.handlers.dcr_resource", New: func() caddy.Module { return new(Resource) }}
}

// Provision finds the app.
func (h *Resource) Provision(ctx caddy.Context) error {
	app, err := appOf(ctx)
	if err != nil {
		return err
	}
	h.services = app.services
	return nil
}

// ServeHTTP implements caddyhttp.MiddlewareHandler.
func (h *Resource) ServeHTTP(w http.ResponseWriter, r *http.Request, next caddyhttp.Handler) error {
	at, wellKnown := strings.CutPrefix(r.URL.Path, metadata.AtResource)
	if !wellKnown {
		return next.ServeHTTP(w, r)
	}
	api, found := h.services.app.guarded(h.API, at)
	if !found {
		return next.ServeHTTP(w, r)
	}
	if !slices.Contains(read, r.Method) {
		return h.services.fail(w, r, wire.Standard, wire.MethodNotAllowed(read...), "request_invalid")
	}
	scheme := "http"
	if overTLS(r) {
		scheme = "https"
	}
	return publish(w, metadata.OfResource(scheme+"://"+r.Host+at, h.services.app.Issuer, api))
}

// guarded finds a guarded API by its name and the path under which it lies.
func (a *App) guarded(name, path string) (plugins.API, bool) {
	a.guardsMu.Lock()
	defer a.guardsMu.Unlock()
	for _, g := range a.guards {
		api := g.table.API()
		if api.Name == name && slices.ContainsFunc(api.Prefixes, func(p string) bool { return metadata.OfPrefix(p) == path }) {
			return *api, true
		}
	}
	return plugins.API{}, false
}

var (
	_ caddy.Provisioner           = (*Resource)(nil)
	_ caddyhttp.MiddlewareHandler = (*Resource)(nil)
)
