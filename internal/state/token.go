package state

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/caddy-dcr/caddy-dcr/plugins"
)

const tokenPrefix = "t/"

// Token is what stands behind an opaque access token. A JWT needs no record.
type Token struct {
	// Key is the token's hash; the token itself is never stored.
	Key             string    `cbor:"1,keyasint"`
	ID              uuid.UUID `cbor:"2,keyasint"`
	ClientID        uuid.UUID `cbor:"3,keyasint"`
	ApplicationID   uuid.UUID `cbor:"4,keyasint"`
	StatementID     uuid.UUID `cbor:"5,keyasint"`
	StatementIssuer string    `cbor:"6,keyasint,omitempty"`
	Platform        string    `cbor:"7,keyasint,omitempty"`
	Scope           string    `cbor:"8,keyasint,omitempty"`
	// The times are Unix milliseconds by the store's clock.
	ClientIssuedAt int64 `cbor:"9,keyasint"`
	IssuedAt       int64 `cbor:"10,keyasint"`
	ExpiresAt      int64 `cbor:"11,keyasint"`
	// Issuer and Audience bind the token to the gateway that issued it, as
	// the claims of the same names do in a JWT.
	Issuer   string `cbor:"12,keyasint"`
	Audience string `cbor:"13,keyasint"`
}

// PutToken stores an opaque token's record for as long as the token lives.
func (r Records) PutToken(ctx context.Context, t Token, ttl time.Duration) error {
	value, err := encode(kindToken, t)
	if err != nil {
		return err
	}
	return r.Store.Put(ctx, plugins.Write{Key: tokenPrefix + t.Key, Value: value, TTL: ttl, If: plugins.IfAbsent})
}

// Token reads the record behind an opaque token by the token's hash. It
// returns [ErrNotFound] when there is none, or none any more.
func (r Records) Token(ctx context.Context, key string) (Token, error) {
	value, err := getOne(ctx, r.Store, tokenPrefix+key)
	if err != nil {
		return Token{}, fmt.Errorf("opaque token: %w", err)
	}
	var t Token
	if err := decode(kindToken, value, &t); err != nil {
		return Token{}, fmt.Errorf("opaque token: %w", err)
	}
	if t.Key != key {
		return Token{}, fmt.Errorf("opaque token: the store answered with the record of another: %w", plugins.ErrUnavailable)
	}
	return t, nil
}
