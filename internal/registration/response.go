package registration

import (
	"net/http"

	"github.com/caddy-dcr/caddy-dcr/internal/application"
	"github.com/caddy-dcr/caddy-dcr/internal/state"
	"github.com/caddy-dcr/caddy-dcr/internal/wire"
)

// Response is the answer to a registration: what the Adobe API documents, and
// what RFC 7591 section 3.2.1 adds to it.
type Response struct {
	ClientID     string `json:"client_id"`
	ClientSecret string `json:"client_secret"`
	// ClientIDIssuedAt is in seconds.
	ClientIDIssuedAt int64 `json:"client_id_issued_at"`
	// ClientSecretExpiresAt is zero, which is never.
	ClientSecretExpiresAt int64 `json:"client_secret_expires_at"`
	// RedirectURIs is never null: clients read an array.
	RedirectURIs []string `json:"redirect_uris"`
	GrantTypes   []string `json:"grant_types"`
	// Scopes and Scope say the same, to clients of Adobe's API and of the RFC.
	Scopes                  []string `json:"scopes"`
	Scope                   string   `json:"scope"`
	TokenEndpointAuthMethod string   `json:"token_endpoint_auth_method"`
	// SoftwareStatement is the one that was used, unchanged: RFC 7591 section
	// 3.2.1 demands it, clients of the Adobe API are spared it.
	SoftwareStatement string `json:"software_statement,omitempty"`
}

// String keeps the secret out of whatever prints the answer.
func (r Response) String() string { return "registration of client " + r.ClientID }

// GoString does so for %#v.
func (r Response) GoString() string { return r.String() }

func respond(c state.Client, secret string, app *application.Application) Response {
	r := Response{
		ClientID: c.ID.String(), ClientSecret: secret, ClientIDIssuedAt: c.CreatedAt / 1000,
		RedirectURIs: c.RedirectURIs, GrantTypes: []string{"client_credentials"},
		Scopes: app.Scopes.Values(), Scope: app.Scopes.String(),
		TokenEndpointAuthMethod: "client_secret_basic",
	}
	if r.RedirectURIs == nil {
		r.RedirectURIs = []string{}
	}
	if r.Scopes == nil {
		r.Scopes = []string{}
	}
	return r
}

// Write answers a registration as a client of the profile expects it.
func (r Registration) Write(w http.ResponseWriter, p wire.Profile) {
	response := r.Response
	if p.EchoStatement {
		response.SoftwareStatement = r.statement
	}
	wire.WriteJSON(w, http.StatusCreated, response)
}
