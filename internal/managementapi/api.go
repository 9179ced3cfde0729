// Package managementapi is the REST management API: what management offers, as
// JSON over HTTP, described by an OpenAPI document.
package managementapi

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/caddy-dcr/caddy-dcr/internal/access"
	"github.com/caddy-dcr/caddy-dcr/internal/management"
)

// Prefix begins every path of the API.
const Prefix = "/api/"

// timeout bounds one request. It leaves room for the wait for other gateways.
const timeout = 10 * time.Second

// Options are what the API stands on.
type Options struct {
	Management *management.Service
	Logger     *slog.Logger
}

// API answers under [Prefix].
type API struct {
	service *management.Service
	logger  *slog.Logger
	mux     *http.ServeMux
}

// answer is what an operation says when nothing went wrong.
type answer struct {
	status int
	body   any
	// version becomes the entity tag, where the thing has one.
	version string
	// location is the path of what was made, under the version's.
	location string
	// write says it in another form than JSON; nil is JSON.
	write func(http.ResponseWriter)
}

// call is one request of somebody.
type call struct {
	*http.Request
	service *management.Service
	who     access.Actor
}

// operation is one thing that the API offers.
type operation struct {
	method, path string
	serve        func(*call) (answer, error)
}

// New makes the API.
func New(options Options) *API {
	a := &API{service: options.Management, logger: options.Logger, mux: http.NewServeMux()}
	offered := map[string][]string{}
	for _, op := range operations {
		offered[op.path] = append(offered[op.path], op.method)
		if op.method == http.MethodGet {
			offered[op.path] = append(offered[op.path], http.MethodHead)
		}
		a.mux.Handle(op.method+" "+op.path, bound{a, op.serve})
	}
	for at, methods := range offered {
		slices.Sort(methods)
		a.mux.HandleFunc(at, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Allow", strings.Join(methods, ", "))
			Problem{
				Kind: MethodNotAllowed, Detail: "the method " + r.Method + " is not offered here",
				Hint: "use " + strings.Join(methods, " or "),
			}.Write(w)
		})
	}
	return a
}

// whoKey is where the actor stands in the context of a request, between
// ServeHTTP and the operation that the mux finds.
type whoKey struct{}

// ServeHTTP answers one request. Who asks is for others to establish.
func (a *API) ServeHTTP(w http.ResponseWriter, r *http.Request, who access.Actor) {
	// The mux would redirect to the clean form, and so tell where a path leads.
	if _, pattern := a.mux.Handler(r); pattern == "" || path.Clean(r.URL.Path) != r.URL.Path {
		Problem{Kind: NoRoute, Detail: "there is nothing at this path", Hint: "GET /api/openapi.json lists what there is"}.Write(w)
		return
	}
	ctx, cancel := context.WithTimeout(context.WithValue(r.Context(), whoKey{}, who), timeout)
	defer cancel()
	a.mux.ServeHTTP(w, r.WithContext(ctx))
}

// bound is an operation of one API.
type bound struct {
	api   *API
	serve func(*call) (answer, error)
}

func (b bound) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	who, _ := r.Context().Value(whoKey{}).(access.Actor)
	reply, err := b.serve(&call{Request: r, service: b.api.service, who: who})
	if err != nil {
		b.api.fail(w, r, err)
		return
	}
	b.api.reply(w, r, reply)
}

func (a *API) fail(w http.ResponseWriter, r *http.Request, err error) {
	p := problemOf(err)
	if p.Kind == Unavailable {
		a.logger.Error("a management request failed", "method", r.Method, "path", r.URL.Path, "error", err)
		w.Header().Set("Retry-After", "1")
	}
	p.Write(w)
}

func (a *API) reply(w http.ResponseWriter, r *http.Request, reply answer) {
	h := w.Header()
	secure(h)
	if reply.version != "" {
		h.Set("ETag", `"`+reply.version+`"`)
	}
	if reply.location != "" {
		h.Set("Location", reply.location)
	}
	switch {
	case reply.write != nil:
		reply.write(w)
	case reply.body == nil:
		w.WriteHeader(reply.status)
	default:
		text, err := json.Marshal(reply.body)
		if err != nil {
			a.fail(w, r, err)
			return
		}
		h.Set("Content-Type", "application/json")
		w.WriteHeader(reply.status)
		_, _ = w.Write(append(text, '\n'))
	}
}
