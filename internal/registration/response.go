package registration

import (
	"encoding/json"
	"fmt"
	"net/http"

	"github.com/caddy-dcr/caddy-dcr/internal/application"
	"github.com/caddy-dcr/caddy-dcr/internal/jws"
	"github.com/caddy-dcr/caddy-dcr/internal/state"
	"github.com/caddy-dcr/caddy-dcr/internal/wire"
)

// Response is the answer to a registration: what the Adobe API documents, and
// what RFC 7591 section 3.2.1 adds to it.
type Response struct {
	ClientID string `json:"client_id"`
	// ClientSecret and ClientSecretExpiresAt are left out of the answer to a
	// client that has keys instead.
	ClientSecret string `json:"client_secret,omitempty"`
	// ClientIDIssuedAt is in seconds.
	ClientIDIssuedAt int64 `json:"client_id_issued_at"`
	// ClientSecretExpiresAt is zero, which is never.
	ClientSecretExpiresAt *int64 `json:"client_secret_expires_at,omitempty"`
	// RedirectURIs is never null: clients read an array.
	RedirectURIs []string `json:"redirect_uris"`
	GrantTypes   []string `json:"grant_types"`
	// ResponseTypes is an empty array, to clients of the RFC: there is no
	// authorization endpoint, and left out it would mean "code".
	ResponseTypes []string `json:"response_types,omitzero"`
	// Scopes and Scope say the same, to clients of Adobe's API and of the RFC.
	Scopes                  []string `json:"scopes"`
	Scope                   string   `json:"scope"`
	TokenEndpointAuthMethod string   `json:"token_endpoint_auth_method"`
	// JWKS are the keys that were registered, each with its algorithm.
	JWKS json.RawMessage `json:"jwks,omitempty"`
	// SoftwareStatement is the one that was used, unchanged: RFC 7591 section
	// 3.2.1 demands it, clients of the Adobe API are spared it.
	SoftwareStatement string `json:"software_statement,omitempty"`
	// The last two are for managing the registration (RFC 7592 section 3).
	RegistrationClientURI   string `json:"registration_client_uri,omitempty"`
	RegistrationAccessToken string `json:"registration_access_token,omitempty"`
}

// String keeps the secrets out of whatever prints the answer.
func (r Response) String() string { return "registration of client " + r.ClientID }

// GoString does so for %#v.
func (r Response) GoString() string { return r.String() }

// respond describes a client of the application.
func respond(c state.Client, app *application.Application) (Response, error) {
	r := Response{
		ClientID: c.ID.String(), ClientIDIssuedAt: c.CreatedAt / 1000,
		RedirectURIs: list(c.RedirectURIs), GrantTypes: []string{grantType},
		Scopes: list(app.Scopes.Values()), Scope: app.Scopes.String(),
		TokenEndpointAuthMethod: SecretBasic,
	}
	if len(c.Keys) == 0 {
		return r, nil
	}
	r.TokenEndpointAuthMethod = PrivateKeyJWT
	keys, err := c.PublicKeys()
	if err != nil {
		return Response{}, err
	}
	if r.JWKS, err = jws.JWKS(keys); err != nil {
		return Response{}, fmt.Errorf("writing the keys of client %s: %w", c.ID, err)
	}
	return r, nil
}

// list is never null in JSON.
func list(values []string) []string {
	if values == nil {
		return []string{}
	}
	return values
}

// Write answers a registration as a client of the profile expects it.
func (r Registration) Write(w http.ResponseWriter, p wire.Profile) {
	response := r.Response
	if p.EchoStatement {
		response.SoftwareStatement = r.statement
	}
	if p.ClientMetadata {
		response.ResponseTypes = []string{}
	}
	wire.WriteJSON(w, http.StatusCreated, response)
}
