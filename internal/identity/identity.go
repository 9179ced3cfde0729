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
var overrides = map[string]bool{
	"x-http-method-override": true, "x-http-method": true, "x-method-override": true,
	"x-original-url": true, "x-original-uri": true, "x-rewrite-url": true,
	"x-original-method": true, "x-forwarded-method": true, "x-forwarded-uri": true,
	"x-override-url": true, "x-request-uri": true,
}

// Clean removes every header that could be taken for one of ours, in every
// spelling that a CGI-like backend folds into the same name (case, `_`, `.`),
// and the override headers. Trailers go altogether: they reach a backend after
// the decision, and no client of these APIs sends any.
func Clean(r *http.Request) {
	for name := range r.Header {
		if len(name) < len(prefix) || name[0]|0x20 != 'x' {
			continue
		}
		var buffer [32]byte
		normal, short := normalise(buffer[:0], name)
		if hasPrefix(normal) || (short && overrides[string(normal)]) {
			delete(r.Header, name)
		}
	}
	r.Trailer = nil
	delete(r.Header, "Trailer")
}

// normalise folds a name's letters and separators as far as the buffer goes,
// and says whether that was all of it.
func normalise(buffer []byte, name string) ([]byte, bool) {
	for i := 0; i < len(name); i++ {
		if len(buffer) == cap(buffer) {
			return buffer, false
		}
		c := name[i]
		switch {
		case c >= 'A' && c <= 'Z':
			c |= 0x20
		case c == '_' || c == '.' || c == ' ':
			c = '-'
		}
		buffer = append(buffer, c)
	}
	return buffer, true
}

func hasPrefix(name []byte) bool {
	return len(name) >= len(prefix) && string(name[:len(prefix)]) == prefix
}

// Caller is what a backend is told about a request that was let through. The
// empty string leaves a header out.
type Caller struct {
	ClientID, ApplicationID, Programmer, Channel, Scopes, Platform, Trace string
}

// Set writes the identity headers. The values share one allocation.
func (c *Caller) Set(h http.Header) {
	values := &[7]string{c.ClientID, c.ApplicationID, c.Programmer, c.Channel, c.Scopes, c.Platform, c.Trace}
	for i, name := range Headers {
		if values[i] != "" {
			h[name] = values[i : i+1 : i+1]
		}
	}
}
