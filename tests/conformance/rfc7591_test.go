package conformance

import (
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestRFC7591Section3_2_1AClientIsToldWhatWasRegistered(t *testing.T) {
	overStores(t, "", func(t *testing.T, w *world) {
		answer := w.postRegister(map[string]any{
			"redirect_uris": []string{"https://app.example.com/done"}, "token_endpoint_auth_method": "client_secret_basic",
			"grant_types": []string{"client_credentials"}, "client_name": "x", "software_id": "y", "unheard_of": map[string]any{"a": nil},
		})
		require.Equal(t, http.StatusCreated, answer.Status, answer.Body)
		kept(t, answer)
		assert.Equal(t, "application/json;charset=UTF-8", answer.Header.Get("Content-Type"))
		body := answer.JSON(t)
		assert.Regexp(t, `^[0-9a-f-]{36}$`, body["client_id"])
		assert.Regexp(t, `^[A-Za-z0-9_-]{43,}$`, body["client_secret"])
		assert.InDelta(t, time.Now().Unix(), body["client_id_issued_at"], 60)
		assert.EqualValues(t, 0, body["client_secret_expires_at"], "required with a secret; 0 is never")
		assert.Equal(t, []any{"https://app.example.com/done"}, body["redirect_uris"])
		assert.Equal(t, []any{"client_credentials"}, body["grant_types"])
		assert.Equal(t, []any{}, body["response_types"])
		assert.Equal(t, "analytics:client api:client:v2", body["scope"])
		assert.Equal(t, "client_secret_basic", body["token_endpoint_auth_method"])
		assert.Equal(t, w.statement, body["software_statement"], "returned unmodified")
		assert.NotContains(t, body, "client_name", "what is not registered is not returned")

		again := w.postRegister(nil).JSON(t)
		assert.NotEqual(t, body["client_id"], again["client_id"], "an id is never given out twice")
	})
}

func TestRFC7591Section3_1_1WhatTheStatementSaysWins(t *testing.T) {
	overStores(t, "", func(t *testing.T, w *world) {
		answer := w.postRegister(map[string]any{
			"client_id": "mine", "client_secret": "mine", "scope": "everything decisions:owner", "scopes": []string{"everything"},
			"grant_types": []string{"client_credentials", "password"}, "response_types": []string{"code"}, "client_id_issued_at": 1, "client_secret_expires_at": 1,
			"registration_access_token": "mine", "registration_client_uri": "https://evil.example/",
		})
		require.Equal(t, http.StatusCreated, answer.Status, answer.Body)
		body := answer.JSON(t)
		assert.NotEqual(t, "mine", body["client_id"])
		assert.NotEqual(t, "mine", body["client_secret"])
		assert.Equal(t, "analytics:client api:client:v2", body["scope"])
		assert.Equal(t, []any{"client_credentials"}, body["grant_types"])
		assert.Equal(t, []any{}, body["response_types"])
		assert.EqualValues(t, 0, body["client_secret_expires_at"])
		assert.True(t, strings.HasPrefix(body["registration_client_uri"].(string), w.URL+"/oauth2/register/"))
	})
}

func TestRFC7591Section3_2_2EveryErrorHasItsCode(t *testing.T) {
	overStores(t, "", func(t *testing.T, w *world) {
		revoked := w.CreateApp(appOfChannel())
		orphan := w.IssueStatement(revoked)
		w.MustDCR("app", "revoke", revoked)
		forged := w.statement[:strings.LastIndex(w.statement, ".")+1] + strings.Repeat("A", 342)
		for name, c := range map[string]struct {
			members map[string]any
			code    string
		}{
			"a redirect to a stranger":     {map[string]any{"redirect_uris": []string{"https://evil.example/"}}, "invalid_redirect_uri"},
			"one bad redirect of two":      {map[string]any{"redirect_uris": []string{"https://example.com/", "http://example.com/"}}, "invalid_redirect_uri"},
			"a public client":              {map[string]any{"token_endpoint_auth_method": "none"}, "invalid_client_metadata"},
			"a method that is not offered": {map[string]any{"token_endpoint_auth_method": "client_secret_jwt"}, "invalid_client_metadata"},
			"grants that are not offered":  {map[string]any{"grant_types": []string{"authorization_code"}}, "invalid_client_metadata"},
			"keys at an address":           {map[string]any{"jwks_uri": "https://example.com/jwks"}, "invalid_client_metadata"},
			"a method that needs keys":     {map[string]any{"token_endpoint_auth_method": "private_key_jwt"}, "invalid_client_metadata"},
			"keys that are none":           {map[string]any{"token_endpoint_auth_method": "private_key_jwt", "jwks": map[string]any{"keys": []any{}}}, "invalid_client_metadata"},
			"a forged statement":           {map[string]any{"software_statement": forged}, "invalid_software_statement"},
			"a statement that is no JWT":   {map[string]any{"software_statement": "x"}, "invalid_software_statement"},
			"a revoked application":        {map[string]any{"software_statement": orphan}, "unapproved_software_statement"},
			"no statement":                 {map[string]any{"software_statement": ""}, "invalid_request"},
			"a statement of another type":  {map[string]any{"software_statement": []string{"x"}}, "invalid_request"},
			"redirects of another type":    {map[string]any{"redirect_uris": "https://example.com/"}, "invalid_request"},
			"keys of another type":         {map[string]any{"token_endpoint_auth_method": "private_key_jwt", "jwks": "x"}, "invalid_request"},
		} {
			t.Run(name, func(t *testing.T) { refused(t, w.postRegister(c.members), 400, c.code) })
		}
	})
}

func TestRFC7591Section3_1WhatIsNotOneStrictObjectIsRefused(t *testing.T) {
	overStores(t, "", func(t *testing.T, w *world) {
		good := fmt.Sprintf(`{"software_statement":%q}`, w.statement)
		with := func(members string) string { return strings.TrimSuffix(good, "}") + members + "}" }
		const kind = "application/json"
		for name, r := range map[string]struct{ kind, body string }{
			"a form":               {"application/x-www-form-urlencoded", "software_statement=" + w.statement},
			"text":                 {"text/plain", good},
			"no type":              {"", good},
			"an array":             {kind, "[" + good + "]"},
			"two objects":          {kind, good + good},
			"cut short":            {kind, good[:len(good)-1]},
			"a member twice":       {kind, with(`,"software_statement":"x"`)},
			"an unknown one twice": {kind, with(`,"x":1,"x":1`)},
			"one twice in jwks":    {kind, with(`,"jwks":{"keys":[],"keys":[]}`)},
			"17 levels":            {kind, with(`,"x":` + strings.Repeat("[", 16) + strings.Repeat("]", 16))},
			"not UTF-8":            {kind, with(",\"x\":\"\xff\"")},
			"more than 64 KiB":     {kind, with(`,"x":"` + strings.Repeat("x", 70_000) + `"`)},
		} {
			t.Run(name, func(t *testing.T) {
				var headers []string
				if r.kind != "" {
					headers = append(headers, "Content-Type: "+r.kind)
				}
				refused(t, w.Do(http.MethodPost, "/oauth2/register", r.body, headers...), 400, "invalid_request")
			})
		}
	})
}

// The record of a client with a private key is refused before it is stored,
// and nothing that a client names is ever fetched.
func TestRFC7591Section5NothingThatAClientNamesIsFetched(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { listener.Close() })
	var visits atomic.Int32
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			visits.Add(1)
			conn.Close()
		}
	}()
	overStores(t, "", func(t *testing.T, w *world) {
		there := "http://" + listener.Addr().String() + "/x"
		named := map[string]any{"client_uri": there, "logo_uri": there, "tos_uri": there, "policy_uri": there, "sector_identifier_uri": there, "initiate_login_uri": there}
		require.Equal(t, http.StatusCreated, w.postRegister(named).Status)
		named["jwks_uri"] = there
		refused(t, w.postRegister(named), 400, "invalid_client_metadata")
		key := newKey(t)
		c := w.register(t, key.metadata())
		form := key.form(t, c.ID, w.URL, map[string]any{"jku": there, "iss": c.ID})
		require.Equal(t, http.StatusOK, w.post("/oauth2/token", form).Status)
		refused(t, w.post("/oauth2/token", key.form(t, there, w.URL, nil)), 400, "invalid_client")
	})
	assert.Zero(t, visits.Load())
}

func TestRFC7591Section2TheKeysOfAClientAreStrong(t *testing.T) {
	overStores(t, "", func(t *testing.T, w *world) {
		key := newKey(t)
		answer := w.postRegister(key.metadata())
		require.Equal(t, http.StatusCreated, answer.Status, answer.Body)
		var body struct {
			JWKS json.RawMessage `json:"jwks"`
		}
		require.NoError(t, json.Unmarshal([]byte(answer.Body), &body))
		keys := set(t, string(body.JWKS)).Keys
		require.Len(t, keys, 1)
		assert.Equal(t, key.private.Public(), keys[0].Key)
		assert.Equal(t, "ES256", keys[0].Algorithm)

		for name, jwk := range map[string]string{
			"a private key":     `{"kty":"EC","crv":"P-256","d":"AAAA","x":"AAAA","y":"AAAA"}`,
			"a shared secret":   `{"kty":"oct","k":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}`,
			"a short RSA key":   `{"kty":"RSA","e":"AQAB","n":"` + strings.Repeat("_", 171) + `"}`,
			"an exponent of 3":  `{"kty":"RSA","e":"Aw","n":"` + strings.Repeat("_", 342) + `"}`,
			"a point elsewhere": `{"kty":"EC","crv":"P-256","x":"` + strings.Repeat("A", 43) + `","y":"` + strings.Repeat("A", 43) + `"}`,
			"another curve":     `{"kty":"EC","crv":"secp256k1","x":"` + strings.Repeat("A", 43) + `","y":"` + strings.Repeat("A", 43) + `"}`,
			"no algorithm":      `{"kty":"RSA","alg":"none","e":"AQAB","n":"` + strings.Repeat("_", 342) + `"}`,
		} {
			t.Run(name, func(t *testing.T) {
				refused(t, w.postRegister(map[string]any{
					"token_endpoint_auth_method": "private_key_jwt", "jwks": json.RawMessage(`{"keys":[` + jwk + `]}`),
				}), 400, "invalid_client_metadata")
			})
		}
	})
}
