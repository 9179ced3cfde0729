package oauth

import (
	"net/http"
	"time"

	"github.com/caddy-dcr/caddy-dcr/internal/scope"
	"github.com/caddy-dcr/caddy-dcr/internal/wire"
)

// TokenResponse is the answer with a token: RFC 6749 section 5.1, and what the
// Adobe API adds to it.
type TokenResponse struct {
	// ID names the token in logs and kills. It is no secret.
	ID          string `json:"id"`
	AccessToken string `json:"access_token"`
	// CreatedAt is in milliseconds, ExpiresIn in seconds.
	CreatedAt int64  `json:"created_at"`
	ExpiresIn int64  `json:"expires_in"`
	TokenType string `json:"token_type"`
	// Scope is what was granted.
	Scope string `json:"scope,omitempty"`
}

// String keeps the token out of whatever prints the answer.
func (r TokenResponse) String() string { return "token " + r.ID }

// GoString does so for %#v.
func (r TokenResponse) GoString() string { return r.String() }

func respond(m Minted, granted scope.Set) TokenResponse {
	return TokenResponse{
		ID: m.ID.String(), AccessToken: m.Token, CreatedAt: m.IssuedAt.UnixMilli(),
		ExpiresIn: int64(m.ExpiresAt.Sub(m.IssuedAt) / time.Second), TokenType: "bearer", Scope: granted.String(),
	}
}

// Write answers the request as a client of the profile expects it.
func (i Issued) Write(w http.ResponseWriter, p wire.Profile) {
	wire.WriteJSON(w, p.TokenStatus, i.Response)
}
