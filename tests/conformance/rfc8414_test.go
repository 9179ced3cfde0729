package conformance

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/caddy-dcr/caddy-dcr/tests/harness"
)

// serverMetadata has every member of RFC 8414 section 2, and no other.
type serverMetadata struct {
	Issuer                  string   `json:"issuer"`
	AuthorizationEndpoint   string   `json:"authorization_endpoint"`
	TokenEndpoint           string   `json:"token_endpoint"`
	JWKSURI                 string   `json:"jwks_uri"`
	RegistrationEndpoint    string   `json:"registration_endpoint"`
	ScopesSupported         []string `json:"scopes_supported"`
	ResponseTypesSupported  []string `json:"response_types_supported"`
	ResponseModesSupported  []string `json:"response_modes_supported"`
	GrantTypesSupported     []string `json:"grant_types_supported"`
	TokenMethods            []string `json:"token_endpoint_auth_methods_supported"`
	TokenAlgorithms         []string `json:"token_endpoint_auth_signing_alg_values_supported"`
	ServiceDocumentation    string   `json:"service_documentation"`
	UILocales               []string `json:"ui_locales_supported"`
	PolicyURI               string   `json:"op_policy_uri"`
	TermsURI                string   `json:"op_tos_uri"`
	RevocationEndpoint      string   `json:"revocation_endpoint"`
	RevocationMethods       []string `json:"revocation_endpoint_auth_methods_supported"`
	RevocationAlgorithms    []string `json:"revocation_endpoint_auth_signing_alg_values_supported"`
	IntrospectionEndpoint   string   `json:"introspection_endpoint"`
	IntrospectionMethods    []string `json:"introspection_endpoint_auth_methods_supported"`
	IntrospectionAlgorithms []string `json:"introspection_endpoint_auth_signing_alg_values_supported"`
	CodeChallengeMethods    []string `json:"code_challenge_methods_supported"`
	SignedMetadata          string   `json:"signed_metadata"`
}

func discover(t *testing.T, g *harness.Gateway, path string) serverMetadata {
	t.Helper()
	answer := g.Do(http.MethodGet, path, "")
	require.Equal(t, http.StatusOK, answer.Status, answer.Body)
	assert.Equal(t, "application/json", answer.Header.Get("Content-Type"))
	assert.Equal(t, "public, max-age=300", answer.Header.Get("Cache-Control"))
	decoder := json.NewDecoder(bytes.NewReader([]byte(answer.Body)))
	decoder.DisallowUnknownFields()
	var m serverMetadata
	require.NoError(t, decoder.Decode(&m))
	return m
}

func TestRFC8414Section2EveryMemberIsTrue(t *testing.T) {
	overStores(t, "", func(t *testing.T, w *world) {
		m := discover(t, w.Gateway, "/.well-known/oauth-authorization-server")
		methods := []string{"client_secret_basic", "client_secret_post", "private_key_jwt"}
		algorithms := []string{"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"}
		assert.Equal(t, serverMetadata{
			Issuer: w.URL, TokenEndpoint: w.URL + "/oauth2/token", JWKSURI: w.URL + "/.well-known/jwks.json",
			RegistrationEndpoint: w.URL + "/oauth2/register", ScopesSupported: []string{"api:client:v2"},
			ResponseTypesSupported: []string{}, GrantTypesSupported: []string{"client_credentials"},
			TokenMethods: methods, TokenAlgorithms: algorithms,
			RevocationEndpoint: w.URL + "/oauth2/revoke", RevocationMethods: methods, RevocationAlgorithms: algorithms,
			IntrospectionEndpoint: w.URL + "/oauth2/introspect", IntrospectionMethods: methods, IntrospectionAlgorithms: algorithms,
		}, m)

		// Whoever knows the issuer alone gets all the way.
		path := func(url string) string { return strings.TrimPrefix(url, w.URL) }
		require.NotEmpty(t, set(t, w.Do(http.MethodGet, path(m.JWKSURI), "").Body).Keys)
		c := w.register(t, nil)
		token := w.post(path(m.TokenEndpoint), grant, c.basic())
		require.Equal(t, http.StatusOK, token.Status)
		raw := token.JSON(t)["access_token"].(string)
		assert.Equal(t, http.StatusOK, w.post(path(m.IntrospectionEndpoint), pairs("token", raw), c.basic()).Status)
		assert.Equal(t, http.StatusOK, w.post(path(m.RevocationEndpoint), pairs("token", raw), c.basic()).Status)
	})
}

func TestRFC8414Section3TheDocumentIsReadAndNotChanged(t *testing.T) {
	overStores(t, "", func(t *testing.T, w *world) {
		const path = "/.well-known/oauth-authorization-server"
		head := w.Do(http.MethodHead, path, "")
		assert.Equal(t, http.StatusOK, head.Status)
		assert.Empty(t, head.Body)
		for _, method := range []string{http.MethodPost, http.MethodPut, http.MethodDelete} {
			answer := w.Do(method, path, "")
			assert.Equal(t, http.StatusMethodNotAllowed, answer.Status)
			assert.Equal(t, "GET, HEAD", answer.Header.Get("Allow"))
		}
	})
}

const elsewhere = `{
	admin localhost:{ADMIN}
	auto_https off
	storage file_system {DIR}/caddy
	dcr {
		issuer http://127.0.0.1:{HTTP}/tenant1
		store bolt {DIR}/dcr
		allow_http
	}
}

http://127.0.0.1:{HTTP} {
	dcr_issuer {
		standards {PATH}
	}
	respond 418
}
`

func TestRFC8414Section3_1AnIssuerMayHaveAPath(t *testing.T) {
	g := harness.Start(t, harness.Config{Caddyfile: strings.Replace(elsewhere, "{PATH}", "/tenant1/oauth2", 1)})
	m := discover(t, g, "/.well-known/oauth-authorization-server/tenant1")
	assert.Equal(t, g.URL+"/tenant1", m.Issuer)
	assert.Equal(t, g.URL+"/tenant1/oauth2/token", m.TokenEndpoint)
	w := &world{Gateway: g}
	w.enrol()
	answer := w.Do(http.MethodPost, "/tenant1/oauth2/register", `{"software_statement":"`+w.statement+`"}`, "Content-Type: application/json")
	require.Equal(t, http.StatusCreated, answer.Status, answer.Body)
	assert.True(t, strings.HasPrefix(answer.JSON(t)["registration_client_uri"].(string), g.URL+"/tenant1/oauth2/register/"))
	for _, path := range []string{"/.well-known/oauth-authorization-server", "/tenant1/.well-known/oauth-authorization-server", "/oauth2/token"} {
		assert.Equal(t, http.StatusTeapot, g.Do(http.MethodGet, path, "").Status, "%s is none of the issuer's", path)
	}
}

func TestTheStandardsProfileCanBeSwitchedOff(t *testing.T) {
	g := harness.Start(t, harness.Config{Caddyfile: strings.Replace(elsewhere, "{PATH}", "off", 1)})
	for _, path := range []string{"/oauth2/token", "/oauth2/register", "/.well-known/oauth-authorization-server/tenant1"} {
		assert.Equal(t, http.StatusTeapot, g.Do(http.MethodPost, path, "").Status, path)
	}
	assert.Equal(t, http.StatusBadRequest, g.Do(http.MethodPost, "/o/client/token", "").Status)
	assert.Equal(t, http.StatusOK, g.Do(http.MethodGet, "/.well-known/jwks.json", "").Status)
}

// Under the path of the standards profile nothing else answers, whatever
// follows in the site.
func TestWhatIsNoStandardsEndpointIsNotFound(t *testing.T) {
	g := harness.Start(t, harness.Config{Caddyfile: strings.Replace(elsewhere, "{PATH}", "/oauth2", 1)})
	for _, path := range []string{"/oauth2", "/oauth2/", "/oauth2/authorize", "/oauth2/token/", "/oauth2/token/x", "/oauth2/register/", "/oauth2/register/a/b", "/oauth2/Token"} {
		for _, method := range []string{http.MethodGet, http.MethodPost} {
			refused(t, g.Do(method, path, ""), http.StatusNotFound, "not_found")
		}
	}
	assert.Equal(t, http.StatusTeapot, g.Do(http.MethodGet, "/oauth2x", "").Status)
}
