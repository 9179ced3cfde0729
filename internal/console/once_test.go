package console

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/caddy-dcr/caddy-dcr/internal/access"
)

// Anybody who is signed in can send forms, with keys as long as a body may be,
// and thousands of them are remembered.
func TestAFormIsRememberedInFewBytes(t *testing.T) {
	ann := &visit{who: access.Actor{Method: "m", Name: "ann"}}
	key := ann.formKey("/kills/new", strings.Repeat("k", 200_000))
	assert.Len(t, key, 32)
	bob := &visit{who: access.Actor{Method: "m", Name: "bob"}}
	assert.NotEqual(t, key, bob.formKey("/kills/new", strings.Repeat("k", 200_000)), "each has their own")
	assert.NotEqual(t, key, ann.formKey("/kills/lift", strings.Repeat("k", 200_000)))
}
