package wire

import (
	"encoding/json"
	"errors"
	"math/rand/v2"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/caddy-dcr/caddy-dcr/internal/oautherr"
)

// ContentType is that of every answer of the client endpoints.
const ContentType = "application/json;charset=UTF-8"

// The default of Retry-After, in seconds, and the range over which answers are
// spread, so that a fleet which was refused at one moment does not return at
// one moment.
const (
	retryAfter  = 5
	retrySpread = 15
)

// errorBody is the error of RFC 6749 section 5.2.
type errorBody struct {
	Error       oautherr.Code `json:"error"`
	Description string        `json:"error_description,omitempty"`
}

// WriteJSON writes the value as JSON. Nothing of it may be cached: RFC 6749
// section 5.1, RFC 7591 section 3.2.1.
func WriteJSON(w http.ResponseWriter, status int, v any) {
	body, err := json.Marshal(v)
	if err != nil {
		// Our answers are plain structs, so this is a defect of ours.
		status, body = http.StatusServiceUnavailable, []byte(`{"error":"`+string(oautherr.TemporarilyUnavailable)+`"}`)
	}
	header := w.Header()
	header["Content-Type"] = []string{ContentType}
	header["Cache-Control"] = []string{"no-store"}
	header["Pragma"] = []string{"no-cache"}
	header["Content-Length"] = []string{strconv.Itoa(len(body))}
	w.WriteHeader(status)
	w.Write(body)
}

// WriteNothing answers with a status alone.
func WriteNothing(w http.ResponseWriter, status int) {
	header := w.Header()
	header["Cache-Control"] = []string{"no-store"}
	header["Pragma"] = []string{"no-cache"}
	if status != http.StatusNoContent {
		header["Content-Length"] = []string{"0"}
	}
	w.WriteHeader(status)
}

// WriteError writes err as a client of the profile expects it. Whatever is no
// protocol error is our own fault: 503, which shows nothing of it.
func (p Profile) WriteError(w http.ResponseWriter, r *http.Request, err error) {
	e := oautherr.From(err)
	status, challenge := p.status(r, e)
	header := w.Header()
	if challenge {
		header.Set("WWW-Authenticate", `Basic realm="token", charset="UTF-8"`)
	}
	var c *challengeError
	if errors.As(err, &c) {
		header.Set("WWW-Authenticate", c.challenge)
	}
	switch status {
	case http.StatusMethodNotAllowed:
		header.Set("Allow", allowed(err))
	case http.StatusServiceUnavailable, http.StatusTooManyRequests:
		header.Set("Retry-After", strconv.Itoa(pause(err)))
	}
	WriteJSON(w, status, errorBody{Error: e.Code, Description: describable(e.Description)})
}

// WriteError writes err as a client of the Adobe API expects it.
func WriteError(w http.ResponseWriter, r *http.Request, err error) { Adobe.WriteError(w, r, err) }

// methodError is an error that knows which methods the endpoint has.
type methodError struct {
	error
	allow string
}

func (e *methodError) Unwrap() error { return e.error }

// MethodNotAllowed is the error for a method that the endpoint has not. RFC
// 9110 section 15.5.6 wants the ones that it has in the answer.
func MethodNotAllowed(methods ...string) error {
	allow := strings.Join(methods, ", ")
	return &methodError{error: oautherr.New(oautherr.MethodNotAllowed, "use "+allow), allow: allow}
}

func allowed(err error) string {
	var e *methodError
	if errors.As(err, &e) {
		return e.allow
	}
	return ""
}

// challengeError is an error that knows how to be authenticated.
type challengeError struct {
	error
	challenge string
}

func (e *challengeError) Unwrap() error { return e.error }

// Challenged adds to the error the challenge of an authentication scheme
// other than the one of clients.
func Challenged(err error, challenge string) error {
	return &challengeError{error: err, challenge: challenge}
}

// retryError is an error that knows when to come back.
type retryError struct {
	error
	after time.Duration
	exact bool
}

func (e *retryError) Unwrap() error { return e.error }

// RetryAfter adds to the error how long to wait before the next try; without
// it a 503 or 429 says some seconds. The answer never says less.
func RetryAfter(err error, after time.Duration) error { return &retryError{error: err, after: after} }

// RetryExactly is RetryAfter for a client that comes back alone, when its own
// bucket has a token again: the answer says that time, and adds nothing.
func RetryExactly(err error, after time.Duration) error {
	return &retryError{error: err, after: after, exact: true}
}

// WaitOf is the wait that somebody added to the error, or zero.
func WaitOf(err error) time.Duration {
	var e *retryError
	if errors.As(err, &e) {
		return e.after
	}
	return 0
}

// pause is Retry-After in seconds. A wait that somebody computed is kept close
// to, the default is spread widely.
func pause(err error) int {
	seconds, spread := retryAfter, retrySpread
	var e *retryError
	if errors.As(err, &e) {
		seconds = max(int((e.after+time.Second-1)/time.Second), 1)
		if spread = max(seconds/2, 1); e.exact {
			spread = 0
		}
	}
	return seconds + rand.N(spread+1) //nolint:gosec // jitter, no secret
}

// describable leaves only the characters that RFC 6749 section 5.2 allows in
// an error_description.
func describable(text string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' || r == '"' || r == '\\' {
			return '.'
		}
		return r
	}, text)
}
