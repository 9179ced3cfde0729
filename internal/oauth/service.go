package oauth

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/caddy-dcr/caddy-dcr/internal/application"
	"github.com/caddy-dcr/caddy-dcr/internal/forgery"
	"github.com/caddy-dcr/caddy-dcr/internal/revocation"
	"github.com/caddy-dcr/caddy-dcr/internal/scope"
	"github.com/caddy-dcr/caddy-dcr/internal/secret"
	"github.com/caddy-dcr/caddy-dcr/internal/state"
)

// State is the replicated state.
type State interface {
	// Fresh returns nil while the state may be decided from.
	Fresh() error
	// CatchUp blocks until everything that the store holds is known, and
	// returns an error when nobody can say. It is asked before a client is
	// told that it is wrong.
	CatchUp(ctx context.Context) error
	// Now is the store's clock.
	Now() time.Time
	Application(id uuid.UUID) (*application.Application, bool)
	Killed(x *revocation.Subject) (revocation.Kind, bool)
}

// Clients finds clients.
type Clients interface {
	// Client returns an error that wraps state.ErrNotFound when, and only
	// when, there is no such client.
	Client(ctx context.Context, id uuid.UUID) (state.Client, error)
}

// Tokens mints access tokens, and stores those that need it.
type Tokens interface {
	Mint(ctx context.Context, client state.Client, scopes scope.Set) (Minted, error)
}

// Minted is a new access token.
type Minted struct {
	Token               string
	ID                  uuid.UUID
	IssuedAt, ExpiresAt time.Time
}

// Uses is told of clients that got a token. It must not block.
type Uses interface {
	Used(client state.Client)
}

// Service issues access tokens. All fields but Guesses, Uses and
// Forgeries must be set.
type Service struct {
	State   State
	Clients Clients
	// Secrets gives the keys with which secrets are hashed, or nil while there
	// are none.
	Secrets func() *secret.Keyring
	Tokens  Tokens
	// Assertions remembers which were used.
	Assertions Assertions
	// Forgeries bounds the forged signatures of one address; it may be nil.
	Forgeries *forgery.Budget
	// Guesses may be nil.
	Guesses Guesses
	// Uses may be nil.
	Uses Uses
	// Issuer is the gateway's own name as an issuer of statements.
	Issuer string
}

// Issued is what came of a request for a token: the answer, and what a log
// line and a counter want to know.
type Issued struct {
	Response      TokenResponse
	ClientID      uuid.UUID
	ApplicationID uuid.UUID
	Programmer    string
	Platform      string
	Method        AuthMethod
}

// Issue authenticates the client and makes it a token. Errors are protocol
// errors or faults of ours; see [OutcomeOf]. A fault of ours is never
// invalid_client: devices take that for an order to register again.
func (s *Service) Issue(ctx context.Context, q TokenRequest) (Issued, error) {
	client, err := s.Authenticate(ctx, q.Credentials)
	if err != nil {
		return Issued{}, err
	}
	app, found := s.State.Application(client.ApplicationID)
	if !found {
		// Applications are revoked, never deleted. One that a client descends
		// from and nobody revoked is missing because of a fault of ours.
		return Issued{}, fmt.Errorf("the application %s of client %s is missing", client.ApplicationID, client.ID)
	}
	granted, err := grantable(q.Scope, app.Scopes, client.Subject(s.Issuer))
	if err != nil {
		return Issued{}, err
	}
	minted, err := s.Tokens.Mint(ctx, client, granted)
	if err != nil {
		return Issued{}, fmt.Errorf("minting a token for client %s: %w", client.ID, err)
	}
	if s.Uses != nil {
		s.Uses.Used(client)
	}
	return Issued{
		Response: respond(minted, granted), ClientID: client.ID, ApplicationID: app.ID,
		Programmer: app.Programmer, Platform: client.Platform, Method: q.Method,
	}, nil
}

// grantable is the set of scopes asked for, or all that the application has
// when the client leaves it to us (RFC 6749 section 3.3).
func grantable(asked string, has scope.Set, client revocation.Subject) (scope.Set, error) {
	if asked == "" {
		return has, nil
	}
	set, err := scope.Parse(asked)
	if err != nil || set.Len() == 0 || !set.Within(has) {
		return scope.Set{}, refusedTo(ScopeRefused, client)
	}
	return set, nil
}
