package conformance

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/caddy-dcr/caddy-dcr/plugins/storetest/redistest"
	"github.com/caddy-dcr/caddy-dcr/tests/harness"
)

// While the store is away nobody is told that a token is dead, or was killed,
// or that a client is none.
func TestNoStandardsEndpointBlamesAClientWhileTheStoreIsAway(t *testing.T) {
	for format, options := range formats {
		t.Run(format, func(t *testing.T) {
			redis := redistest.Start(t, redistest.Options{Persist: true})
			one, _ := newFleetOver(t, redis, options)
			c := one.register(t, nil)
			key := newKey(t)
			signing := one.register(t, key.metadata())
			known, fresh := one.token(t, c), one.token(t, c)
			require.True(t, one.active(t, known))

			redis.Kill()
			harness.Eventually(t, "for the gateway to notice", func() bool {
				return one.post("/oauth2/token", grant, c.basic()).Status == http.StatusServiceUnavailable
			})
			away := func(name string, answer harness.Answer) {
				refused(t, answer, http.StatusServiceUnavailable, "temporarily_unavailable")
				assert.NotEmpty(t, answer.Header.Get("Retry-After"), name)
			}
			away("revoking", one.post("/oauth2/revoke", pairs("token", known), c.basic()))
			away("revoking what is no token", one.post("/oauth2/revoke", pairs("token", "junk"), c.basic()))
			away("introspecting as a client", one.post("/oauth2/introspect", pairs("token", known), c.basic()))
			away("introspecting as a client with a wrong secret", one.post("/oauth2/introspect", pairs("token", known), basic(c.ID, "x")))
			away("an assertion", one.post("/oauth2/token", key.form(t, signing.ID, fleetIssuer, nil)))
			away("reading a registration", one.Do(http.MethodGet, c.path(), "", c.bearer()))
			away("reading with a wrong token", one.Do(http.MethodGet, c.path(), "", "Authorization: Bearer x"))
			away("deleting a registration", one.Do(http.MethodDelete, c.path(), "", c.bearer()))
			away("registering", one.postRegister(nil))

			assert.True(t, one.active(t, known), "a known token is decided from memory, as at the guard")
			introspected := one.post("/oauth2/introspect", pairs("token", fresh), basic(server, secret))
			if format == "opaque" {
				away("an opaque token that is new here", introspected)
			} else {
				assert.Equal(t, true, introspected.JSON(t)["active"])
			}

			redis.Restart()
			assert.Equal(t, http.StatusOK, one.Do(http.MethodGet, "/.well-known/oauth-authorization-server", "").Status, "the metadata needs no store")
			harness.Eventually(t, "for the gateway to heal", func() bool {
				return one.post("/oauth2/revoke", pairs("token", known), c.basic()).Status == http.StatusOK && !one.active(t, known)
			})
			assert.Equal(t, http.StatusOK, one.Do(http.MethodGet, c.path(), "", c.bearer()).Status)
		})
	}
}
