package kills

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/caddy-dcr/caddy-dcr/internal/management"
	"github.com/caddy-dcr/caddy-dcr/plugins/storetest/redistest"
	"github.com/caddy-dcr/caddy-dcr/tests/faults/fleet"
	"github.com/caddy-dcr/caddy-dcr/tests/harness"
)

// Rotating a key is the opposite of killing it: every gateway takes the new one
// up, and nothing of what was there before stops.
func TestARotatedKeyStopsNothing(t *testing.T) {
	t.Parallel()
	w := start(t, settings{store: "redis " + redistest.Start(t, redistest.Options{}).URL(), gateways: 2, options: "tokens {\n\t\t\talgorithm ES256\n\t\t}"})
	statement := w.issue(t, w.common)
	p := w.admit(t, statement, "", "CH1")
	oldToken, oldStatement := keyOf(t, p.known.AccessToken), keyOf(t, statement)

	for _, use := range []string{"token", "statement", "secret"} {
		result := w.first().DCR("keys", "rotate", use, "--in", "3s", "--json")
		var made management.Rotation
		require.NoError(t, json.Unmarshal([]byte(result.Stdout), &made), result.Stderr)
		assert.Zero(t, result.Status)
		assert.Len(t, made.Nodes, 2)
		for _, g := range w.gateways {
			assert.Equal(t, made.Key.Published, holds(g, made.Key.ID), "published at every gateway before it is used")
			assert.Equal(t, use != "secret", made.Key.Published)
		}
		assert.Equal(t, 1, w.gateways[1].DCR("keys", "rotate", use).Status, "one at a time")
		harness.Eventually(t, "for the key to be used", func() bool { return stateOf(t, w.gateways[1], made.Key.ID) == "signing" })
	}

	var tokens []harness.Token
	for _, g := range w.gateways {
		token := g.Token(p.client)
		assert.NotEqual(t, oldToken, keyOf(t, token.AccessToken))
		tokens = append(tokens, token)
	}
	assert.Equal(t, keyOf(t, tokens[0].AccessToken), keyOf(t, tokens[1].AccessToken), "all gateways sign with one key")
	later := w.issue(t, w.common)
	assert.NotEqual(t, oldStatement, keyOf(t, later))
	for _, g := range w.gateways {
		for _, token := range append(tokens, p.known) {
			passes.check(t, enhanced, p.callV2(g, token))
		}
		for _, s := range []string{statement, later} {
			g.Token(g.Register(s))
		}
		assert.True(t, holds(g, oldToken) && holds(g, oldStatement))
	}
	assert.Equal(t, "verifying", stateOf(t, w.first(), oldToken))
	for _, k := range ask[management.KeyList](t, w.first(), "keys", "list").Keys {
		assert.Equal(t, k.ID == oldToken, !k.EndsAt.IsZero(), "%+v", k)
		if k.ID == oldToken {
			assert.WithinDuration(t, time.Now().Add(25*time.Hour), k.EndsAt, 5*time.Minute)
		}
	}
	for i, g := range w.gateways {
		// The third is that of secrets.
		harness.Eventually(t, "for the event of gateway "+fleet.Name(i), func() bool {
			return strings.Contains(metrics(t, g), `caddy_dcr_events_total{event="key_rotated"} 3`)
		})
	}
	audit := w.first().MustDCR("audit", "list", "--operation", "key.rotate")
	assert.Contains(t, audit, inUse(t, w, "statement"))
	assert.Contains(t, w.first().MustDCR("audit", "verify"), "one whole chain")
}

func holds(g *harness.Gateway, key string) bool {
	var set struct {
		Keys []struct{ Kid string }
	}
	if json.Unmarshal([]byte(g.Do(http.MethodGet, "/.well-known/jwks.json", "").Body), &set) != nil {
		return false
	}
	for _, k := range set.Keys {
		if k.Kid == key {
			return true
		}
	}
	return false
}

func stateOf(t *testing.T, g *harness.Gateway, id string) string {
	t.Helper()
	return keyNamed(t, g, id).State
}

func keyNamed(t *testing.T, g *harness.Gateway, id string) management.Key {
	t.Helper()
	var key management.Key
	// One key in 64 has an id that begins with a hyphen.
	require.NoError(t, json.Unmarshal([]byte(g.MustDCR("keys", "show", "--json", "--", id)), &key))
	return key
}

// inUse is the beginning of the id of the key that is used now.
func inUse(t *testing.T, w *world, use string) string {
	t.Helper()
	for _, k := range ask[management.KeyList](t, w.first(), "keys", "list").Keys {
		if k.Use == use && k.State == "signing" {
			return k.ID[:8]
		}
	}
	return "no key of " + use
}

func metrics(t *testing.T, g *harness.Gateway) string {
	t.Helper()
	response, err := http.Get("http://" + g.Admin + "/metrics")
	require.NoError(t, err)
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	return string(text)
}
