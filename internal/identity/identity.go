// Package identity removes from a request what only the gateway may say to a
// backend, and says it.
package identity

import "net/http"

// The headers that tell a backend who calls. They are written in Go's
// canonical form, which is what goes over the wire.
const (
	ClientID      = "X-Dcr-Client-Id"
	ApplicationID = "X-Dcr-Application-Id"
	Programmer    = "X-Dcr-Programmer"
	Channel       = "X-Dcr-Channel"
	Scopes        = "X-Dcr-Scopes"
	Platform      = "X-Dcr-Platform"
	Trace         = "X-Dcr-Trace"
)

// Headers lists the identity headers.
var Headers = []string{ClientID, ApplicationID, Programmer, Channel, Scopes, Platform, Trace}

// prefix begins the normalised names of all headers that are ours, those of
// today and of later versions.
const prefix = "x-dcr-"

// overrides are headers by which some frameworks read another method or
// another target than the request line says. What the gateway checked must be
// what the backend acts on.
var overrides = []string{
	"x-http-method-override", "x-http-method", "x-method-override",
	"x-original-url", "x-original-uri", "x-rewrite-url",
	"x-original-method", "x-forwarded-method", "x-forwarded-uri",
	"x-override-url", "x-request-uri",
}

// Clean removes every header that could be taken for one of ours, in every
// spelling that a CGI-like backend folds into the same name (case, `_`, `.`),
// and the override headers. Trailers go altogether: they reach a backend after
// the decision, and no client of these APIs sends any.
func Clean(r *http.Request) {
	for name := range r.Header {
		if foreign(name) || name == "Trailer" {
			delete(r.Header, name)
		}
	}
	r.Trailer = nil
}

// foreign says whether only the gateway, or nobody, may send the header.
func foreign(name string) bool {
	if len(name) < len(prefix) || fold(name[0]) != prefix[0] || fold(name[1]) != prefix[1] {
		return false // nearly all: not even a look at the rest
	}
	if folds(name[:len(prefix)], prefix) {
		return true
	}
	for _, override := range overrides {
		if len(name) == len(override) && folds(name, override) {
			return true
		}
	}
	return false
}

// folds compares a name with a normal one of the same length.
func folds(name, normal string) bool {
	for i := range len(normal) {
		if fold(name[i]) != normal[i] {
			return false
		}
	}
	return true
}

// fold makes one of all letter cases and separators.
func fold(c byte) byte {
	switch {
	case c >= 'A' && c <= 'Z':
		return c | 0x20
	case c == '_' || c == '.' || c == ' ':
		return '-'
	}
	return c
}

// Caller is what a backend is told about a request that was let through. The
// empty string leaves a header out.
type Caller struct {
	ClientID, ApplicationID, Programmer, Channel, Scopes, Platform, Trace string

	// lines are what the headers hold. They lie here, and not beside, so that
	// a caller and its headers are one allocation. They are not the fields
	// themselves: whoever edits a header must not change who called.
	lines [7]string
}

// Set writes the identity headers into the header of one request.
func (c *Caller) Set(h http.Header) {
	c.lines = [...]string{c.ClientID, c.ApplicationID, c.Programmer, c.Channel, c.Scopes, c.Platform, c.Trace}
	for i, name := range Headers {
		if c.lines[i] != "" {
			h[name] = c.lines[i : i+1 : i+1]
		}
	}
}
