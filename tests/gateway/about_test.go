package gateway

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/caddy-dcr/caddy-dcr/tests/harness"
)

// A token may ask about itself, whatever its scopes are.
func TestATokenMayAskAboutItself(t *testing.T) {
	overStores(t, settings{}, func(t *testing.T, w *world) {
		app := v2App()
		app.Scopes = []string{"analytics:client", "api:client:v2"}
		_, client, token := w.Enroll(app)

		scopes := w.Do(http.MethodGet, "/o/client/scopes", "", token.Bearer())
		assert.Equal(t, http.StatusOK, scopes.Status, scopes.Body)
		assert.Equal(t, []any{"analytics:client", "api:client:v2"}, scopes.JSON(t)["scopes"])
		headers(t, scopes)

		valid := w.Do(http.MethodPost, "/o/client/validate", "", token.Bearer())
		assert.Equal(t, http.StatusOK, valid.Status, valid.Body)
		assert.Contains(t, valid.Body, client.ClientID)
		headers(t, valid)

		for name, ask := range map[string]func(headers ...string) harness.Answer{
			"scopes":   func(h ...string) harness.Answer { return w.Do(http.MethodGet, "/o/client/scopes", "", h...) },
			"validate": func(h ...string) harness.Answer { return w.Do(http.MethodPost, "/o/client/validate", "", h...) },
		} {
			refusedAs := func(want refusal, answer harness.Answer) {
				want.check(t, oauth, answer)
				headers(t, answer)
			}
			t.Run(name+" of no token", func(t *testing.T) { refusedAs(tokenNeeded, ask()) })
			t.Run(name+" of junk", func(t *testing.T) { refusedAs(tokenNeeded, ask("Authorization: Bearer junk")) })
			t.Run(name+" of two tokens", func(t *testing.T) { refusedAs(malformed, ask(token.Bearer(), token.Bearer())) })
		}
		w.MustDCR("revoke", "client", client.ClientID)
		revoked := w.Do(http.MethodPost, "/o/client/validate", "", token.Bearer())
		clientRevoked.check(t, oauth, revoked)
		headers(t, revoked)
	})
}
