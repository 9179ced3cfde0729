package gateway

import (
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// rewrite changes one line of the Caddyfile, and has the gateway take it up.
func (w *world) rewrite(t *testing.T, line, into string) {
	t.Helper()
	text, err := os.ReadFile(w.Caddyfile())
	require.NoError(t, err)
	require.Equal(t, 1, strings.Count(string(text), line), "%q stands once in\n%s", line, text)
	require.NoError(t, os.WriteFile(w.Caddyfile(), []byte(strings.Replace(string(text), line, into, 1)), 0o600))
	result := w.Reload()
	require.Zero(t, result.Status, result.Stderr)
}

// A declared application is not copied into credentials: what the configuration
// takes from it, its tokens lose at once, and what it adds, they do not get.
func TestTokensLoseWhatTheirDeclaredApplicationLoses(t *testing.T) {
	const both, one = "scopes api:client:v2 analytics:client", "scopes analytics:client"
	options := strings.Replace(declaration, "scopes api:client:v2", both, 1)
	overStores(t, settings{options: options}, func(t *testing.T, w *world) {
		client := w.Register(w.IssueStatement(declared))
		token := w.Token(client)
		require.Equal(t, http.StatusOK, w.Do(http.MethodGet, v2Call, "", token.Bearer()).Status)

		w.rewrite(t, both, one)
		w.forget()
		scopeMissing.check(t, enhanced, w.Do(http.MethodGet, v2Call, "", token.Bearer()))
		w.untouched(t)
		valid := w.Do(http.MethodPost, "/o/client/validate", "", token.Bearer())
		assert.Equal(t, "analytics:client", valid.JSON(t)["scope"], valid.Body)
		narrow := w.Token(client)

		w.rewrite(t, one, both)
		require.Equal(t, http.StatusOK, w.Do(http.MethodGet, v2Call, "", token.Bearer()).Status, "it was granted this scope")
		assert.Equal(t, []string{"analytics:client api:client:v2"}, w.backends["rest_v2"].Only(t).Values("X-DCR-Scopes"))
		scopeMissing.check(t, enhanced, w.Do(http.MethodGet, v2Call, "", narrow.Bearer()))
	})
}
