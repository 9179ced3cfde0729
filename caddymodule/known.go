package caddymodule

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"

	"github.com/caddy-dcr/caddy-dcr/internal/application"
	"github.com/caddy-dcr/caddy-dcr/internal/forgery"
	"github.com/caddy-dcr/caddy-dcr/internal/guard"
	"github.com/caddy-dcr/caddy-dcr/internal/identity"
	"github.com/caddy-dcr/caddy-dcr/internal/jws"
	"github.com/caddy-dcr/caddy-dcr/internal/oauth"
	"github.com/caddy-dcr/caddy-dcr/internal/revocation"
	"github.com/caddy-dcr/caddy-dcr/internal/secret"
	"github.com/caddy-dcr/caddy-dcr/internal/state"
	"github.com/caddy-dcr/caddy-dcr/internal/token"
)

// knownToken is a token that was verified, with what is true of it now.
type knownToken struct {
	token.Grant
	application *application.Application // nil when there is none
	killed      revocation.Kind
	doubt
}

// doubt says more of a token that is not valid.
type doubt struct {
	wait time.Duration // when nobody looked at it: until somebody does
	why  error         // quotes nothing of the token; nil where the state says all
}

// know says what a presented token is worth at this moment: from memory where
// it was seen before, else by its signature, or the store for an opaque one.
// Expiry and kills are asked about every time, also of a remembered token.
func (t *tokens) know(ctx context.Context, raw string) (knownToken, guard.TokenState) {
	if err := t.directory.Fresh(); err != nil {
		return knownToken{doubt: doubt{why: err}}, guard.Unavailable
	}
	grant, found := t.cache.Get(raw)
	if found {
		metricsOf.TokenFound()
	} else {
		metricsOf.TokenNotFound()
		var verdict guard.TokenState
		var doubt doubt
		if grant, verdict, doubt = t.meet(ctx, raw); verdict != guard.Valid {
			// An expired token still says whose it was, which tells where a
			// refused navigation may be sent.
			k := t.describe(grant)
			k.doubt = doubt
			return k, verdict
		}
		t.watch.seen(ctx, grant.ClientID, grant.ApplicationID)
	}
	if grant.Expired(t.directory.Now()) {
		return t.describe(grant), guard.Expired
	}
	k := t.describe(grant)
	if k.application == nil && k.killed == "" {
		// The token is ours, so its application was registered: this gateway
		// may just not have heard of it.
		if k.why = t.directory.CatchUp(ctx); k.why != nil {
			return k, guard.Unavailable
		}
		if k = t.describe(grant); k.application == nil && k.killed == "" {
			// Applications are revoked, never deleted, so this one is declared in
			// a configuration that is not, or no longer, here. Telling the client
			// to register again would not help it.
			k.why = errUndeclared
			return k, guard.Unavailable
		}
	}
	return k, guard.Valid
}

var errUndeclared = errors.New("no configuration here declares the token's application any more")

// meet judges a token that is new here, and remembers a good one. One that has
// expired is remembered as well until it is swept: else whoever holds one could
// have its signature verified as often as he likes.
func (t *tokens) meet(ctx context.Context, raw string) (token.Grant, guard.TokenState, doubt) {
	if secret.LooksLikeToken(raw) {
		return t.meetOpaque(ctx, raw)
	}
	account := t.account(ctx)
	grant, err := t.verifier.VerifyWithin(raw, account)
	if errors.Is(err, token.ErrUnknownKey) {
		// Another gateway may have made the key a moment ago, or this one was
		// not given the means to read it.
		if fault := t.keyFault(); fault != nil {
			return token.Grant{}, guard.Unavailable, doubt{why: fault}
		}
		if fault := t.directory.CatchUp(ctx); fault != nil {
			return token.Grant{}, guard.Unavailable, doubt{why: fault}
		}
		grant, err = t.verifier.VerifyWithin(raw, account)
	}
	if grant.Lineage != nil {
		t.cache.Put(raw, grant)
	}
	switch {
	case err == nil:
		return grant, guard.Valid, doubt{}
	case errors.Is(err, token.ErrExpired):
		return grant, guard.Expired, doubt{}
	case errors.Is(err, jws.ErrBudget):
		return token.Grant{}, guard.Withheld, doubt{wait: account.Wait(), why: err}
	default:
		return token.Grant{}, guard.Invalid, doubt{why: err}
	}
}

// unbounded marks the request of somebody who is not the one that a forged
// token came from, such as a resource server that asks what it was shown.
type unbounded struct{}

// account is the one that forged tokens are charged to.
func (t *tokens) account(ctx context.Context) *forgery.Account {
	budget := t.forgeries
	if ctx.Value(unbounded{}) != nil {
		budget = &forgery.Budget{Found: budget.Found}
	}
	return budget.For(forgery.Token, addressIn(ctx))
}

func (t *tokens) meetOpaque(ctx context.Context, raw string) (token.Grant, guard.TokenState, doubt) {
	ctx, cancel := context.WithTimeout(ctx, storeTimeout)
	defer cancel()
	grant, err := t.readOpaque(ctx, raw)
	switch {
	case err == nil:
		t.cache.Put(raw, grant)
		return grant, guard.Valid, doubt{}
	case errors.Is(err, state.ErrNotFound) && t.directory.CatchUp(ctx) == nil:
		// The store drops the record when the token's time is over, so gone
		// and never there look alike. It is asked whether it is still the
		// same store, since one that was emptied knows no token.
		return token.Grant{}, guard.Invalid, doubt{why: err}
	default:
		return token.Grant{}, guard.Unavailable, doubt{why: err}
	}
}

// describe adds to a grant what the state says of it.
func (t *tokens) describe(g token.Grant) knownToken {
	if g.Lineage == nil {
		return knownToken{}
	}
	k := knownToken{Grant: g}
	k.application, _ = t.directory.Application(g.ApplicationID)
	k.confine()
	subject := k.subject()
	k.killed, _ = t.directory.Killed(&subject)
	return k
}

// confine takes from a token the scopes that its application has lost since: one
// that a configuration declares changes with it, at once and with all its tokens.
// Every other application stays as it was created.
func (k *knownToken) confine() {
	app := k.application
	if app == nil || !app.Declared || k.Scopes.Within(app.Scopes) {
		return
	}
	lineage := *k.Lineage // which others share
	lineage.Scopes = lineage.Scopes.Common(app.Scopes)
	k.Lineage = &lineage
}

// subject is what the token descends from.
func (k *knownToken) subject() revocation.Subject {
	if k.Lineage == nil {
		return revocation.Subject{}
	}
	return revocation.Subject{
		TokenID: k.TokenID, ClientID: k.ClientID, StatementID: k.StatementID, ApplicationID: k.ApplicationID,
		Platform: k.Platform, Issuer: k.StatementIssuer, KeyID: k.KeyID, StatementKey: k.StatementKey,
		ClientIssuedAt: k.ClientIssuedAt, TokenIssuedAt: k.IssuedAt,
	}
}

// tell fills in what a backend is told.
func (k *knownToken) tell(c *identity.Caller, channel string, trace uuid.UUID) {
	c.ClientID, c.ApplicationID, c.Trace = texts(k.ClientID, k.ApplicationID, trace)
	c.Programmer, c.Channel = k.application.Programmer, channel
	c.Scopes, c.Platform = k.Scopes.String(), k.Platform
}

func (k *knownToken) presented() oauth.Presented {
	return oauth.Presented{
		TokenID: k.TokenID, ClientID: k.ClientID, ApplicationID: k.ApplicationID, Scope: k.Scopes,
		IssuedAt: time.UnixMilli(k.IssuedAt), ExpiresAt: time.UnixMilli(k.ExpiresAt),
	}
}
