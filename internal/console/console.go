package console

import (
	"context"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/caddy-dcr/caddy-dcr/internal/access"
	"github.com/caddy-dcr/caddy-dcr/internal/management"
)

// within bounds the work for one page. It leaves room for the wait for other
// gateways.
const within = 10 * time.Second

// bodyLimit is far more than any form needs.
const bodyLimit = 256 << 10

// Options are what a console stands on. Only Management is needed.
type Options struct {
	Management *management.Service
	// Figures are the live numbers of the overview; nil shows none.
	Figures func() Figures
	// Issuer is the address at which clients register and get tokens, as in
	// https://sp.example.com; empty is the name of the issuer.
	Issuer string
	// Logger is told what was no fault of the visitor's. It may be nil.
	Logger *slog.Logger
	// Now is the time by which the pages tell ages; nil is the clock.
	Now func() time.Time
}

// Console is the web console of one configuration.
type Console struct {
	Options
	mux  *http.ServeMux
	once once
}

// New makes a console.
func New(options Options) *Console {
	if options.Now == nil {
		options.Now = time.Now
	}
	if options.Issuer == "" && options.Management != nil {
		options.Issuer = options.Management.Issuer
	}
	c := &Console{Options: options, mux: http.NewServeMux()}
	byPath := map[string][]route{}
	for _, r := range routes {
		byPath[r.path] = append(byPath[r.path], r)
	}
	for path, offered := range byPath {
		c.mux.HandleFunc(path, c.choose(offered))
	}
	c.mux.HandleFunc("/", c.serve(route{serve: func(v *visit) error { return v.nothingHere() }}))
	return c
}

// policy lets a page load nothing but what this package serves, from its own
// address, and lets nobody frame it.
const policy = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; " +
	"form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// ServeHTTP answers a request of somebody whom the host has authenticated. It
// is for the host, too, to refuse what another site's page sends.
func (c *Console) ServeHTTP(w http.ResponseWriter, r *http.Request, who access.Actor) {
	protect(w.Header())
	if c.Asset(w, r) {
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), within)
	defer cancel()
	who.Surface = access.Console
	r = r.WithContext(context.WithValue(ctx, visitor{}, who))
	r.Body = http.MaxBytesReader(w, r.Body, bodyLimit)
	c.mux.ServeHTTP(w, r)
}

// protect sets what keeps a page to itself.
func protect(h http.Header) {
	h.Set("Content-Security-Policy", policy)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "DENY")
	h.Set("Referrer-Policy", "same-origin")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=()")
	h.Set("Cache-Control", "no-store")
}

// visitor is the key of the actor in a request's context.
type visitor struct{}

// choose answers by the method of the request. The patterns of the mux cannot:
// one of any method, and one of another path, would contradict each other.
func (c *Console) choose(offered []route) http.HandlerFunc {
	byMethod, allowed := map[string]http.HandlerFunc{}, []string{}
	for _, r := range offered {
		byMethod[r.method] = c.serve(r)
		allowed = append(allowed, r.method)
	}
	refuse := c.serve(route{serve: func(v *visit) error {
		v.w.Header().Set("Allow", strings.Join(allowed, ", "))
		return v.problem(http.StatusMethodNotAllowed, "This page cannot do that", "The request was a "+v.r.Method+", which is not offered at this address.", "")
	}})
	return func(w http.ResponseWriter, r *http.Request) {
		method := r.Method
		if method == http.MethodHead {
			method = http.MethodGet
		}
		if serve := byMethod[method]; serve != nil {
			serve(w, r)
			return
		}
		refuse(w, r)
	}
}

// serve opens a page to those whose role includes what it is for.
func (c *Console) serve(to route) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		who, _ := r.Context().Value(visitor{}).(access.Actor)
		v := &visit{Console: c, w: w, r: r, who: who, section: to.section}
		if err := r.ParseForm(); err != nil {
			v.fail(v.unread(err))
			return
		}
		switch {
		case len(who.Grants) == 0 || to.op != "" && !access.Ever(&who, to.op):
			v.fail(&management.Error{Code: management.Forbidden, Message: "your role does not include " + string(to.op)})
		case to.changes():
			v.onceOnly(to.serve)
		default:
			v.fail(to.serve(v))
		}
	}
}
