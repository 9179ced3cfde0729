package caddymodule

import (
	"errors"
	"io"
	"net/http"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"github.com/google/uuid"

	"github.com/caddy-dcr/caddy-dcr/internal/endpoint"
	"github.com/caddy-dcr/caddy-dcr/internal/explain"
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
// identity headers that a client sent, and upgrades other than WebSockets, and
// refuses targets that a server could take for those of a guarded API.
// `dcr_proxy` and a `dcr_guard` with a matcher add it by themselves; where a site
// has its guards in `handle` or `route` blocks, write `dcr_fallback` beside those.
type Fallback struct {
	services *services // nil where there is no dcr app
}

// CaddyModule names the module.
func (Fallback) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: "http.handlers.dcr_fallback", New: func() caddy.Module { return new(Fallback) }}
}

// Provision finds the app, to which it tells what it refused.
func (f *Fallback) Provision(ctx caddy.Context) error {
	app, err := ctx.AppIfConfigured("dcr")
	switch {
	case errors.Is(err, caddy.ErrNotConfigured):
		return nil
	case err != nil:
		return err
	}
	f.services = app.(*App).services
	return nil
}

// ServeHTTP implements caddyhttp.MiddlewareHandler.
func (f *Fallback) ServeHTTP(w http.ResponseWriter, r *http.Request, next caddyhttp.Handler) error {
	// What a guard has let through says in our name what the guard has said.
	if !admitted(r) {
		// Nobody may see what a client says in our name, on no path of a site.
		identity.Clean(r)
		identity.CleanConnection(r.Header)
		identity.CleanUpgrade(r.Header)
		if f.services != nil && endpoint.Strays(r.URL, f.services.app.prefixes()) {
			f.refuse(w, r, guard.TargetAmbiguous)
			return nil
		}
	}
	watched := &watchedWriter{ResponseWriterWrapper: &caddyhttp.ResponseWriterWrapper{ResponseWriter: w}}
	if err := next.ServeHTTP(watched, r); err != nil || watched.answered {
		return err
	}
	f.refuse(w, r, guard.RouteUnknown)
	return nil
}

// refuse answers, and keeps why.
func (f *Fallback) refuse(w http.ResponseWriter, r *http.Request, reason guard.Reason) {
	trace := newTraceID()
	status := refusal.Write(w, r, plugins.OAuthJSON, refusal.Refusal{Reason: reason, Trace: trace.String()})
	if f.services == nil {
		return
	}
	entry := unclaimed(trace, reason, status)
	f.services.remember(r, &entry)
	_, o := onlookersOf(r.Context(), "dcr.fallback")
	o.tell(f.services.toldOf(&entry))
	o.leave()
}

// unclaimed is what there is to say about a request that came to no guard.
func unclaimed(trace uuid.UUID, reason guard.Reason, status int) explain.Entry {
	detail := "no guard or other handler of the site claims the path"
	if reason == guard.TargetAmbiguous {
		detail = "no guard claims the path, and a server could take it for one of a guarded API"
	}
	return explain.Entry{Trace: trace, Decider: explain.Guard, Reason: string(reason), Status: status, Facts: explain.Facts{Detail: detail}}
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

var (
	_ caddy.Provisioner           = (*Fallback)(nil)
	_ caddyhttp.MiddlewareHandler = (*Fallback)(nil)
)
