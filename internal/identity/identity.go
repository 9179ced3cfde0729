// Package identity removes from a request what only the gateway may say to a
// backend, and says it.
package identity

import (
	"net/http"
	"strings"
	"unicode/utf8"

	"github.com/caddy-dcr/caddy-dcr/internal/endpoint"
)

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

// overrides are headers by which some frameworks and proxies read another
// method or another target than the request line says. What the gateway
// checked must be what the backend acts on.
var overrides = []string{
	"x-http-method-override", "x-http-method", "x-method-override",
	"x-original-method", "x-forwarded-method", "x-envoy-original-method",
	"x-original-url", "x-original-uri", "x-original-path", "x-rewrite-url", "x-override-url", "x-request-uri",
	"x-forwarded-uri", "x-forwarded-url", "x-forwarded-path", "x-forwarded-prefix", "x-script-name",
	"x-envoy-original-path", "x-replaced-path", "x-proxy-url", "x-http-destinationurl", "x-ms-original-url", "x-waws-unencoded-url",
}

// Clean removes every header that could be taken for one of ours, in every
// spelling that a CGI-like backend folds into the same name (case, `_`, `.` and
// the other separators), the override headers, and the parameters of the query that are like them.
// Trailers go altogether: they reach a backend after the decision, and no
// client of these APIs sends any.
func Clean(r *http.Request) {
	for name := range r.Header {
		if foreign(name) || name == "Trailer" {
			delete(r.Header, name)
		}
	}
	r.Trailer = nil
	if couldNameMethod(r.URL.RawQuery) {
		cleanQuery(r)
	}
}

// couldNameMethod spares nearly all queries a closer look.
func couldNameMethod(query string) bool {
	const word = "ethod"
	for i := range len(query) {
		switch c := query[i]; {
		case c == '%' || c >= 0x80: // it may be spelt in another way
			return true
		case c|0x20 == 'm' && len(query)-i > len(word) && strings.EqualFold(query[i+1:i+1+len(word)], word):
			return true
		}
	}
	return false
}

func cleanQuery(r *http.Request) {
	cleaned := r.URL.RawQuery
	for _, name := range endpoint.MethodParameters {
		cleaned = endpoint.RemoveAlike(cleaned, name)
	}
	if cleaned == r.URL.RawQuery {
		return
	}
	r.URL.RawQuery = cleaned
	if strings.HasPrefix(r.RequestURI, "/") { // another form is for the canonical reading to refuse
		r.RequestURI = r.URL.RequestURI()
	}
}

// foreign says whether only the gateway, or nobody, may send the header.
func foreign(name string) bool {
	if len(name) < len(prefix) || fold(name[0]) != prefix[0] || fold(name[1]) != prefix[1] {
		return false // nearly all: not even a look at the rest
	}
	if folds(name[:len(prefix)], prefix) {
		return true
	}
	if len(name) >= len(overridesOfLength) {
		return false
	}
	for _, override := range overridesOfLength[len(name)] {
		if folds(name, override) {
			return true
		}
	}
	return false
}

// overridesOfLength spares each header a walk along the whole list.
var overridesOfLength = func() (table [32][]string) {
	for _, name := range overrides {
		table[len(name)] = append(table[len(name)], name)
	}
	return table
}()

// folds compares a name with a normal one of the same length.
func folds(name, normal string) bool {
	for i := range len(normal) {
		if fold(name[i]) != normal[i] {
			return false
		}
	}
	return true
}

// fold makes one of all letter cases and separators. Whatever may stand in a
// header's name and is neither letter nor digit is a separator: lighttpd, and
// Apache up to 2.2, make an underscore of every such character.
func fold(c byte) byte { return folded[c] }

var folded = func() (table [256]byte) {
	for i := range table {
		switch c := byte(i); {
		case c >= 'A' && c <= 'Z':
			table[i] = c | 0x20
		case c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c >= utf8.RuneSelf:
			table[i] = c
		default:
			table[i] = '-'
		}
	}
	return table
}()

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
