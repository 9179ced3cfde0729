package faults

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/caddy-dcr/caddy-dcr/plugins/storetest/redistest"
	"github.com/caddy-dcr/caddy-dcr/tests/faults/fleet"
	"github.com/caddy-dcr/caddy-dcr/tests/harness"
)

// Two keys that encrypt keys, as `openssl rand -base64 32` makes them.
const (
	rightKey = "key_encryption_key MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="
	wrongKey = "key_encryption_key MTEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="
)

func TestAGatewayThatCannotReadItsKeysBlamesNobody(t *testing.T) {
	t.Parallel()
	store := "redis " + redistest.Start(t, redistest.Options{}).URL()
	start := func(options string) *harness.Gateway {
		return fleet.Start(t, fleet.Config{Stores: []string{store}, Staleness: staleness, Options: options})[0]
	}
	first := start(rightKey)
	application, client, token := first.Enroll(fleet.App())
	statement := first.IssueStatement(application)
	first.Stop()
	for name, options := range map[string]string{"none": "", "another": wrongKey} {
		t.Run(name, func(t *testing.T) {
			g := start(options)
			for what, answer := range map[string]harness.Answer{
				"a good token":    g.Do(http.MethodGet, fleet.Call, "", token.Bearer()),
				"a token request": g.PostToken(client.Form()),
				"a registration":  g.PostRegister(`{"software_statement":"` + statement + `"}`),
			} {
				assert.Equal(t, http.StatusServiceUnavailable, answer.Status, "%s: %s", what, answer.Body)
			}
		})
	}
	again := start(rightKey)
	require.Equal(t, http.StatusOK, again.Do(http.MethodGet, fleet.Call, "", token.Bearer()).Status)
	again.Token(client)
}
