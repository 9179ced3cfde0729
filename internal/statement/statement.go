// Package statement issues software statements (RFC 7591 section 2.3) and
// decides which ones to believe.
package statement

import (
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/caddy-dcr/caddy-dcr/internal/jws"
)

// Type is the typ of the statements that we sign. An access token has another,
// so neither is ever taken for the other (RFC 8725 section 3.11).
const Type = "software-statement+jwt"

// DefaultLeeway is how far two clocks may differ.
const DefaultLeeway = time.Minute

// ErrInvalid is wrapped when, and only when, the statement is at fault. The
// text says why and quotes nothing, so that it may stand in a log.
var ErrInvalid = errors.New("invalid software statement")

// Statement is what a statement says, once it was believed.
type Statement struct {
	// ID is the jti of a statement of ours. Others' statements need not have
	// one, so theirs is made of the first 16 bytes of the SHA-256 of the signed
	// text, header and claims, as a UUID of version 8 (RFC 9562 section 5.8):
	// the same text always has the same id, and can be revoked by it.
	ID            uuid.UUID
	ApplicationID uuid.UUID
	// Issuer is who issued it, by name; our own name for ours.
	Issuer string
	// KeyID names the key that signed it: the kid of our own, and the RFC 7638
	// thumbprint of others', who could give theirs the name of one of ours.
	KeyID string
	// ExpiresAt is zero for a statement that does not expire.
	IssuedAt, NotBefore, ExpiresAt time.Time
}

// Minter issues statements. All fields must be set.
type Minter struct {
	Issuer string
	// Key gives the key that signs now, or nil.
	Key func() *jws.Key
	Now func() time.Time
}

type claims struct {
	Issuer    string `json:"iss"`
	Subject   string `json:"sub"`
	Audience  string `json:"aud"`
	IssuedAt  int64  `json:"iat"`
	NotBefore int64  `json:"nbf"`
	ID        string `json:"jti"`
}

// Mint issues a statement for an application. It has no end: what ends it is a
// kill.
func (m Minter) Mint(app uuid.UUID) (raw string, s Statement, err error) {
	id, err := uuid.NewRandom()
	if err != nil {
		return "", Statement{}, fmt.Errorf("issuing a software statement: %w", err)
	}
	return m.Renew(app, id, m.Now())
}

// Renew signs a statement anew that was issued before, for somebody who did not
// hear the answer: it is revoked by the same id.
func (m Minter) Renew(app, id uuid.UUID, issuedAt time.Time) (raw string, s Statement, err error) {
	key := m.Key()
	if key == nil {
		return "", Statement{}, errors.New("issuing a software statement: no key signs yet")
	}
	now := issuedAt.Truncate(time.Second)
	raw, err = key.Sign(Type, claims{
		Issuer: m.Issuer, Subject: app.String(), Audience: m.Issuer,
		IssuedAt: now.Unix(), NotBefore: now.Unix(), ID: id.String(),
	})
	if err != nil {
		return "", Statement{}, fmt.Errorf("issuing a software statement: %w", err)
	}
	return raw, Statement{
		ID: id, ApplicationID: app, Issuer: m.Issuer, KeyID: key.ID(), IssuedAt: now, NotBefore: now,
	}, nil
}
