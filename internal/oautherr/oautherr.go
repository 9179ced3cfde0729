// Package oautherr is the gateway's one vocabulary of protocol errors: the
// codes that a client is documented to see, and how each looks on the wire.
package oautherr

import (
	"errors"
	"net/http"
)

// Code is an error code of RFC 6749 section 5.2, RFC 6750 section 3.1 or
// RFC 7591 section 3.2.2, or one that Adobe's documents add.
type Code string

const (
	InvalidRequest              Code = "invalid_request"
	InvalidRedirectURI          Code = "invalid_redirect_uri"
	InvalidClientMetadata       Code = "invalid_client_metadata"
	InvalidSoftwareStatement    Code = "invalid_software_statement"
	UnapprovedSoftwareStatement Code = "unapproved_software_statement"
	InvalidClient               Code = "invalid_client"
	UnauthorizedClient          Code = "unauthorized_client"
	UnsupportedGrantType        Code = "unsupported_grant_type"
	InvalidScope                Code = "invalid_scope"
	InvalidToken                Code = "invalid_token"
	InsufficientScope           Code = "insufficient_scope"
	AccessDenied                Code = "access_denied"
	MethodNotAllowed            Code = "method_not_allowed"
	TooEarly                    Code = "too_early"
	TooManyRequests             Code = "too_many_requests"
	TemporarilyUnavailable      Code = "temporarily_unavailable"
	NotFound                    Code = "not_found"
)

// Codes lists every code, so that tests can walk the vocabulary.
var Codes = []Code{
	InvalidRequest, InvalidRedirectURI, InvalidClientMetadata, InvalidSoftwareStatement, UnapprovedSoftwareStatement,
	InvalidClient, UnauthorizedClient, UnsupportedGrantType, InvalidScope, InvalidToken,
	InsufficientScope, AccessDenied, MethodNotAllowed, TooEarly, TooManyRequests,
	TemporarilyUnavailable, NotFound,
}

// Status is the HTTP status with which the client endpoints answer the code.
// The documented errors are all 400; the others are faults of transport, rate
// or our own, which must never look like the client's credentials are bad.
func (c Code) Status() int {
	switch c {
	case InvalidToken:
		return http.StatusUnauthorized
	case InsufficientScope, AccessDenied:
		return http.StatusForbidden
	case NotFound:
		return http.StatusNotFound
	case MethodNotAllowed:
		return http.StatusMethodNotAllowed
	case TooEarly:
		return http.StatusTooEarly
	case TooManyRequests:
		return http.StatusTooManyRequests
	case TemporarilyUnavailable:
		return http.StatusServiceUnavailable
	default:
		return http.StatusBadRequest
	}
}

// Error is an immutable protocol error. Description is for the developer of
// the client and never holds a secret or a cause; the cause is for our log.
type Error struct {
	Code        Code
	Description string
	cause       error
}

// New makes an error with a description that the client may see.
func New(code Code, description string) *Error {
	return &Error{Code: code, Description: description}
}

// Because returns a copy of the error that carries the cause for the log.
func (e *Error) Because(cause error) *Error {
	return &Error{Code: e.Code, Description: e.Description, cause: cause}
}

// Error is for logs: it shows the cause, which the wire never does.
func (e *Error) Error() string {
	text := string(e.Code)
	if e.Description != "" {
		text += ": " + e.Description
	}
	if e.cause != nil {
		text += ": " + e.cause.Error()
	}
	return text
}

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.cause }

// Is lets errors.Is compare by code.
func (e *Error) Is(target error) bool {
	other, ok := target.(*Error)
	return ok && other.Code == e.Code
}

// From finds the protocol error in err. Whatever has none is our own fault,
// and so TemporarilyUnavailable: a client must never be blamed for it.
func From(err error) *Error {
	var e *Error
	if errors.As(err, &e) {
		return e
	}
	return New(TemporarilyUnavailable, "the service cannot answer now").Because(err)
}
