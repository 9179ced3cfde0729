package caddymodule

import (
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"github.com/google/uuid"

	"github.com/caddy-dcr/caddy-dcr/internal/application"
	"github.com/caddy-dcr/caddy-dcr/internal/cors"
	"github.com/caddy-dcr/caddy-dcr/internal/endpoint"
)

// CORSConfig lets browser pages of other origins call. Where it is absent no
// answer of ours says anything about origins, and preflights are refused like
// any other request without a token.
type CORSConfig struct {
	// Origins may call, each exactly as browsers send it, such as
	// https://www.example.com. Neither `*` nor `null` is taken.
	Origins []string `json:"origins,omitempty"`
	// ApplicationDomains lets pages call that lie on a domain of a registered
	// application or below it, by https. A preflight carries no token, so any
	// application will do for it; an answer to a token is for pages of its own
	// application only.
	ApplicationDomains bool `json:"application_domains,omitempty"`
	// Credentials lets browsers send cookies along, which clients of these APIs
	// do not need. Not together with application_domains.
	Credentials bool `json:"credentials,omitempty"`
	// MaxAge is how long browsers may keep the answer to a preflight. Default
	// 10m; browsers have bounds of their own, such as 2h.
	MaxAge caddy.Duration `json:"max_age,omitempty"`
	// AllowHeaders may be sent beside those of the SDKs and the REST APIs.
	AllowHeaders []string `json:"allow_headers,omitempty"`
	// ExposeHeaders may be read beside WWW-Authenticate, Retry-After,
	// X-DCR-Trace, RateLimit and RateLimit-Policy.
	ExposeHeaders []string `json:"expose_headers,omitempty"`
}

const usualMaxAge = 10 * time.Minute

// parse reads
//
//	cors {
//		origins <origin…>
//		application_domains
//		credentials
//		max_age <duration>
//		allow_headers <name…>
//		expose_headers <name…>
//	}
func parseCORS(d *caddyfile.Dispenser, into **CORSConfig) error {
	c := new(CORSConfig)
	*into = c
	return block(d, map[string]func() error{
		"origins":             func() error { return args(d, &c.Origins) },
		"application_domains": func() error { return flag(d, &c.ApplicationDomains) },
		"credentials":         func() error { return flag(d, &c.Credentials) },
		"max_age":             func() error { return duration(d, &c.MaxAge) },
		"allow_headers":       func() error { return args(d, &c.AllowHeaders) },
		"expose_headers":      func() error { return args(d, &c.ExposeHeaders) },
	}, "origins", "allow_headers", "expose_headers")
}

// crossOrigin answers browsers about the pages of other origins.
type crossOrigin struct{ policy *cors.Policy }

// newCrossOrigin returns nil where nothing is configured.
func newCrossOrigin(c *CORSConfig, origins *originIndex) (*crossOrigin, error) {
	if c == nil {
		return nil, nil
	}
	if c.MaxAge == 0 {
		c.MaxAge = caddy.Duration(usualMaxAge)
	}
	if age := time.Duration(c.MaxAge); age < time.Second || age > 24*time.Hour {
		return nil, fmt.Errorf("cors: max_age: got %s, want 1s to 24h", age)
	}
	config := cors.Config{
		Origins: c.Origins, Credentials: c.Credentials, MaxAge: time.Duration(c.MaxAge),
		Allow: c.AllowHeaders, Expose: c.ExposeHeaders,
	}
	if c.ApplicationDomains {
		config.Covered = origins.covers
	}
	policy, err := cors.New(config)
	if err != nil {
		return nil, fmt.Errorf("cors: %w", err)
	}
	return &crossOrigin{policy}, nil
}

// enter begins the answer to a request, which may be all of it: then the
// request was a preflight. Offered gives the methods of the request's target,
// and nothing where there is none. The answer goes to the writer that is
// returned.
func (c *crossOrigin) enter(w http.ResponseWriter, r *http.Request, offered func() string) (http.ResponseWriter, bool) {
	cors.Vary(w.Header())
	if len(r.Header["Origin"]) == 0 {
		return w, false
	}
	o := &originWriter{ResponseWriterWrapper: &caddyhttp.ResponseWriterWrapper{ResponseWriter: w}, policy: c.policy}
	origin := cors.Origin(r)
	if origin == "" || !c.policy.Allows(origin) {
		return o, false
	}
	if _, ok := cors.Preflight(r); ok {
		if methods := offered(); methods != "" {
			c.policy.Answer(w.Header(), r, origin, methods)
			w.WriteHeader(http.StatusNoContent)
			return w, true
		}
	}
	o.origin = origin
	c.policy.Tell(w.Header(), origin)
	return o, false
}

// offered lists the methods of a target that a browser asks about, or nothing
// where it is none that may be called from there.
func (g *Guard) offered(r *http.Request) string {
	path, err := endpoint.Canonical(r)
	if err != nil || !g.allows(r) {
		return ""
	}
	return g.table.Methods(path)
}

// originWriter writes an answer to a page of another origin. Whatever is said
// behind it about origins is left out: the policy is ours.
type originWriter struct {
	*caddyhttp.ResponseWriterWrapper
	policy *cors.Policy
	origin string // empty where the page may not read the answer
	begun  bool
}

// narrow takes an answer about an application's token from the pages of
// others. It must come before the answer.
func narrow(w http.ResponseWriter, app *application.Application) {
	o, ok := w.(*originWriter)
	if !ok || o.origin == "" || app == nil || o.policy.Listed(o.origin) || app.CoversOrigin(o.origin) {
		return
	}
	o.origin = ""
	cors.Forget(o.Header())
}

// narrow does so for the answer that has an application's credentials in it.
func (s *services) narrow(w http.ResponseWriter, id uuid.UUID) {
	if app, found := s.directory.Application(id); found {
		narrow(w, app)
	}
}

func (o *originWriter) begin() {
	if o.begun {
		return
	}
	o.begun = true
	h := o.Header()
	cors.Forget(h)
	cors.Vary(h)
	if o.origin != "" {
		o.policy.Tell(h, o.origin)
	}
}

func (o *originWriter) WriteHeader(status int) {
	if status >= http.StatusOK || status == http.StatusSwitchingProtocols {
		o.begin()
	}
	o.ResponseWriterWrapper.WriteHeader(status)
}

func (o *originWriter) Write(p []byte) (int, error) {
	o.begin()
	return o.ResponseWriterWrapper.Write(p)
}

func (o *originWriter) ReadFrom(r io.Reader) (int64, error) {
	o.begin()
	return o.ResponseWriterWrapper.ReadFrom(r)
}

// FlushError is what http.ResponseController flushes with.
func (o *originWriter) FlushError() error {
	o.begin()
	return http.NewResponseController(o.ResponseWriter).Flush()
}
