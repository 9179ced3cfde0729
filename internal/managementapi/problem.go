package managementapi

import (
	"encoding/json"
	"errors"
	"net/http"

	"github.com/caddy-dcr/caddy-dcr/internal/management"
)

// Kind is what went wrong, as programs tell one thing from another. The set is
// closed, and a kind never changes its meaning: clients depend on it.
type Kind string

const (
	// Invalid is a request that is wrong in itself.
	Invalid Kind = "invalid"
	// Unauthenticated is a request of nobody whom the site's authentication knows.
	Unauthenticated Kind = "unauthenticated"
	// NoRole is a request of somebody to whom no role was given.
	NoRole Kind = "no_role"
	// CrossOrigin is what a page of another site had somebody's browser send.
	CrossOrigin Kind = "cross_origin"
	// Forbidden is what the caller's role does not include.
	Forbidden Kind = "forbidden"
	// NotFound is a thing that there is not, or that is somebody else's.
	NotFound Kind = "not_found"
	// NoRoute is a path at which there is nothing.
	NoRoute Kind = "no_route"
	// MethodNotAllowed is a method that the path does not offer.
	MethodNotAllowed Kind = "method_not_allowed"
	// Exists is an id that is taken.
	Exists Kind = "exists"
	// KeyReused is an idempotency key that stands for something else.
	KeyReused Kind = "idempotency_key_reused"
	// Revoked is something that is there, but ended.
	Revoked Kind = "revoked"
	// InUse is something that others depend on.
	InUse Kind = "in_use"
	// Irreversible is what cannot be undone.
	Irreversible Kind = "irreversible"
	// Changed is something that is not as the caller saw it.
	Changed Kind = "changed"
	// PreconditionRequired is a change without the version that it is meant for.
	PreconditionRequired Kind = "precondition_required"
	// UnsupportedMediaType is a body that is not declared as JSON.
	UnsupportedMediaType Kind = "unsupported_media_type"
	// TooLarge is a body beyond the bound.
	TooLarge Kind = "too_large"
	// Unavailable is a fault of ours or of the store's.
	Unavailable Kind = "unavailable"
	// Misplaced is a console that is not at the root of its site.
	Misplaced Kind = "misplaced"
)

// kinds say what each is on the wire.
var kinds = map[Kind]struct {
	status int
	title  string
}{
	Invalid:              {http.StatusBadRequest, "The request is wrong in itself"},
	Unauthenticated:      {http.StatusForbidden, "Nobody is signed in"},
	NoRole:               {http.StatusForbidden, "No role was given to you"},
	CrossOrigin:          {http.StatusForbidden, "The request comes from another site"},
	Forbidden:            {http.StatusForbidden, "Your role does not include this"},
	NotFound:             {http.StatusNotFound, "There is no such thing"},
	NoRoute:              {http.StatusNotFound, "There is nothing at this path"},
	MethodNotAllowed:     {http.StatusMethodNotAllowed, "The method is not offered here"},
	Exists:               {http.StatusConflict, "It exists already"},
	KeyReused:            {http.StatusUnprocessableEntity, "The idempotency key was used for something else"},
	Revoked:              {http.StatusConflict, "It was revoked"},
	InUse:                {http.StatusConflict, "Others depend on it"},
	Irreversible:         {http.StatusConflict, "It cannot be undone"},
	Changed:              {http.StatusPreconditionFailed, "It has changed since you saw it"},
	PreconditionRequired: {http.StatusPreconditionRequired, "Say which version you mean"},
	UnsupportedMediaType: {http.StatusUnsupportedMediaType, "The body is not JSON"},
	TooLarge:             {http.StatusRequestEntityTooLarge, "The body is too large"},
	Unavailable:          {http.StatusServiceUnavailable, "The state is not available now"},
	Misplaced:            {http.StatusInternalServerError, "The console is not at the root of its site"},
}

// Status is the answer's.
func (k Kind) Status() int { return kinds[k].status }

// Title says the kind in words.
func (k Kind) Title() string { return kinds[k].title }

// typePrefix begins the type of every problem: the page that explains it.
const typePrefix = "https://github.com/caddy-dcr/caddy-dcr/blob/main/docs/management-api.md#"

// Problem is how the API says that something went wrong (RFC 9457).
type Problem struct {
	Kind Kind `json:"-"`
	// Detail says what was the matter this time.
	Detail string `json:"detail,omitempty"`
	// Field names what in the request was at fault, if something was.
	Field string `json:"field,omitempty"`
	// Hint says what to do about it.
	Hint string `json:"hint,omitempty"`
	// Conflicts name the changes of a set that cannot be made.
	Conflicts []management.Conflict `json:"conflicts,omitempty"`
}

// Write answers with the problem.
func (p Problem) Write(w http.ResponseWriter) {
	text, err := json.Marshal(struct {
		Type   string `json:"type"`
		Title  string `json:"title"`
		Status int    `json:"status"`
		Problem
	}{typePrefix + string(p.Kind), p.Kind.Title(), p.Kind.Status(), p})
	if err != nil {
		panic(err) // it is made of texts
	}
	h := w.Header()
	secure(h)
	h.Set("Content-Type", "application/problem+json")
	w.WriteHeader(p.Kind.Status())
	_, _ = w.Write(append(text, '\n'))
}

// secure is what every answer of the API says, whatever else it says: it is
// data, for nobody's frame and nobody's cache.
func secure(h http.Header) {
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
	h.Set("X-Content-Type-Options", "nosniff")
}

// kindOf finds the kind of what management says.
var kindOf = map[management.Code]Kind{
	management.Invalid: Invalid, management.Forbidden: Forbidden, management.NotFound: NotFound, management.Exists: Exists,
	management.Revoked: Revoked, management.InUse: InUse, management.Irreversible: Irreversible, management.Changed: Changed,
	management.Unavailable: Unavailable,
}

// fieldOfKey is how management calls the idempotency key.
const fieldOfKey = "idempotency_key"

// problemOf puts an error into the form of the wire, without its cause, which
// may name addresses of the store.
func problemOf(err error) Problem {
	var own *problemError
	if errors.As(err, &own) {
		return own.Problem
	}
	var fault *management.Error
	if !errors.As(err, &fault) {
		return Problem{Kind: Unavailable, Detail: "something went wrong", Hint: "the gateway's log says what"}
	}
	p := Problem{Kind: kindOf[fault.Code], Detail: fault.Message, Field: fault.Field, Hint: fault.Hint, Conflicts: fault.Conflicts}
	if p.Kind == Exists && p.Field == fieldOfKey {
		p.Kind = KeyReused
	}
	return p
}

// problemError is a problem of HTTP, of which management knows nothing.
type problemError struct{ Problem }

func (e *problemError) Error() string { return string(e.Kind) + ": " + e.Detail }

func fault(kind Kind, field, detail, hint string) error {
	return &problemError{Problem{Kind: kind, Field: field, Detail: detail, Hint: hint}}
}
