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

const (
	// Prefix begins every path of the API.
	Prefix = "/api/"
	// version1 begins the paths of everything that management offers.
	version1 = Prefix + "v1"
	// timeout bounds one request. It leaves room for the wait for other gateways.
	timeout = 10 * time.Second
)

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

// operation is one thing that the API offers. The OpenAPI document is made of
// what stands here and of the comments of the types.
type operation struct {
	method, path string
	// id is its name in the document, and summary says what it does.
	id, summary string
	serve       func(*call) (answer, error)
	// query are the parameters that it knows.
	query []parameter
	// takes is a value of the body's type, nil where there is none. An optional
	// body can be left out.
	takes    any
	optional bool
	// gives is a value of the answer's type, nil where the answer has no body.
	gives  any
	status int
	// seen operations change what the caller must have seen: If-Match is
	// required. Creating ones look at the Idempotency-Key.
	seen, creates bool
	// tagged answers have an entity tag.
	tagged bool
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
		a.mux.Handle(op.method+" "+version1+op.path, bound{a, op})
	}
	a.mux.HandleFunc("GET "+documentPath, serveDocument)
	for at, methods := range offered {
		a.offer(version1+at, methods)
	}
	a.offer(documentPath, []string{http.MethodGet, http.MethodHead})
	return a
}

// offer answers other methods than those that a path has.
func (a *API) offer(at string, methods []string) {
	slices.Sort(methods)
	a.mux.HandleFunc(at, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Allow", strings.Join(methods, ", "))
		Problem{
			Kind: MethodNotAllowed, Detail: "the method " + r.Method + " is not offered here",
			Hint: "use " + strings.Join(methods, " or "),
		}.Write(w)
	})
}

// whoKey is where the actor stands in the context of a request, between
// ServeHTTP and the operation that the mux finds.
type whoKey struct{}

// ServeHTTP answers one request. Who asks is for others to establish.
func (a *API) ServeHTTP(w http.ResponseWriter, r *http.Request, who access.Actor) {
	// The mux would redirect to the clean form, and so tell where a path leads.
	if _, pattern := a.mux.Handler(r); pattern == "" || path.Clean(r.URL.Path) != r.URL.Path {
		Problem{Kind: NoRoute, Detail: "there is nothing at this path", Hint: "GET " + documentPath + " lists what there is"}.Write(w)
		return
	}
	ctx, cancel := context.WithTimeout(context.WithValue(r.Context(), whoKey{}, who), timeout)
	defer cancel()
	a.mux.ServeHTTP(w, r.WithContext(ctx))
}

// bound is an operation of one API.
type bound struct {
	api *API
	operation
}

func (b bound) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	reply, err := b.do(w, r)
	if err != nil {
		b.api.fail(w, r, err)
		return
	}
	b.api.reply(w, r, reply)
}

func (b bound) do(w http.ResponseWriter, r *http.Request) (answer, error) {
	c := &call{r: r, service: b.api.service}
	c.who, _ = r.Context().Value(whoKey{}).(access.Actor)
	var err error
	if c.query, err = readQuery(r, b.query); err != nil {
		return answer{}, err
	}
	if c.body, err = readBody(w, r, b.takes != nil); err != nil {
		return answer{}, err
	}
	if c.terms, err = readTerms(r, b.operation); err != nil {
		return answer{}, err
	}
	reply, err := b.serve(c)
	if reply.status == 0 {
		reply.status = b.status
	}
	return reply, err
}

func (a *API) fail(w http.ResponseWriter, r *http.Request, err error) {
	p := problemOf(err)
	if p.Kind == Unavailable {
		a.logger.Error("a management request failed", "method", r.Method, "path", r.URL.Path, "error", err)
		w.Header().Set("Retry-After", "1")
	}
	p.Write(w)
}

// answer is what an operation says when nothing went wrong.
type answer struct {
	status int
	body   any
	// version becomes the entity tag, where the thing has one.
	version string
	// made is the path of what was made.
	made string
	// text is said in the place of the body, to whoever prefers that.
	text *download
}

// download is a text for a file.
type download struct{ name, text string }

func (a *API) reply(w http.ResponseWriter, r *http.Request, reply answer) {
	h := w.Header()
	secure(h)
	if reply.version != "" {
		h.Set("ETag", `"`+reply.version+`"`)
	}
	if reply.made != "" {
		h.Set("Location", version1+reply.made)
	}
	if reply.text != nil {
		h.Set("Content-Type", "text/plain; charset=utf-8")
		h.Set("Content-Disposition", `attachment; filename="`+reply.text.name+`"`)
		w.WriteHeader(reply.status)
		_, _ = w.Write([]byte(reply.text.text + "\n"))
		return
	}
	if reply.body == nil {
		w.WriteHeader(reply.status)
		return
	}
	text, err := json.Marshal(reply.body)
	if err != nil {
		a.fail(w, r, err)
		return
	}
	h.Set("Content-Type", "application/json")
	w.WriteHeader(reply.status)
	_, _ = w.Write(append(text, '\n'))
}
