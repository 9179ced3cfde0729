package conformance

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"net/http"
	"net/url"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/google/uuid"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"
)

func TestRFC7523Section2_2AClientAuthenticatesWithEveryKindOfKey(t *testing.T) {
	weighty, err := rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(t, err)
	p384, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	require.NoError(t, err)
	p521, err := ecdsa.GenerateKey(elliptic.P521(), rand.Reader)
	require.NoError(t, err)
	_, ed, err := ed25519.GenerateKey(rand.Reader)
	require.NoError(t, err)
	signers := []signer{
		newKey(t),
		{alg: jose.ES384, private: p384, typ: "JWT"}, {alg: jose.ES512, private: p521, typ: "JWT"}, {alg: jose.EdDSA, private: ed, typ: "JWT"},
		{alg: jose.RS256, private: weighty, typ: "JWT"}, {alg: jose.PS256, private: weighty, typ: "application/jwt"}, {alg: jose.RS512, private: weighty, typ: "jwt"},
	}
	overStores(t, "", func(t *testing.T, w *world) {
		for _, s := range signers {
			t.Run(string(s.alg), func(t *testing.T) {
				answer := w.postRegister(s.metadata())
				require.Equal(t, http.StatusCreated, answer.Status, answer.Body)
				body := answer.JSON(t)
				assert.NotContains(t, body, "client_secret", "such a client has none")
				assert.NotContains(t, body, "client_secret_expires_at")
				id := body["client_id"].(string)

				token := w.post("/oauth2/token", s.form(t, id, w.URL, nil))
				require.Equal(t, http.StatusOK, token.Status, token.Body)
				raw := token.JSON(t)["access_token"].(string)
				assert.Equal(t, http.StatusOK, w.call(raw))

				about := func(path string) int {
					form := s.form(t, id, w.URL, nil)
					form.Set("token", raw)
					return w.post(path, form).Status
				}
				assert.Equal(t, http.StatusOK, about("/oauth2/introspect"))
				assert.Equal(t, http.StatusOK, about("/oauth2/revoke"))
				assert.Equal(t, http.StatusUnauthorized, w.call(raw))

				adobe := w.post("/o/client/token", s.form(t, id, w.URL, nil))
				assert.Equal(t, http.StatusCreated, adobe.Status, "the Adobe-compatible endpoint takes it too: %s", adobe.Body)
			})
		}
	})
}

// A library that nobody wrote for us sends the assertion.
func TestAStrictClientLibraryAuthenticatesWithAnAssertion(t *testing.T) {
	overStores(t, "", func(t *testing.T, w *world) {
		key := newKey(t)
		c := w.register(t, key.metadata())
		config := clientcredentials.Config{
			ClientID: c.ID, TokenURL: w.URL + "/oauth2/token", AuthStyle: oauth2.AuthStyleInParams,
			EndpointParams: url.Values{"client_assertion_type": {jwtBearer}, "client_assertion": {key.assertion(t, c.ID, w.URL, nil)}},
		}
		token, err := config.Token(t.Context())
		require.NoError(t, err)
		assert.Equal(t, http.StatusOK, w.call(token.AccessToken))
	})
}

func TestRFC7523Section3AnAssertionThatIsNotRightIsRefused(t *testing.T) {
	overStores(t, "", func(t *testing.T, w *world) {
		key, other := newKey(t), newKey(t)
		c, secretive := w.register(t, key.metadata()), w.register(t, nil)
		now := time.Now()
		typed := func(typ jose.ContentType) signer {
			s := key
			s.typ = typ
			return s
		}
		hs, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.HS256, Key: []byte(secretive.Secret)}, nil)
		require.NoError(t, err)
		mac, err := hs.Sign([]byte(`{"iss":"` + secretive.ID + `","sub":"` + secretive.ID + `","aud":"` + w.URL + `","jti":"x","exp":` + "9999999999" + `}`))
		require.NoError(t, err)
		maced, err := mac.CompactSerialize()
		require.NoError(t, err)

		for name, assertion := range map[string]string{
			"junk":                               "junk",
			"1: another issuer":                  key.assertion(t, c.ID, w.URL, map[string]any{"iss": secretive.ID}),
			"2: another subject":                 key.assertion(t, c.ID, w.URL, map[string]any{"sub": secretive.ID}),
			"2: no subject":                      key.assertion(t, c.ID, w.URL, map[string]any{"sub": nil}),
			"3: the token endpoint for audience": key.assertion(t, c.ID, w.URL+"/oauth2/token", nil),
			"3: another server":                  key.assertion(t, c.ID, "https://evil.example", nil),
			"3: two audiences":                   key.assertion(t, c.ID, "", map[string]any{"aud": []string{w.URL, "https://evil.example"}}),
			"3: no audience":                     key.assertion(t, c.ID, "", map[string]any{"aud": nil}),
			"4: expired":                         key.assertion(t, c.ID, w.URL, map[string]any{"exp": now.Add(-2 * time.Minute).Unix()}),
			"4: no end":                          key.assertion(t, c.ID, w.URL, map[string]any{"exp": nil}),
			"4: an end that is text":             key.assertion(t, c.ID, w.URL, map[string]any{"exp": "9999999999"}),
			"4: an end far away":                 key.assertion(t, c.ID, w.URL, map[string]any{"exp": now.Add(time.Hour).Unix()}),
			"5: not valid yet":                   key.assertion(t, c.ID, w.URL, map[string]any{"nbf": now.Add(5 * time.Minute).Unix()}),
			"6: issued in the future":            key.assertion(t, c.ID, w.URL, map[string]any{"iat": now.Add(5 * time.Minute).Unix()}),
			"7: no id":                           key.assertion(t, c.ID, w.URL, map[string]any{"jti": nil}),
			"9: another key":                     other.assertion(t, c.ID, w.URL, nil),
			"9: a client without keys":           key.assertion(t, secretive.ID, w.URL, nil),
			"9: an unknown client":               key.assertion(t, uuid.NewString(), w.URL, nil),
			"9: a secret for a key":              maced,
			"an access token's type":             typed("at+jwt").assertion(t, c.ID, w.URL, nil),
			"a software statement":               w.statement,
			"an access token":                    w.token(t, secretive),
		} {
			t.Run(name, func(t *testing.T) {
				refused(t, w.post("/oauth2/token", asserting(assertion)), 400, "invalid_client")
				form := asserting(assertion)
				form.Set("token", "x")
				refused(t, w.post("/oauth2/revoke", form), 400, "invalid_client")
				refused(t, w.post("/oauth2/introspect", form), 401, "invalid_client")
			})
		}
		saml := key.form(t, c.ID, w.URL, nil)
		saml.Set("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:saml2-bearer")
		refused(t, w.post("/oauth2/token", saml), 400, "invalid_client")
	})
}

func TestRFC7521Section4_2AnAssertionStandsAlone(t *testing.T) {
	overStores(t, "", func(t *testing.T, w *world) {
		key := newKey(t)
		c, other := w.register(t, key.metadata()), w.register(t, nil)
		with := func(namesAndValues ...string) url.Values {
			form := key.form(t, c.ID, w.URL, nil)
			for name, values := range pairs(namesAndValues...) {
				form[name] = values
			}
			return form
		}
		assert.Equal(t, http.StatusOK, w.post("/oauth2/token", with("client_id", c.ID)).Status, "the id may be said again")
		refused(t, w.post("/oauth2/token", with("client_id", other.ID)), 400, "invalid_request")
		refused(t, w.post("/oauth2/token", with("client_secret", other.Secret)), 400, "invalid_request")
		refused(t, w.post("/oauth2/token", with(), other.basic()), 400, "invalid_request")
		refused(t, w.post("/oauth2/token", with("client_assertion_type", "")), 400, "invalid_request")
		refused(t, w.post("/oauth2/token", with("client_assertion", "")), 400, "invalid_request")
		once := key.assertion(t, c.ID, w.URL, nil)
		refused(t, w.post("/oauth2/token", with("client_assertion", once, "client_assertion", once)), 400, "invalid_request")
		for _, path := range []string{"/oauth2/token", "/o/client/token"} {
			form := key.form(t, c.ID, w.URL, nil)
			form.Del("grant_type")
			refused(t, w.post(path+"?"+form.Encode(), grant), 400, "invalid_request")
		}
		refused(t, w.post("/oauth2/token", pairs("grant_type", "client_credentials", "client_id", c.ID, "client_secret", "x")), 400, "invalid_client")
	})
}

func TestRFC7523Section3AnAssertionIsUsedOnceInTheWholeFleet(t *testing.T) {
	one, two := newFleet(t, "")
	key := newKey(t)
	c, other := one.register(t, key.metadata()), one.register(t, key.metadata())
	form := key.form(t, c.ID, fleetIssuer, map[string]any{"jti": "the same"})
	require.Equal(t, http.StatusOK, one.post("/oauth2/token", form).Status)
	refused(t, one.post("/oauth2/token", form), 400, "invalid_client")
	refused(t, two.post("/oauth2/token", form), 400, "invalid_client")
	form.Set("token", "x")
	refused(t, two.post("/oauth2/revoke", form), 400, "invalid_client")
	assert.Equal(t, http.StatusOK, two.post("/oauth2/token", key.form(t, other.ID, fleetIssuer, map[string]any{"jti": "the same"})).Status,
		"an id is used up for one client alone")

	// Of many at one moment, one gets through.
	racing := key.form(t, c.ID, fleetIssuer, nil)
	statuses := make(chan int, 20)
	var wg sync.WaitGroup
	for i := range cap(statuses) {
		wg.Go(func() { statuses <- []*world{one, two}[i%2].post("/oauth2/token", racing).Status })
	}
	wg.Wait()
	close(statuses)
	accepted := 0
	for status := range statuses {
		if status == http.StatusOK {
			accepted++
		} else {
			assert.Equal(t, http.StatusBadRequest, status)
		}
	}
	assert.Equal(t, 1, accepted)
}
