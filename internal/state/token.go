package state

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/caddy-dcr/caddy-dcr/plugins"
)

const tokenPrefix = "t/"

// TokenKey is an opaque access token's hash. It is what the token is stored
// and found by; the token itself never is. Tokens have 256 random bits, so a
// plain hash gives nothing away.
type TokenKey [sha256.Size]byte

// TokenKeyOf hashes an opaque token.
func TokenKeyOf(raw string) TokenKey { return sha256.Sum256([]byte(raw)) }

// ID is the token's id, which may be shown: a part of the hash in the form of
// a random UUID.
func (k TokenKey) ID() uuid.UUID {
	id := uuid.UUID(k[:16])
	id[6] = id[6]&0x0f | 0x40
	id[8] = id[8]&0x3f | 0x80
	return id
}

// key names the record by another part of the hash than the public id.
func (k TokenKey) key() string {
	return tokenPrefix + base64.RawURLEncoding.EncodeToString(k[16:])
}

// Token is what stands behind an opaque access token; a JWT needs no record.
// Whose client's it is says where it descends from. It is small because there
// are millions of them.
type Token struct {
	ClientID uuid.UUID
	// Scope is the granted scope.
	Scope string
	// The times are Unix milliseconds by the store's clock.
	IssuedAt, ExpiresAt int64
	// Issuer and Audience bind the token to the gateway that issued it, as
	// the claims of the same names do in a JWT. They are stored as a hash.
	Issuer, Audience string
}

type tokenRecord struct {
	Check     [8]byte   `cbor:"1,keyasint"`
	ClientID  uuid.UUID `cbor:"2,keyasint"`
	Scope     string    `cbor:"3,keyasint,omitempty"`
	IssuedAt  int64     `cbor:"4,keyasint"`
	ExpiresAt int64     `cbor:"5,keyasint"`
	Binding   [8]byte   `cbor:"6,keyasint"`
}

func (t Token) binding() [8]byte {
	sum := sha256.Sum256([]byte(t.Issuer + "\x00" + t.Audience))
	return [8]byte(sum[:8])
}

func encodeToken(k TokenKey, t Token) ([]byte, error) {
	return encode(kindToken, tokenRecord{
		Check: [8]byte(k[:8]), ClientID: t.ClientID, Scope: t.Scope,
		IssuedAt: t.IssuedAt, ExpiresAt: t.ExpiresAt, Binding: t.binding(),
	})
}

// PutToken stores an opaque token's record for as long as the token lives.
func (r Records) PutToken(ctx context.Context, k TokenKey, t Token, ttl time.Duration) error {
	value, err := encodeToken(k, t)
	if err != nil {
		return err
	}
	return r.Store.Put(ctx, plugins.Write{Key: k.key(), Value: value, TTL: ttl, If: plugins.IfAbsent})
}

// Token reads the record behind an opaque token, if the issuer gave it out for
// the audience. It returns [ErrNotFound] when there is none, or none any more.
func (r Records) Token(ctx context.Context, k TokenKey, issuer, audience string) (Token, error) {
	value, err := getOne(ctx, r.Store, k.key())
	if err != nil {
		return Token{}, fmt.Errorf("opaque token %s: %w", k.ID(), err)
	}
	var record tokenRecord
	if err := decode(kindToken, value, &record); err != nil {
		return Token{}, fmt.Errorf("opaque token %s: %w", k.ID(), err)
	}
	if record.Check != [8]byte(k[:8]) {
		return Token{}, fmt.Errorf("opaque token %s: the store answered with the record of another: %w", k.ID(), plugins.ErrUnavailable)
	}
	t := Token{
		ClientID: record.ClientID, Scope: record.Scope,
		IssuedAt: record.IssuedAt, ExpiresAt: record.ExpiresAt, Issuer: issuer, Audience: audience,
	}
	if record.Binding != t.binding() {
		return Token{}, fmt.Errorf("opaque token %s is of another issuer or audience: %w", k.ID(), ErrNotFound)
	}
	return t, nil
}
