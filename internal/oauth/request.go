// Package oauth is what a registered client can do with its credentials: get
// access tokens, ask about them, and give them back.
package oauth

import (
	"fmt"
	"net/http"

	"github.com/caddy-dcr/caddy-dcr/internal/oautherr"
	"github.com/caddy-dcr/caddy-dcr/internal/wire"
)

// GrantClientCredentials is the one grant (RFC 6749 section 4.4).
const GrantClientCredentials = "client_credentials"

// TokenRequest is a well-formed request for a token.
type TokenRequest struct {
	Credentials
	// Scope is empty when the client leaves it to us.
	Scope string
}

// String keeps the secret out of whatever prints the request.
func (q TokenRequest) String() string { return fmt.Sprintf("token request of client %q", q.ClientID) }

// GoString does so for %#v.
func (q TokenRequest) GoString() string { return q.String() }

var ofTokenRequest = append([]parameter{pGrantType, pScope}, authentication...)

// ReadTokenRequest reads a request for a token as the profile lets it be
// written. Errors are protocol errors.
func ReadTokenRequest(r *http.Request, p wire.Profile) (TokenRequest, error) {
	found, query, err := readParameters(r, p, ofTokenRequest)
	if err != nil {
		return TokenRequest{}, err
	}
	credentials, err := readCredentials(r.Header, p, found, query)
	if err != nil {
		return TokenRequest{}, err
	}
	switch found[pGrantType] {
	case GrantClientCredentials:
	case "":
		return TokenRequest{}, invalid("grant_type is missing")
	default:
		return TokenRequest{}, oautherr.New(oautherr.UnsupportedGrantType, "grant_type must be client_credentials")
	}
	return TokenRequest{Credentials: credentials, Scope: found[pScope]}, nil
}

func invalid(description string) error { return oautherr.New(oautherr.InvalidRequest, description) }
