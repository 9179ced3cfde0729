// Package wire puts the answers of the client endpoints into HTTP.
package wire

import (
	"net/http"
	"strings"

	"github.com/caddy-dcr/caddy-dcr/internal/oautherr"
)

// Profile is one of the two dialects that the client endpoints speak. The
// same services stand behind both.
type Profile struct {
	// QueryParameters lets the token endpoint's parameters, credentials
	// included, come in the query as well as in the body. RFC 6749 section
	// 2.3.1 forbids it; clients of the Adobe API do it.
	QueryParameters bool
	// TokenStatus is the status of an issued token.
	TokenStatus int
	// Unauthorized answers 401 when HTTP Basic was tried and the client is
	// invalid, as RFC 6749 section 5.2 demands. Else it is 400, like every
	// other error, because that is what clients of the Adobe API know.
	Unauthorized bool
	// AlwaysUnauthorized answers 401, with the challenge, whenever the caller
	// is not who it says or says nothing (RFC 7662 section 2.3): it is a
	// server, which no such answer sends away to register again.
	AlwaysUnauthorized bool
	// EchoStatement returns the software statement with the credentials, as
	// RFC 7591 section 3.2.1 demands; it is large, and clients of the Adobe
	// API do not expect it.
	EchoStatement bool
	// ClientMetadata heeds what a client says about itself when it registers
	// (RFC 7591 section 2), as far as that is the client's to say. Clients of
	// the Adobe API say nothing.
	ClientMetadata bool
}

var (
	// Adobe is what clients of the Adobe API expect.
	Adobe = Profile{QueryParameters: true, TokenStatus: http.StatusCreated}
	// Standard is what the RFCs say.
	Standard = Profile{TokenStatus: http.StatusOK, Unauthorized: true, EchoStatement: true, ClientMetadata: true}
	// Introspection is Standard where servers call.
	Introspection = Profile{TokenStatus: http.StatusOK, Unauthorized: true, AlwaysUnauthorized: true}
)

// status is the HTTP status of an error. The challenge goes with invalid_client
// when the client tried HTTP Basic, and else only where every such answer is
// 401: others would have a browser ask its user for a password.
func (p Profile) status(r *http.Request, e *oautherr.Error) (status int, challenge bool) {
	if e.Code != oautherr.InvalidClient || !p.AlwaysUnauthorized && !triedBasic(r) {
		return e.Code.Status(), false
	}
	if p.Unauthorized {
		return http.StatusUnauthorized, true
	}
	return e.Code.Status(), true
}

// StatusOf is the HTTP status with which the profile answers err.
func (p Profile) StatusOf(r *http.Request, err error) int {
	status, _ := p.status(r, oautherr.From(err))
	return status
}

func triedBasic(r *http.Request) bool {
	for _, value := range r.Header.Values("Authorization") {
		if scheme, _, _ := strings.Cut(strings.TrimSpace(value), " "); strings.EqualFold(scheme, "Basic") {
			return true
		}
	}
	return false
}
