package kills

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/caddy-dcr/caddy-dcr/internal/management"
	"github.com/caddy-dcr/caddy-dcr/tests/harness"
)

// The clients are not at fault: each fetches another token, as if the old one
// had expired, and nobody registers again.
func TestTheKeyOfTokensTakesTheTokensAndLeavesTheClients(t *testing.T) {
	for name, options := range map[string]string{"HS256": "", "ES256": "tokens {\n\t\t\talgorithm ES256\n\t\t}"} {
		t.Run(name, func(t *testing.T) {
			everywhere(t, options, func(t *testing.T, w *world) {
				p := w.admit(t, w.issue(t, w.common), "", "CH1")
				key := keyOf(t, p.known.AccessToken)
				w.kill(t, "key", key)
				for i, g := range w.gateways {
					for _, c := range checks {
						tokenDead.check(t, c.style, c.send(g, i, p))
					}
					assert.NotContains(t, g.Do(http.MethodGet, "/.well-known/jwks.json", "").Body, key)
				}
				for _, g := range w.gateways {
					token := w.newToken(t, g, p)
					assert.NotEqual(t, key, keyOf(t, token.AccessToken))
					for _, other := range w.gateways {
						passes.check(t, enhanced, p.callV2(other, token))
					}
				}
				assert.Equal(t, http.StatusCreated, p.register(w.first()).Status)
			})
		})
	}
}

// newToken asks until there is a token. Meanwhile the client is told to wait,
// and never that it is unknown.
func (w *world) newToken(t *testing.T, g *harness.Gateway, p *party) harness.Token {
	t.Helper()
	harness.Eventually(t, "for a key that signs tokens", func() bool {
		answer := g.PostToken(p.client.Form())
		if answer.Status == http.StatusServiceUnavailable {
			assert.NotEmpty(t, answer.Header.Get("Retry-After"))
			return false
		}
		require.Equal(t, http.StatusCreated, answer.Status, answer.Body)
		return true
	})
	return g.Token(p.client)
}

func TestAfterTheKeyOfStatementsIsKilledANewOneSigns(t *testing.T) {
	t.Parallel()
	w := fleetOfTwo(t)
	old := w.issue(t, w.common)
	victim := w.admit(t, old, "", "CH1")
	w.kill(t, "key", keyOf(t, old))

	anew := w.issue(t, w.common)
	assert.NotEqual(t, keyOf(t, old), keyOf(t, anew))
	untouched.check(t, w, w.admit(t, anew, "", "CH1"))

	t.Run("the owner is told why", func(t *testing.T) {
		inspected := ask[management.Inspection](t, w.first(), "statement", "inspect", old)
		assert.Equal(t, management.StoppedByKill, inspected.Verdict)
		assert.Contains(t, inspected.Why, "key "+keyOf(t, old)+" was revoked")
		assert.Contains(t, inspected.Why, "a test of kills")
		assert.Equal(t, management.Approved, ask[management.Inspection](t, w.first(), "statement", "inspect", anew).Verdict)
		stopped := map[string]string{}
		for _, s := range ask[management.StatementList](t, w.first(), "statement", "list", w.common).Statements {
			stopped[s.ID.String()] = s.StoppedBy
		}
		assert.Equal(t, "key", stopped[idOf(t, old)])
		assert.Empty(t, stopped[idOf(t, anew)])
		shown := ask[management.Client](t, w.first(), "client", "show", victim.client.ClientID)
		assert.Equal(t, "statement", shown.StoppedBy)
		require.Len(t, shown.Kills, 1)
		assert.Equal(t, keyOf(t, old), shown.Kills[0].ID)
	})
}
