package gateway

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/caddy-dcr/caddy-dcr/tests/harness"
)

// A browser that is refused goes back to its application, and to nobody else.
func TestARefusedNavigationGoesBackToItsApplicationOnly(t *testing.T) {
	overStores(t, settings{}, func(t *testing.T, w *world) {
		_, _, token := w.Enroll(harness.App{
			Channels: []string{channel}, Scopes: []string{"api:client:sdk"}, Domains: []string{"example.com"},
		})
		const call = "/adobe-services/authenticate/saml?requestor_id=OTHER&redirect_url="
		back := w.Do(http.MethodGet, call+"https%3A%2F%2Fapp.example.com%2Fdone", "", token.Bearer())
		assert.Equal(t, http.StatusFound, back.Status, back.Body)
		assert.Equal(t, "https://app.example.com/done?error=access_denied", back.Header.Get("Location"))

		away := w.Do(http.MethodGet, call+"https%3A%2F%2Fexample.com.evil.com%2F", "", token.Bearer())
		assert.Empty(t, away.Header.Get("Location"))
		channelNotGiven.check(t, oauth, away)
	})
}

func TestRESTV1RefusesInXMLWhenAskedTo(t *testing.T) {
	overStores(t, settings{}, func(t *testing.T, w *world) {
		_, _, token := w.Enroll(harness.App{Channels: []string{channel}, Scopes: []string{"api:client:v1"}})
		const call = "/api/v1/authorize?requestor=OTHER&resource=x"
		for _, answer := range []harness.Answer{
			w.Do(http.MethodGet, call+"&format=xml", "", token.Bearer()),
			w.Do(http.MethodGet, call, "", token.Bearer(), "Accept: application/xml"),
		} {
			assert.Equal(t, http.StatusUnauthorized, answer.Status)
			assert.Contains(t, answer.Header.Get("Content-Type"), "application/xml")
			assert.Contains(t, answer.Body, "<code>invalid_access_token_service_provider</code>")
		}
	})
}
