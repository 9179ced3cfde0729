package oauth

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"
)

// Introspection says what a token is worth (RFC 7662 section 2.2). Of one that
// is worth nothing it says nothing else.
type Introspection struct {
	Active    bool   `json:"active"`
	Scope     string `json:"scope,omitempty"`
	ClientID  string `json:"client_id,omitempty"`
	TokenType string `json:"token_type,omitempty"`
	// The times are in seconds.
	ExpiresAt int64  `json:"exp,omitempty"`
	IssuedAt  int64  `json:"iat,omitempty"`
	NotBefore int64  `json:"nbf,omitempty"`
	Subject   string `json:"sub,omitempty"`
	Audience  string `json:"aud,omitempty"`
	Issuer    string `json:"iss,omitempty"`
	ID        string `json:"jti,omitempty"`
	// The rest is what a backend behind a guard is told by headers.
	ApplicationID string   `json:"application_id,omitempty"`
	Programmer    string   `json:"programmer,omitempty"`
	AllChannels   bool     `json:"all_channels,omitempty"`
	Channels      []string `json:"channels,omitempty"`
}

// Introspect says what a token is worth: to a resource server any token, to a
// client its own. Errors are protocol errors or faults of ours; that nobody
// can say what a token is worth never means that it is worth nothing.
func (a *About) Introspect(ctx context.Context, q AboutRequest) (Introspection, AboutOutcome, error) {
	client, err := a.asker(ctx, q.Credentials)
	if err != nil {
		return Introspection{}, "", err
	}
	p, err := a.Find(ctx, q.token, client == uuid.Nil)
	switch {
	case errors.Is(err, ErrNoToken):
		return Introspection{}, AboutInactive, nil
	case err != nil:
		return Introspection{}, "", fmt.Errorf("looking for a token to introspect: %w", err)
	case client != uuid.Nil && p.ClientID != client:
		return Introspection{}, AboutForeign, nil
	}
	app, err := a.application(p)
	if err != nil {
		return Introspection{}, "", err
	}
	id := p.ClientID.String()
	return Introspection{
		Active: true, Scope: p.Scope.String(), ClientID: id, TokenType: "bearer",
		ExpiresAt: p.ExpiresAt.Unix(), IssuedAt: p.IssuedAt.Unix(), NotBefore: p.IssuedAt.Unix(),
		Subject: id, Audience: a.Audience, Issuer: a.Issuer, ID: p.TokenID.String(),
		ApplicationID: app.ID.String(), Programmer: app.Programmer, AllChannels: app.AllChannels, Channels: app.Channels,
	}, AboutActive, nil
}

// asker finds the client that asks; a resource server is none.
func (a *About) asker(ctx context.Context, c Credentials) (uuid.UUID, error) {
	if c.Method != ByAssertion && a.Servers.has(c.ClientID) {
		if a.Servers.check(c.ClientID, c.secret) {
			return uuid.Nil, nil
		}
		// The configuration knows them, so the store has no say in it.
		return uuid.Nil, a.guessed(ctx, uuid.Nil, c, SecretWrong, func(context.Context) error { return nil })
	}
	client, err := a.Authenticate(ctx, c)
	return client.ID, err
}
