package conformance

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/caddy-dcr/caddy-dcr/tests/harness"
)

func TestRFC7662Section2_2AnActiveTokenIsDescribed(t *testing.T) {
	for format, options := range formats {
		t.Run(format, func(t *testing.T) {
			overStores(t, options, func(t *testing.T, w *world) {
				c := w.register(t, nil)
				token := w.token(t, c)
				for name, header := range map[string]string{
					"to a resource server": basic(server, secret), "to one with its other secret": basic(server, oldSecret), "to its client": c.basic(),
				} {
					answer := w.post("/oauth2/introspect", pairs("token", token, "token_type_hint", "access_token"), header)
					require.Equal(t, http.StatusOK, answer.Status, "%s: %s", name, answer.Body)
					kept(t, answer)
					assert.Equal(t, "application/json;charset=UTF-8", answer.Header.Get("Content-Type"))
					body := answer.JSON(t)
					assert.Equal(t, true, body["active"])
					assert.Equal(t, "analytics:client api:client:v2", body["scope"])
					assert.Equal(t, c.ID, body["client_id"])
					assert.Equal(t, c.ID, body["sub"])
					assert.Equal(t, "bearer", body["token_type"])
					assert.Equal(t, w.URL, body["iss"])
					assert.Equal(t, w.URL, body["aud"])
					assert.NotEmpty(t, body["jti"])
					assert.InDelta(t, time.Now().Unix(), body["iat"], 60)
					assert.Equal(t, body["iat"], body["nbf"])
					assert.InDelta(t, 21600, body["exp"].(float64)-body["iat"].(float64), 1)
					assert.Equal(t, w.application, body["application_id"])
					assert.Equal(t, []any{"REF30"}, body["channels"])
				}
				answer := w.post("/oauth2/introspect", pairs("token", token, "client_id", server, "client_secret", secret))
				assert.Equal(t, http.StatusOK, answer.Status, "credentials in the body")
			})
		})
	}
}

func TestRFC7662Section2_2OfAnInactiveTokenNothingElseIsSaid(t *testing.T) {
	overStores(t, "tokens {\n\t\t\tlifetime 1s\n\t\t}\n\t\t", func(t *testing.T, w *world) {
		c, other := w.register(t, nil), w.register(t, nil)
		token := w.token(t, c)
		nothing := func(name, token, header string) {
			answer := w.post("/oauth2/introspect", pairs("token", token), header)
			assert.Equal(t, http.StatusOK, answer.Status, name)
			assert.Equal(t, `{"active":false}`, answer.Body, name)
			kept(t, answer)
		}
		nothing("another client's token", token, other.basic())
		for name, text := range map[string]string{
			"junk": "junk", "an opaque token of nobody": "dcrt_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
			"a forged one": token[:len(token)-4] + "AAAA", "a statement": w.statement, "a client's secret": c.Secret,
			"a registration access token": c.AccessToken,
		} {
			nothing(name, text, basic(server, secret))
			nothing(name, text, c.basic())
		}
		harness.Eventually(t, "for the token to expire", func() bool { return !w.active(t, token) })
		nothing("an expired token", token, c.basic())
		killed := w.token(t, c)
		w.MustDCR("revoke", "application", w.application)
		nothing("a token of a revoked application", killed, basic(server, secret))
	})
}

func TestRFC7662Section2_3WhoAsksMustAuthenticate(t *testing.T) {
	overStores(t, "", func(t *testing.T, w *world) {
		c := w.register(t, nil)
		token := w.token(t, c)
		form := pairs("token", token)
		for name, headers := range map[string][]string{
			"nobody": nil, "a bearer of the token": {"Authorization: Bearer " + token},
			"a wrong secret of a client": {basic(c.ID, "x")}, "a wrong secret of a server": {basic(server, "x")},
			"a client's secret for a server": {basic(server, c.Secret)}, "a server's secret for a client": {basic(c.ID, secret)},
			"an unknown server": {basic("nobody", secret)}, "a server's name in capitals": {basic("ESM", secret)},
		} {
			t.Run(name, func(t *testing.T) {
				answer := w.post("/oauth2/introspect", form, headers...)
				refused(t, answer, 401, "invalid_client")
				assert.Equal(t, `Basic realm="token", charset="UTF-8"`, answer.Header.Get("WWW-Authenticate"))
			})
		}
		refused(t, w.post("/oauth2/introspect", pairs("token", token, "client_id", server, "client_secret", "x")), 401, "invalid_client")
		refused(t, w.post("/oauth2/introspect", pairs(), basic(server, secret)), 400, "invalid_request")
		refused(t, w.post("/oauth2/introspect", pairs("token", "a", "token", "b"), basic(server, secret)), 400, "invalid_request")
		w.MustDCR("revoke", "client", c.ID)
		refused(t, w.post("/oauth2/introspect", form, c.basic()), 401, "invalid_client")
	})
}
