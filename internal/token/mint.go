package token

import (
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/google/uuid"

	"github.com/caddy-dcr/caddy-dcr/internal/jws"
	"github.com/caddy-dcr/caddy-dcr/internal/revocation"
)

// Type is the typ of an access token (RFC 9068 section 2.1). Software
// statements have another, so neither is ever taken for the other.
const Type = "at+jwt"

// LongestLifetime bounds the lifetime that an operator can give tokens, so that
// what has to outlive them knows for how long.
const LongestLifetime = 24 * time.Hour

// Minter makes access tokens that are JWTs. All fields but Rand must be set.
type Minter struct {
	Issuer, Audience string
	Lifetime         time.Duration
	// Key gives the key that signs now, or nil.
	Key func() *jws.Key
	// Now is the store's clock.
	Now func() time.Time
	// Rand is where the ids come from; nil is crypto/rand.
	Rand io.Reader
}

// claims are those of RFC 9068 section 2.2, and scopes as Adobe-compatible
// clients and backends know them. The short ones are our own: everything that
// can be killed is named, so that a gateway needs no store to know a token.
type claims struct {
	Issuer    string `json:"iss"`
	Subject   string `json:"sub"`
	ClientID  string `json:"client_id"`
	Audience  string `json:"aud"`
	IssuedAt  int64  `json:"iat"`
	NotBefore int64  `json:"nbf"`
	ExpiresAt int64  `json:"exp"`
	ID        string `json:"jti"`
	Scope     string `json:"scope,omitempty"`
	Scopes    string `json:"scopes,omitempty"`

	Application string `json:"app"`
	Statement   string `json:"stm"`
	// StatementIssuer is left out when it is the token's.
	StatementIssuer string `json:"sti,omitempty"`
	// StatementKey refers to the key that signed the statement.
	StatementKey   revocation.KeyRef `json:"stk,omitempty"`
	Platform       string            `json:"plt,omitempty"`
	ClientIssuedAt int64             `json:"cia"` // milliseconds
	IssuedAtMilli  int64             `json:"iam"`
}

// Mint makes an access token. Of the grant it takes the client, when that was
// issued, and the lineage; the rest it fills in and returns.
func (m Minter) Mint(g Grant) (raw string, minted Grant, err error) {
	key := m.Key()
	if key == nil {
		return "", Grant{}, errors.New("minting an access token: no key signs yet")
	}
	if m.Rand == nil {
		g.TokenID, err = uuid.NewRandom()
	} else {
		g.TokenID, err = uuid.NewRandomFromReader(m.Rand)
	}
	if err != nil {
		return "", Grant{}, fmt.Errorf("minting an access token: making its id: %w", err)
	}
	lineage := *g.Lineage
	lineage.KeyID = key.ID()
	if lineage.StatementIssuer == "" {
		lineage.StatementIssuer = m.Issuer
	}
	g.Lineage = &lineage
	now := m.Now()
	g.IssuedAt = now.UnixMilli()
	// A JWT has whole seconds, and exp less iat is what the client is told.
	// The gateway itself knows the milliseconds, so that no client finds its
	// token dead a moment before the time that it was promised.
	exp := now.Truncate(time.Second).Add(m.Lifetime).Unix()
	g.ExpiresAt = now.Add(m.Lifetime).UnixMilli()

	raw, err = key.Sign(Type, m.claims(g, now.Unix(), exp))
	if err != nil {
		return "", Grant{}, fmt.Errorf("minting an access token: %w", err)
	}
	return raw, g, nil
}

func (m Minter) claims(g Grant, iat, exp int64) claims {
	client := g.ClientID.String()
	c := claims{
		Issuer: m.Issuer, Subject: client, ClientID: client, Audience: m.Audience,
		IssuedAt: iat, NotBefore: iat, ExpiresAt: exp, ID: g.TokenID.String(),
		Scope: g.Scopes.String(), Scopes: g.Scopes.Commas(),
		Application: g.ApplicationID.String(), Statement: g.StatementID.String(),
		StatementKey: g.StatementKey, Platform: g.Platform, ClientIssuedAt: g.ClientIssuedAt, IssuedAtMilli: g.IssuedAt,
	}
	if g.StatementIssuer != m.Issuer {
		c.StatementIssuer = g.StatementIssuer
	}
	return c
}
