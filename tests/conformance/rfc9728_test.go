package conformance

import (
	"bytes"
	"encoding/json"
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/caddy-dcr/caddy-dcr/tests/harness"
)

// resourceMetadata has every member of RFC 9728 section 2, and no other.
type resourceMetadata struct {
	Resource             string   `json:"resource"`
	AuthorizationServers []string `json:"authorization_servers"`
	JWKSURI              string   `json:"jwks_uri"`
	Scopes               []string `json:"scopes_supported"`
	BearerMethods        []string `json:"bearer_methods_supported"`
	Algorithms           []string `json:"resource_signing_alg_values_supported"`
	Name                 string   `json:"resource_name"`
	Documentation        string   `json:"resource_documentation"`
	Policy               string   `json:"resource_policy_uri"`
	Terms                string   `json:"resource_tos_uri"`
	Certificates         bool     `json:"tls_client_certificate_bound_access_tokens"`
	DetailTypes          []string `json:"authorization_details_types_supported"`
	DPoPAlgorithms       []string `json:"dpop_signing_alg_values_supported"`
	DPoPRequired         bool     `json:"dpop_bound_access_tokens_required"`
}

func TestRFC9728Section3_2AResourceSaysWhereItsTokensComeFrom(t *testing.T) {
	backend := harness.StartBackend(t, "backend")
	g := harness.Start(t, harness.Config{Site: `dcr_issuer
	dcr_proxy rest_v2 ` + backend.Addr + `
	dcr_proxy rest_v1 ` + backend.Addr + `
	dcr_proxy esm ` + backend.Addr + ` {
		scope reports:read
	}
	dcr_guard /own/* {
		route GET /own/x {
			scope x
		}
	}`})
	for path, want := range map[string]resourceMetadata{
		"/api/v2":    {Scopes: []string{"api:client:v2"}, BearerMethods: []string{"header"}},
		"/api/v1":    {Scopes: []string{"api:client:v1"}, BearerMethods: []string{"header"}},
		"/reggie/v1": {Scopes: []string{"api:client:v1"}, BearerMethods: []string{"header"}},
		"/esm":       {Scopes: []string{"reports:read"}, BearerMethods: []string{"header", "query"}},
	} {
		t.Run(path, func(t *testing.T) {
			answer := g.Do(http.MethodGet, "/.well-known/oauth-protected-resource"+path, "")
			require.Equal(t, http.StatusOK, answer.Status, answer.Body)
			assert.Equal(t, "application/json", answer.Header.Get("Content-Type"))
			assert.Equal(t, "public, max-age=300", answer.Header.Get("Cache-Control"))
			decoder := json.NewDecoder(bytes.NewReader([]byte(answer.Body)))
			decoder.DisallowUnknownFields()
			var m resourceMetadata
			require.NoError(t, decoder.Decode(&m))
			assert.NotEmpty(t, m.Name)
			want.Resource, want.AuthorizationServers, want.Name = g.URL+path, []string{g.URL}, m.Name
			assert.Equal(t, want, m, "section 3.3: the resource is the one that was asked about")
			assert.Equal(t, m.AuthorizationServers[0], discover(t, g, "/.well-known/oauth-authorization-server").Issuer)

			head := g.Do(http.MethodHead, "/.well-known/oauth-protected-resource"+path, "")
			assert.Equal(t, http.StatusOK, head.Status)
			post := g.Do(http.MethodPost, "/.well-known/oauth-protected-resource"+path, "")
			refused(t, post, http.StatusMethodNotAllowed, "method_not_allowed")
			assert.Equal(t, "GET, HEAD", post.Header.Get("Allow"))
		})
	}
	for _, path := range []string{"", "/", "/api", "/api/v2/", "/api/v2/x", "/own", "/sdk"} {
		assert.Equal(t, http.StatusNotFound, g.Do(http.MethodGet, "/.well-known/oauth-protected-resource"+path, "").Status, path)
	}
	backendSaw := backend.Seen()
	assert.Empty(t, backendSaw, "the documents are the gateway's own")
}
