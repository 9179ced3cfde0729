// Package token mints access tokens, verifies them, and remembers the ones
// that it has verified.
package token

import (
	"time"

	"github.com/google/uuid"

	"github.com/caddy-dcr/caddy-dcr/internal/revocation"
	"github.com/caddy-dcr/caddy-dcr/internal/scope"
)

// Grant is what an access token stands for: who may do what, until when, and
// everything whose end ends it. Times are Unix milliseconds by the store's
// clock, with which the times of kills are compared.
type Grant struct {
	TokenID, ClientID                   uuid.UUID
	ClientIssuedAt, IssuedAt, ExpiresAt int64
	// Lineage is never nil in a grant that this package gives out.
	*Lineage
}

// Lineage is the part of a grant that many tokens have in common. It may be
// shared and must not be changed.
type Lineage struct {
	ApplicationID, StatementID uuid.UUID
	// StatementIssuer is the name of the statement's issuer; our own for ours.
	StatementIssuer string
	// StatementKey refers to the key that signed the statement.
	StatementKey revocation.KeyRef
	Platform     string
	// KeyID names the key that signed the token; empty for an opaque one.
	KeyID  string
	Scopes scope.Set
}

// Expired says whether the time is over. There is no leeway: the token's times
// and now are both the store's, and clients are told how long a token lives.
// Whoever takes a grant from a [Cache] has to ask.
func (g Grant) Expired(now time.Time) bool { return now.UnixMilli() >= g.ExpiresAt }
