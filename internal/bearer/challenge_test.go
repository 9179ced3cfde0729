package bearer

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/caddy-dcr/caddy-dcr/internal/oautherr"
)

func TestAChallengeIsWorded(t *testing.T) {
	for name, c := range map[string]struct {
		challenge Challenge
		want      string
	}{
		"with nothing to say":     {Challenge{}, `Bearer realm=""`},
		"without an error code":   {Challenge{Realm: "esm", Description: "not sent"}, `Bearer realm="esm"`},
		"with an error":           {Challenge{Realm: "esm", Error: oautherr.InvalidToken, Description: "Get a new one."}, `Bearer realm="esm", error="invalid_token", error_description="Get a new one."`},
		"with the scopes":         {Challenge{Realm: "esm", Error: oautherr.InsufficientScope, Scopes: []string{"a", "b:c"}}, `Bearer realm="esm", error="insufficient_scope", scope="a b:c"`},
		"against quotes":          {Challenge{Realm: `x", error="none`}, `Bearer realm="x', error='none"`},
		"against backslashes":     {Challenge{Realm: `x\`}, `Bearer realm="x?"`},
		"against line breaks":     {Challenge{Realm: "x\r\nSet-Cookie: a=b"}, `Bearer realm="x??Set-Cookie: a=b"`},
		"against other alphabets": {Challenge{Realm: "é\xff\x7f"}, `Bearer realm="???"`},
	} {
		t.Run(name, func(t *testing.T) {
			assert.Equal(t, c.want, c.challenge.String())
		})
	}
}
