// Package metadata describes the gateway to OAuth clients that look before
// they call.
package metadata

import (
	"net/url"
	"strings"

	"github.com/caddy-dcr/caddy-dcr/internal/jws"
	"github.com/caddy-dcr/caddy-dcr/internal/registration"
)

// AtServer and AtResource are the well-known names of the two documents (RFC
// 8414 section 3, RFC 9728 section 3).
const (
	AtServer   = "/.well-known/oauth-authorization-server"
	AtResource = "/.well-known/oauth-protected-resource"
)

// Server is the metadata of an authorization server, by RFC 8414 section 2.
// What is not here is not offered; an authorization endpoint is needed by no
// grant that there is.
type Server struct {
	Issuer                string   `json:"issuer"`
	TokenEndpoint         string   `json:"token_endpoint"`
	JWKSURI               string   `json:"jwks_uri"`
	RegistrationEndpoint  string   `json:"registration_endpoint"`
	RevocationEndpoint    string   `json:"revocation_endpoint"`
	IntrospectionEndpoint string   `json:"introspection_endpoint"`
	ScopesSupported       []string `json:"scopes_supported,omitempty"`
	// ResponseTypesSupported is required by section 2, and empty here, which
	// section 3.2 has no form for. Readers fail over what is missing.
	ResponseTypesSupported []string `json:"response_types_supported"`
	GrantTypesSupported    []string `json:"grant_types_supported"`

	TokenAuthMethods         []string `json:"token_endpoint_auth_methods_supported"`
	TokenAuthAlgorithms      []string `json:"token_endpoint_auth_signing_alg_values_supported"`
	RevocationAuthMethods    []string `json:"revocation_endpoint_auth_methods_supported"`
	RevocationAuthAlgorithms []string `json:"revocation_endpoint_auth_signing_alg_values_supported"`
	IntrospectionAuthMethods []string `json:"introspection_endpoint_auth_methods_supported"`
	IntrospectionAlgorithms  []string `json:"introspection_endpoint_auth_signing_alg_values_supported"`
}

// Endpoints are the addresses of a server.
type Endpoints struct {
	Token, Keys, Registration, Revocation, Introspection string
}

// OfServer describes the server of that name.
func OfServer(issuer string, at Endpoints, scopes []string) Server {
	methods, algorithms := registration.AuthMethods, assertionAlgorithms()
	return Server{
		Issuer: issuer, TokenEndpoint: at.Token, JWKSURI: at.Keys, RegistrationEndpoint: at.Registration,
		RevocationEndpoint: at.Revocation, IntrospectionEndpoint: at.Introspection,
		ScopesSupported: scopes, ResponseTypesSupported: []string{}, GrantTypesSupported: []string{"client_credentials"},
		TokenAuthMethods: methods, TokenAuthAlgorithms: algorithms,
		RevocationAuthMethods: methods, RevocationAuthAlgorithms: algorithms,
		IntrospectionAuthMethods: methods, IntrospectionAlgorithms: algorithms,
	}
}

// assertionAlgorithms are those that a client may sign with.
func assertionAlgorithms() []string {
	var names []string
	for _, alg := range jws.Algorithms {
		if !alg.Symmetric() {
			names = append(names, string(alg))
		}
	}
	return names
}

// Path is where the document about an identifier lies on its own host: the
// well-known name stands between the host and the identifier's path (RFC 8414
// section 3.1, RFC 9728 section 3.1).
func Path(wellKnown string, identifier *url.URL) string {
	return wellKnown + strings.TrimSuffix(identifier.Path, "/")
}
