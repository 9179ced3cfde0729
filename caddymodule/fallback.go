package caddymodule

import (
	"io"
	"net/http"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"

	"github.com/caddy-dcr/caddy-dcr/internal/guard"
	"github.com/caddy-dcr/caddy-dcr/internal/identity"
	"github.com/caddy-dcr/caddy-dcr/internal/refusal"
	"github.com/caddy-dcr/caddy-dcr/plugins"
)

func init() {
	caddy.RegisterModule(Fallback{})
}

// Fallback answers 404 when no later handler of the site answers. Without it
// Caddy says 200 with an empty body to a request that nobody claims, which in
// front of protected APIs reads as success. On the way there it removes the
// identity headers that a client sent. `dcr_proxy` adds it by itself.
type Fallback struct{}

// CaddyModule names the module.
func (Fallback) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: "http.handlers.dcr_fallback", New: func() caddy.Module { return new(Fallback) }}
}

// ServeHTTP implements caddyhttp.MiddlewareHandler.
func (*Fallback) ServeHTTP(w http.ResponseWriter, r *http.Request, next caddyhttp.Handler) error {
	// Nobody may see what a client says in our name, on no path of a site.
	identity.Clean(r)
	identity.CleanConnection(r.Header)
	watched := &watchedWriter{ResponseWriterWrapper: &caddyhttp.ResponseWriterWrapper{ResponseWriter: w}}
	if err := next.ServeHTTP(watched, r); err != nil || watched.answered {
		return err
	}
	refusal.Write(w, r, plugins.OAuthJSON, refusal.Refusal{Reason: guard.RouteUnknown, Trace: newTrace()})
	return nil
}

// watchedWriter notes whether anybody answered.
type watchedWriter struct {
	*caddyhttp.ResponseWriterWrapper
	answered bool
}

func (w *watchedWriter) WriteHeader(status int) {
	// 103 and the like come before the answer, 101 instead of it.
	w.answered = w.answered || status >= http.StatusOK || status == http.StatusSwitchingProtocols
	w.ResponseWriterWrapper.WriteHeader(status)
}

func (w *watchedWriter) ReadFrom(r io.Reader) (int64, error) {
	w.answered = true
	return w.ResponseWriterWrapper.ReadFrom(r)
}

func (w *watchedWriter) Write(p []byte) (int, error) {
	w.answered = true
	return w.ResponseWriterWrapper.Write(p)
}

var _ caddyhttp.MiddlewareHandler = (*Fallback)(nil)
