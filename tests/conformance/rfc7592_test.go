package conformance

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/caddy-dcr/caddy-dcr/tests/harness"
)

func appOfChannel() harness.App {
	return harness.App{Channels: []string{"REF30"}, Scopes: []string{"api:client:v2"}}
}

func TestRFC7592Section2_1AClientReadsItsRegistration(t *testing.T) {
	overStores(t, "", func(t *testing.T, w *world) {
		key := newKey(t)
		for name, members := range map[string]map[string]any{"with a secret": {"redirect_uris": []string{"https://example.com/"}}, "with a key": key.metadata()} {
			t.Run(name, func(t *testing.T) {
				registered := w.postRegister(members)
				require.Equal(t, http.StatusCreated, registered.Status)
				want := registered.JSON(t)
				uri := want["registration_client_uri"].(string)
				require.True(t, strings.HasPrefix(uri, w.URL+"/oauth2/register/"), uri)
				token := "Authorization: Bearer " + want["registration_access_token"].(string)

				answer := w.Do(http.MethodGet, strings.TrimPrefix(uri, w.URL), "", token)
				require.Equal(t, http.StatusOK, answer.Status, answer.Body)
				kept(t, answer)
				// What nobody but the client has any more cannot be shown.
				for _, once := range []string{"client_secret", "client_secret_expires_at", "software_statement"} {
					delete(want, once)
				}
				assert.Equal(t, want, answer.JSON(t))

				head := w.Do(http.MethodHead, strings.TrimPrefix(uri, w.URL), "", token)
				assert.Equal(t, http.StatusOK, head.Status)
				assert.Empty(t, head.Body)
			})
		}
	})
}

func TestRFC7592Section2_3AClientThatDeletesItselfIsGone(t *testing.T) {
	for format, options := range formats {
		t.Run(format, func(t *testing.T) {
			overStores(t, options, func(t *testing.T, w *world) {
				c, other := w.register(t, nil), w.register(t, nil)
				token, others := w.token(t, c), w.token(t, other)
				answer := w.Do(http.MethodDelete, c.path(), "", c.bearer())
				assert.Equal(t, http.StatusNoContent, answer.Status, answer.Body)
				assert.Empty(t, answer.Body)
				kept(t, answer)

				refused(t, w.post("/oauth2/token", grant, c.basic()), 401, "invalid_client")
				assert.NotEqual(t, http.StatusOK, w.call(token), "its tokens die with it")
				assert.False(t, w.active(t, token))
				for _, method := range []string{http.MethodGet, http.MethodDelete} {
					refused(t, w.Do(method, c.path(), "", c.bearer()), 401, "invalid_token")
				}
				assert.Equal(t, http.StatusOK, w.call(others), "nobody else is touched")
				assert.Equal(t, http.StatusOK, w.Do(http.MethodGet, other.path(), "", other.bearer()).Status)
				assert.Contains(t, w.MustDCR("client", "show", c.ID), "deleted by the client")
			})
		})
	}
}

func TestRFC7592Section2WhoHasNotTheTokenLearnsNothing(t *testing.T) {
	overStores(t, "", func(t *testing.T, w *world) {
		c, other := w.register(t, nil), w.register(t, nil)
		killed := w.register(t, nil)
		w.MustDCR("revoke", "client", killed.ID)
		adobe := w.Register(w.statement)
		const unknown = "/oauth2/register/897029da-0000-4000-8000-000000000000"
		bodies := map[string]bool{}
		for name, r := range map[string]struct{ path, header string }{
			"another client's token":         {c.path(), other.bearer()},
			"a token with a letter changed":  {c.path(), c.bearer()[:len(c.bearer())-1] + flipped(c.bearer())},
			"junk":                           {c.path(), "Authorization: Bearer junk"},
			"an access token":                {c.path(), "Authorization: Bearer " + w.token(t, c)},
			"its secret":                     {c.path(), "Authorization: Bearer " + c.Secret},
			"an unknown client":              {unknown, c.bearer()},
			"a path that is no id":           {"/oauth2/register/x", c.bearer()},
			"a revoked client":               {killed.path(), killed.bearer()},
			"a client of the other endpoint": {"/oauth2/register/" + adobe.ClientID, c.bearer()},
		} {
			t.Run(name, func(t *testing.T) {
				for _, method := range []string{http.MethodGet, http.MethodDelete} {
					answer := w.Do(method, r.path, "", r.header)
					refused(t, answer, 401, "invalid_token")
					assert.Contains(t, answer.Header.Get("WWW-Authenticate"), `Bearer realm="registration", error="invalid_token"`)
					bodies[answer.Body] = true
				}
			})
		}
		assert.Len(t, bodies, 1, "all look alike")

		for name, headers := range map[string][]string{"no token": nil, "Basic": {c.basic()}} {
			answer := w.Do(http.MethodGet, c.path(), "", headers...)
			refused(t, answer, 401, "invalid_token")
			assert.Equal(t, `Bearer realm="registration"`, answer.Header.Get("WWW-Authenticate"), "RFC 6750 section 3.1, %s", name)
		}
		refused(t, w.Do(http.MethodGet, c.path(), "", c.bearer(), c.bearer()), 400, "invalid_request")
		refused(t, w.Do(http.MethodGet, c.path()+"?access_token="+c.AccessToken, ""), 401, "invalid_token")
		assert.Equal(t, http.StatusOK, w.Do(http.MethodGet, c.path(), "", c.bearer()).Status, "none of these ended it")
		assert.False(t, strings.Contains(w.Log(), c.AccessToken), "the log holds a registration access token")
	})
}

// flipped is another last letter than the text's.
func flipped(text string) string {
	if strings.HasSuffix(text, "A") {
		return "B"
	}
	return "A"
}

func TestRFC7592Section2_2ARegistrationIsNotChanged(t *testing.T) {
	overStores(t, "", func(t *testing.T, w *world) {
		c := w.register(t, nil)
		for _, method := range []string{http.MethodPut, http.MethodPatch, http.MethodPost} {
			answer := w.Do(method, c.path(), `{"client_id":"`+c.ID+`"}`, c.bearer(), "Content-Type: application/json")
			refused(t, answer, http.StatusMethodNotAllowed, "method_not_allowed")
			assert.Equal(t, "GET, HEAD, DELETE", answer.Header.Get("Allow"))
		}
	})
}

// Nothing of the token is stored: any gateway of the fleet checks it.
func TestRFC7592Section3EveryGatewayKnowsTheToken(t *testing.T) {
	one, two := newFleet(t, "")
	c := one.register(t, nil)
	require.Equal(t, http.StatusOK, two.Do(http.MethodGet, c.path(), "", c.bearer()).Status)
	token := one.token(t, c)
	require.Equal(t, http.StatusOK, one.call(token))
	require.Equal(t, http.StatusNoContent, two.Do(http.MethodDelete, c.path(), "", c.bearer()).Status)
	harness.Eventually(t, "for the other gateway to refuse the client", func() bool {
		return one.call(token) != http.StatusOK && one.Do(http.MethodGet, c.path(), "", c.bearer()).Status == http.StatusUnauthorized
	})
}
