package faults

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/caddy-dcr/caddy-dcr/tests/faults/faultproxy"
	"github.com/caddy-dcr/caddy-dcr/tests/faults/fleet"
	"github.com/caddy-dcr/caddy-dcr/tests/harness"
)

// A key is killed through one gateway, which makes another one and signs with
// it, while the second gateway hears nothing. To that one the new key is none.
func TestATokenOfAKeyThatAGatewayCannotKnowIsNotCalledInvalid(t *testing.T) {
	t.Parallel()
	stores, proxies := behind(t)
	gateways := fleet.Start(t, fleet.Config{Stores: stores, Staleness: patience})
	_, client, before := gateways[0].Enroll(fleet.App())
	require.Equal(t, http.StatusOK, gateways[1].Do(http.MethodGet, fleet.Call, "", before.Bearer()).Status)

	require.NoError(t, proxies[1].Set(faultproxy.Fault{Kind: faultproxy.Blackhole, On: faultproxy.Both}))
	old := keyOf(t, before)
	gateways[0].DCR("revoke", "key", old, "--reason", "a test of keys")
	var after harness.Token
	harness.Eventually(t, "for the first gateway to sign with another key", func() bool {
		answer := gateways[0].PostToken(client.Form())
		return answer.Status == http.StatusCreated && json.Unmarshal([]byte(answer.Body), &after) == nil && keyOf(t, after) != old
	})
	answer := gateways[1].Do(http.MethodGet, fleet.Call, "", after.Bearer())
	assert.Contains(t, []int{http.StatusOK, http.StatusServiceUnavailable}, answer.Status, answer.Body)

	require.NoError(t, proxies[1].Set(faultproxy.Fault{}))
	harness.Eventually(t, "for the second gateway to know the new key", func() bool {
		return gateways[1].Do(http.MethodGet, fleet.Call, "", after.Bearer()).Status == http.StatusOK
	})
	assert.NotEqual(t, http.StatusOK, gateways[1].Do(http.MethodGet, fleet.Call, "", before.Bearer()).Status)
}

// keyOf reads the name of the key that signed the token.
func keyOf(t *testing.T, token harness.Token) string {
	t.Helper()
	header, _, _ := strings.Cut(token.AccessToken, ".")
	text, err := base64.RawURLEncoding.DecodeString(header)
	require.NoError(t, err)
	var fields struct {
		KeyID string `json:"kid"`
	}
	require.NoError(t, json.Unmarshal(text, &fields))
	return fields.KeyID
}
