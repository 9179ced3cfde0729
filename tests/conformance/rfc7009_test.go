package conformance

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/caddy-dcr/caddy-dcr/tests/harness"
)

func TestRFC7009Section2_1AClientRevokesItsOwnToken(t *testing.T) {
	for format, options := range formats {
		t.Run(format, func(t *testing.T) {
			overStores(t, options, func(t *testing.T, w *world) {
				c := w.register(t, nil)
				token, kept1 := w.token(t, c), w.token(t, c)
				require.Equal(t, http.StatusOK, w.call(token))
				answer := w.post("/oauth2/revoke", pairs("token", token, "token_type_hint", "access_token"), c.basic())
				assert.Equal(t, http.StatusOK, answer.Status, answer.Body)
				assert.Empty(t, answer.Body)
				kept(t, answer)
				assert.Equal(t, http.StatusUnauthorized, w.call(token), "dead when the answer is there")
				assert.False(t, w.active(t, token))
				assert.Equal(t, http.StatusOK, w.call(kept1), "the client's other tokens live")

				again := w.post("/oauth2/revoke", pairs("token", token), c.basic())
				assert.Equal(t, http.StatusOK, again.Status, "section 2.2: an invalid token is no error")
			})
		})
	}
}

func TestRFC7009Section2_1OnlyTheClientsOwnTokensAreRevoked(t *testing.T) {
	for format, options := range formats {
		t.Run(format, func(t *testing.T) {
			overStores(t, options, func(t *testing.T, w *world) {
				c, thief := w.register(t, nil), w.register(t, nil)
				token := w.token(t, c)
				unknown := w.post("/oauth2/revoke", pairs("token", "nothing"), thief.basic())
				answer := w.post("/oauth2/revoke", pairs("token", token), thief.basic())
				assert.Equal(t, http.StatusOK, answer.Status)
				assert.Equal(t, unknown.Status, answer.Status, "nobody learns whether a token is one")
				assert.Equal(t, unknown.Body, answer.Body)
				assert.Equal(t, http.StatusOK, w.call(token), "it lives on")
				assert.True(t, w.active(t, token))
			})
		})
	}
}

func TestRFC7009Section2_1TheClientAuthenticatesFirst(t *testing.T) {
	overStores(t, "", func(t *testing.T, w *world) {
		c := w.register(t, nil)
		token := w.token(t, c)
		form := pairs("token", token)
		refused(t, w.post("/oauth2/revoke", form), 400, "invalid_request")
		refused(t, w.post("/oauth2/revoke", form, "Authorization: Bearer "+token), 400, "invalid_request")
		refused(t, w.post("/oauth2/revoke", form, basic(c.ID, "x")), 401, "invalid_client")
		refused(t, w.post("/oauth2/revoke", pairs("token", token, "client_id", c.ID, "client_secret", "x")), 400, "invalid_client")
		refused(t, w.post("/oauth2/revoke", form, basic(server, secret)), 401, "invalid_client")
		refused(t, w.post("/oauth2/revoke", pairs("token_type_hint", "access_token"), c.basic()), 400, "invalid_request")
		refused(t, w.post("/oauth2/revoke", pairs("token", token, "token", token), c.basic()), 400, "invalid_request")
		assert.Equal(t, http.StatusOK, w.call(token), "none of these revoked it")
		w.MustDCR("revoke", "client", c.ID)
		refused(t, w.post("/oauth2/revoke", form, c.basic()), 401, "invalid_client")
	})
}

func TestRFC7009Section2_2WhatIsNoTokenIsRevokedAlready(t *testing.T) {
	overStores(t, "", func(t *testing.T, w *world) {
		c := w.register(t, nil)
		token := w.token(t, c)
		for name, text := range map[string]string{
			"junk": "junk", "an opaque token of nobody": "dcrt_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
			"a forged one": token[:len(token)-4] + "AAAA", "a statement": w.statement, "a client's secret": c.Secret,
			"a registration access token": c.AccessToken, "a refresh token, of which there are none": "refresh",
		} {
			answer := w.post("/oauth2/revoke", pairs("token", text, "token_type_hint", "refresh_token"), c.basic())
			assert.Equal(t, http.StatusOK, answer.Status, name)
		}
		assert.Equal(t, http.StatusOK, w.call(token))
		assert.Equal(t, http.StatusOK, w.post("/oauth2/token", grant, c.basic()).Status)
	})
}

// The token is dead on every gateway that shares the store, soon.
func TestRFC7009Section2ATokenDiesOnEveryGateway(t *testing.T) {
	for format, options := range formats {
		t.Run(format, func(t *testing.T) {
			one, two := newFleet(t, options)
			c := one.register(t, nil)
			token := one.token(t, c)
			require.Equal(t, http.StatusOK, two.call(token))
			require.Equal(t, http.StatusOK, two.post("/oauth2/revoke", pairs("token", token), c.basic()).Status)
			assert.Equal(t, http.StatusUnauthorized, two.call(token), "the gateway that was asked")
			harness.Eventually(t, "for the other gateway to refuse the token", func() bool { return one.call(token) == http.StatusUnauthorized })
			assert.False(t, one.active(t, token))
		})
	}
}
