package management

import (
	"errors"
	"strings"

	"github.com/caddy-dcr/caddy-dcr/plugins"
)

// Code says what kind of fault an error is.
type Code string

const (
	// NotFound is something that does not exist.
	NotFound Code = "not_found"
	// Exists is an id that is taken.
	Exists Code = "exists"
	// Invalid is a request that is wrong in itself.
	Invalid Code = "invalid"
	// Revoked is something that is there, but ended.
	Revoked Code = "revoked"
	// Forbidden is what the actor's role does not include.
	Forbidden Code = "forbidden"
	// Changed is something that is not as the actor saw it.
	Changed Code = "changed"
	// InUse is something that others depend on.
	InUse Code = "in_use"
	// Irreversible is what cannot be undone.
	Irreversible Code = "irreversible"
	// Unavailable is a fault of ours or of the store's.
	Unavailable Code = "unavailable"
)

// Codes lists every code.
var Codes = []Code{NotFound, Exists, Invalid, Revoked, Forbidden, Changed, InUse, Irreversible, Unavailable}

// Error is what went wrong, for a person. Message, Field and Hint may be shown;
// the cause belongs into a log.
type Error struct {
	Code Code
	// Field names the field of the request that is at fault, if one is.
	Field   string
	Message string
	// Hint says what to do about it.
	Hint  string
	Cause error
	// Conflicts name the changes of a set that cannot be made, each with why.
	Conflicts []Conflict
}

func (e *Error) Error() string {
	text := e.Message
	if e.Field != "" && e.Code == Invalid && !strings.HasPrefix(text, e.Field) {
		text = e.Field + ": " + text
	}
	if e.Cause != nil {
		text += ": " + e.Cause.Error()
	}
	return text
}

func (e *Error) Unwrap() error { return e.Cause }

func invalid(field, message, hint string) *Error {
	return &Error{Code: Invalid, Field: field, Message: message, Hint: hint}
}

func unavailable(tried string, cause error) *Error {
	return &Error{
		Code: Unavailable, Message: tried + ": the state is not available now",
		Hint: "the gateway's log says why; try again", Cause: cause,
	}
}

// unlisted is unavailable for a part of a list that the store keeps, unless the
// cursor is at fault.
func unlisted(tried string, cause error) *Error {
	if errors.Is(cause, plugins.ErrCursor) {
		return wrongCursor()
	}
	return unavailable(tried, cause)
}

func wrongCursor() *Error {
	return invalid("cursor", "it is none of this list", "begin without a cursor")
}

// uncertain is unavailable for a write whose answer was lost on the way.
func uncertain(tried string, cause error) *Error {
	e := unavailable(tried, cause)
	e.Hint = "it may have happened all the same, so look before you try again; the gateway's log says why"
	return e
}

// fieldFaults makes one error of those that application.Normalize joins, each
// of which begins with the name of its field.
func fieldFaults(err error) *Error {
	faults := []error{err}
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		faults = joined.Unwrap()
	}
	field, _, _ := strings.Cut(faults[0].Error(), ":")
	field, _, _ = strings.Cut(field, "[")
	texts := make([]string, len(faults))
	for i, fault := range faults {
		texts[i] = fault.Error()
	}
	return &Error{Code: Invalid, Field: field, Message: strings.Join(texts, "; "), Hint: hints[field]}
}

// normalized makes an [*Error] of the faults that a record's Normalize joins.
func normalized(err error) error {
	if err == nil {
		return nil
	}
	return fieldFaults(err)
}

func isNotFound(err error) bool {
	var fault *Error
	return errors.As(err, &fault) && fault.Code == NotFound
}

// hints says more about the fields that people get wrong.
var hints = map[string]string{
	"channels":   "name the channels, or say that all of the programmer's are meant",
	"domains":    "a domain covers its sub-domains",
	"level":      "an application of channel level has exactly one channel",
	"programmer": "the media company that owns the channels",
	"scopes":     "the scope of REST API V2 is api:client:v2",
}
