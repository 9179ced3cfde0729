package caddymodule

import (
	"context"
	"fmt"
	"time"

	"github.com/caddy-dcr/caddy-dcr/internal/forgery"
	"github.com/caddy-dcr/caddy-dcr/internal/jws"
	"github.com/caddy-dcr/caddy-dcr/internal/oauth"
	"github.com/caddy-dcr/caddy-dcr/internal/scope"
	"github.com/caddy-dcr/caddy-dcr/internal/secret"
	"github.com/caddy-dcr/caddy-dcr/internal/state"
	"github.com/caddy-dcr/caddy-dcr/internal/token"
)

// tokens mints access tokens in the configured format, and reads both formats,
// so that a change of format makes no token of yesterday invalid.
type tokens struct {
	opaque    bool
	issuer    string
	audience  string
	lifetime  time.Duration
	minter    token.Minter
	verifier  token.Verifier
	cache     *token.Cache
	records   state.Records
	directory *directory
	keyFault  func() error // why a key may be missing here, or nil
	forgeries *forgery.Budget
	watch     *watch
}

func newTokens(a *App, d *directory, forgeries *forgery.Budget, w *watch) *tokens {
	keys, algorithm := a.backing.keys, jws.Algorithm(a.Tokens.Algorithm)
	lifetime := time.Duration(a.Tokens.Lifetime)
	return &tokens{
		opaque: a.Tokens.Format == formatOpaque,
		issuer: a.Issuer, audience: a.Tokens.Audience, lifetime: lifetime,
		minter: token.Minter{
			Issuer: a.Issuer, Audience: a.Tokens.Audience, Lifetime: lifetime, Now: d.Now,
			Key: func() *jws.Key { return keys.Signing(state.KeyForTokens, algorithm) },
		},
		verifier: token.Verifier{
			Issuer: a.Issuer, Audience: a.Tokens.Audience, Now: d.Now,
			Keys: func(kid string) *jws.Key { return keys.Verifying(state.KeyForTokens, kid) },
		},
		cache: a.cache, records: a.backing.records, directory: d, keyFault: keys.Err, forgeries: forgeries, watch: w,
	}
}

// Mint implements oauth.Tokens.
func (t *tokens) Mint(ctx context.Context, c state.Client, scopes scope.Set) (oauth.Minted, error) {
	if t.opaque {
		return t.mintOpaque(ctx, c, scopes)
	}
	raw, grant, err := t.minter.Mint(token.Grant{
		ClientID: c.ID, ClientIssuedAt: c.CreatedAt, Lineage: t.lineage(c, scopes),
	})
	if err != nil {
		return oauth.Minted{}, err
	}
	return oauth.Minted{Token: raw, ID: grant.TokenID, IssuedAt: time.UnixMilli(grant.IssuedAt), ExpiresAt: time.UnixMilli(grant.ExpiresAt)}, nil
}

func (t *tokens) mintOpaque(ctx context.Context, c state.Client, scopes scope.Set) (oauth.Minted, error) {
	raw, err := secret.Minter{}.Token()
	if err != nil {
		return oauth.Minted{}, err
	}
	key, now := state.TokenKeyOf(raw), t.directory.Now()
	record := state.Token{
		ClientID: c.ID, Scope: scopes.String(), Issuer: t.issuer, Audience: t.audience,
		IssuedAt: now.UnixMilli(), ExpiresAt: now.Add(t.lifetime).UnixMilli(),
	}
	if err := t.records.PutToken(ctx, key, record, t.lifetime+leeway); err != nil {
		return oauth.Minted{}, fmt.Errorf("storing an opaque token: %w", err)
	}
	return oauth.Minted{Token: raw, ID: key.ID(), IssuedAt: now, ExpiresAt: now.Add(t.lifetime)}, nil
}

// readOpaque finds what stands behind an opaque token that is new here.
func (t *tokens) readOpaque(ctx context.Context, raw string) (token.Grant, error) {
	key := state.TokenKeyOf(raw)
	record, err := t.records.Token(ctx, key, t.issuer, t.audience)
	if err != nil {
		return token.Grant{}, err
	}
	client, err := t.records.Client(ctx, record.ClientID)
	if err != nil {
		return token.Grant{}, err
	}
	scopes, err := scope.Parse(record.Scope)
	if err != nil {
		return token.Grant{}, fmt.Errorf("the scope of opaque token %s: %w", key.ID(), err)
	}
	return token.Grant{
		TokenID: key.ID(), ClientID: client.ID, ClientIssuedAt: client.CreatedAt,
		IssuedAt: record.IssuedAt, ExpiresAt: record.ExpiresAt, Lineage: t.lineage(client, scopes),
	}, nil
}

// lineage is what a client's tokens descend from. Records leave the issuer of
// our own statements out.
func (t *tokens) lineage(c state.Client, scopes scope.Set) *token.Lineage {
	l := &token.Lineage{
		ApplicationID: c.ApplicationID, StatementID: c.StatementID, StatementIssuer: c.StatementIssuer,
		StatementKey: c.StatementKey, Platform: c.Platform, Scopes: scopes,
	}
	if l.StatementIssuer == "" {
		l.StatementIssuer = t.issuer
	}
	return l
}

var _ oauth.Tokens = (*tokens)(nil)
