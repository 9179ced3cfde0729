package caddymodule

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/caddyserver/caddy/v2"
	"go.uber.org/zap"

	"github.com/caddy-dcr/caddy-dcr/internal/access"
	"github.com/caddy-dcr/caddy-dcr/internal/management"
	"github.com/caddy-dcr/caddy-dcr/internal/strictjson"
)

// adminBodyLimit is far more than any request needs.
const adminBodyLimit = 64 << 10

// adminProblem is how the management API says that something went wrong.
type adminProblem struct {
	Error string `json:"error"`
	// Field names what in the request was at fault, if something was.
	Field string `json:"field,omitempty"`
	// Hint says what to do about it.
	Hint string `json:"hint,omitempty"`
	// Conflicts name the changes of a set that cannot be made.
	Conflicts []management.Conflict `json:"conflicts,omitempty"`
}

var adminStatus = map[management.Code]int{
	management.Invalid:      http.StatusBadRequest,
	management.Forbidden:    http.StatusForbidden,
	management.NotFound:     http.StatusNotFound,
	management.Exists:       http.StatusConflict,
	management.Revoked:      http.StatusConflict,
	management.InUse:        http.StatusConflict,
	management.Irreversible: http.StatusConflict,
	management.Changed:      http.StatusPreconditionFailed,
	management.Unavailable:  http.StatusServiceUnavailable,
}

// writeFault is the one place where an error becomes an answer. Its cause goes
// to the log alone: it may name addresses of the store.
func writeFault(w http.ResponseWriter, r *http.Request, err error) {
	var fault *management.Error
	if !errors.As(err, &fault) {
		fault = &management.Error{Code: management.Unavailable, Message: "something went wrong", Hint: "the log says what", Cause: err}
	}
	if fault.Code == management.Unavailable {
		caddy.Log().Named("admin.api.dcr").Error("a management request failed",
			zap.String("method", r.Method), zap.String("path", r.URL.Path), zap.Error(err))
		w.Header().Set("Retry-After", "1")
	}
	writeJSON(w, adminStatus[fault.Code], adminProblem{Error: fault.Message, Field: fault.Field, Hint: fault.Hint, Conflicts: fault.Conflicts})
}

func writeJSON(w http.ResponseWriter, status int, body any) {
	text, err := json.Marshal(body)
	if err != nil {
		status, text = http.StatusInternalServerError, []byte(`{"error":"the answer could not be written"}`)
	}
	w.Header().Set(surfaceHeader, string(access.AdminEndpoint))
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = w.Write(append(text, '\n'))
}

// readBody reads a strict JSON object; no body is an empty one.
func readBody(r *http.Request, into any) error { return readBodyOf(r, adminBodyLimit, into) }

// readBodyOf is readBody for a body of at most so many bytes.
func readBodyOf(r *http.Request, limit int64, into any) error {
	data, err := io.ReadAll(io.LimitReader(r.Body, limit+1))
	if err != nil {
		return badBody("", fmt.Sprintf("the body cannot be read: %v", err))
	}
	if int64(len(data)) > limit {
		return badBody("", fmt.Sprintf("the body is larger than %d bytes", limit))
	}
	if len(bytes.TrimSpace(data)) == 0 {
		return nil
	}
	var field *strictjson.FieldError
	switch err := strictjson.Decode(data, into); {
	case errors.As(err, &field):
		return badBody(field.Field, field.Message)
	case err != nil:
		return badBody("", "the body is "+err.Error())
	}
	return nil
}

func badBody(field, message string) error {
	return &management.Error{Code: management.Invalid, Field: field, Message: message, Hint: "send one JSON object with the documented fields"}
}

// readQuery reads the parameters that a route knows, each at most once: one
// that was misspelled must not widen a list.
func readQuery(r *http.Request, known ...string) (url.Values, error) {
	values, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return nil, &management.Error{Code: management.Invalid, Message: "the query cannot be read", Hint: "escape the values"}
	}
	for name, given := range values {
		fault := &management.Error{Code: management.Invalid, Field: name, Hint: "known are " + strings.Join(known, ", ")}
		if !slices.Contains(known, name) {
			fault.Message = fmt.Sprintf("unknown parameter %q", name)
			return nil, fault
		}
		if len(given) > 1 {
			fault.Message = fmt.Sprintf("the parameter %q is given more than once", name)
			return nil, fault
		}
	}
	return values, nil
}

// readPart reads which part of a list is wanted.
func readPart(values url.Values) (management.Part, error) {
	part := management.Part{Cursor: values.Get("cursor")}
	text := values.Get("limit")
	if text == "" {
		return part, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		return part, &management.Error{Code: management.Invalid, Field: "limit", Message: fmt.Sprintf("got %q, want a number above 0", text)}
	}
	part.Limit = n
	return part, nil
}

// readNumber reads the number that must be given.
func readNumber(values url.Values, field string) (uint64, error) {
	n, err := strconv.ParseUint(values.Get(field), 10, 64)
	if err != nil {
		return 0, &management.Error{Code: management.Invalid, Field: field, Message: fmt.Sprintf("got %q, want a number", values.Get(field))}
	}
	return n, nil
}
