package bearer

import (
	"strings"

	"github.com/caddy-dcr/caddy-dcr/internal/oautherr"
)

// Challenge is the content of a WWW-Authenticate header, RFC 6750 section 3.
type Challenge struct {
	// Realm names what is protected. The scheme wants at least one parameter,
	// so an empty realm is sent as well.
	Realm string
	// Error is empty for a request without a token (section 3.1).
	Error oautherr.Code
	// Description is for the developer of the client.
	Description string
	// Scopes are those of which one is needed.
	Scopes []string
}

// String words the challenge. Its values cannot break out of their quotes:
// whatever section 3 does not allow in them is replaced.
func (c Challenge) String() string {
	var b strings.Builder
	b.Grow(128)
	b.WriteString("Bearer ")
	attribute(&b, "realm", c.Realm)
	if c.Error != "" {
		b.WriteString(", ")
		attribute(&b, "error", string(c.Error))
		if c.Description != "" {
			b.WriteString(", ")
			attribute(&b, "error_description", c.Description)
		}
	}
	if len(c.Scopes) > 0 {
		b.WriteString(", ")
		attribute(&b, "scope", strings.Join(c.Scopes, " "))
	}
	return b.String()
}

// attribute writes name="value".
func attribute(b *strings.Builder, name, value string) {
	b.WriteString(name)
	b.WriteString(`="`)
	for _, r := range value {
		switch {
		case r == '"':
			r = '\''
		case r < ' ' || r > '~' || r == '\\':
			r = '?'
		}
		b.WriteRune(r)
	}
	b.WriteByte('"')
}
