package oauth

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"time"

	"github.com/google/uuid"

	"github.com/caddy-dcr/caddy-dcr/internal/application"
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
	Application(id uuid.UUID) (*application.Application, bool)
	Killed(x *revocation.Subject) (revocation.Kind, bool)
}

// Clients finds clients.
type Clients interface {
	// Client returns an error that wraps state.ErrNotFound when, and only
	// when, there is no such client.
	Client(ctx context.Context, id uuid.UUID) (state.Client, error)
}

// checker checks client secrets; it is a secret.Keyring.
type checker interface {
	Has(version uint8) bool
	Check(version uint8, mac []byte, purpose secret.Purpose, parts ...[]byte) bool
	CheckNothing(purpose secret.Purpose, parts ...[]byte)
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

// Guesses counts wrong credentials.
type Guesses interface {
	// Spent returns an error with oautherr.TooManyRequests while too many were
	// wrong, and counts nothing. It asks nobody else.
	Spent(client uuid.UUID, address netip.Addr) error
	// Wrong is told of each, and returns an error with
	// oautherr.TooManyRequests when there were too many. The client is nil
	// where the id has no form. Right credentials never get here, so nobody
	// can be locked out by another's guessing.
	Wrong(ctx context.Context, client uuid.UUID, address netip.Addr) error
}

// Uses is told of clients that got a token. It must not block.
type Uses interface {
	Used(client state.Client)
}

// Service issues access tokens. All fields but Guesses and Uses must be set.
type Service struct {
	State   State
	Clients Clients
	// Secrets gives the keys with which secrets are hashed, or nil while there
	// are none.
	Secrets func() *secret.Keyring
	Tokens  Tokens
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
	if err := s.State.Fresh(); err != nil {
		return Issued{}, fmt.Errorf("issuing a token: %w", err)
	}
	keys := s.Secrets()
	if keys == nil {
		return Issued{}, errors.New("there is no key yet to check a client secret with")
	}
	client, err := s.authenticate(ctx, q, keys)
	if err != nil {
		return Issued{}, err
	}
	// Only now, so that who does not know the secret learns nothing.
	subject := client.Subject(s.Issuer)
	if kind, killed := s.State.Killed(&subject); killed {
		return Issued{}, refused(killedOutcome(kind))
	}
	app, found := s.State.Application(client.ApplicationID)
	if !found {
		// Applications are revoked, never deleted. One that a client descends
		// from and nobody revoked is missing because of a fault of ours.
		return Issued{}, fmt.Errorf("the application %s of client %s is missing", client.ApplicationID, client.ID)
	}
	granted, err := grantable(q.Scope, app.Scopes)
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

// authenticate finds the client and checks its secret. An id that is unknown,
// or no id at all, gets the same answer as a wrong secret and costs the same
// one check.
func (s *Service) authenticate(ctx context.Context, q TokenRequest, keys checker) (state.Client, error) {
	id, ok := parseID(q.ClientID)
	text := []byte(q.secret)
	if !ok {
		keys.CheckNothing(secret.ClientSecret, id[:], text)
		return state.Client{}, s.wrong(ctx, uuid.Nil, q, ClientUnknown)
	}
	client, err := s.Clients.Client(ctx, id)
	if errors.Is(err, state.ErrNotFound) {
		keys.CheckNothing(secret.ClientSecret, id[:], text)
		return state.Client{}, s.wrong(ctx, id, q, ClientUnknown)
	}
	if err != nil {
		return state.Client{}, fmt.Errorf("finding client %s: %w", id, err)
	}
	if !keys.Has(client.SecretKey) {
		return state.Client{}, fmt.Errorf("version %d of the key that hashed the secret of client %s is missing", client.SecretKey, id)
	}
	if !keys.Check(client.SecretKey, client.SecretMAC, secret.ClientSecret, id[:], text) {
		return state.Client{}, s.wrong(ctx, id, q, SecretWrong)
	}
	return client, nil
}

// wrong is the answer to wrong credentials. Whatever was wrong, the store is
// asked first whether it is still the one that held the client: one that was
// emptied knows nobody, and must not send a fleet away. Asking for all alike
// keeps an unknown client from being told from a wrong secret by the time. Who
// has guessed too often already is worth no question, since it is not told that
// it is wrong.
func (s *Service) wrong(ctx context.Context, id uuid.UUID, q TokenRequest, outcome Outcome) error {
	if s.Guesses != nil {
		if err := s.Guesses.Spent(id, q.Address); err != nil {
			return err
		}
	}
	if err := s.State.CatchUp(ctx); err != nil {
		return fmt.Errorf("making sure that client %s is at fault: %w", id, err)
	}
	if s.Guesses != nil {
		if err := s.Guesses.Wrong(ctx, id, q.Address); err != nil {
			return err
		}
	}
	return refused(outcome)
}

// grantable is the set of scopes asked for, or all that the application has
// when the client leaves it to us (RFC 6749 section 3.3).
func grantable(asked string, has scope.Set) (scope.Set, error) {
	if asked == "" {
		return has, nil
	}
	set, err := scope.Parse(asked)
	if err != nil || set.Len() == 0 || !set.Within(has) {
		return scope.Set{}, refused(ScopeRefused)
	}
	return set, nil
}

// parseID takes the one form in which ids are given out, in either case: some
// platforms write every UUID in capitals.
func parseID(text string) (uuid.UUID, bool) {
	if len(text) != 36 {
		return uuid.Nil, false
	}
	id, err := uuid.Parse(text)
	return id, err == nil
}
