package oauth

import (
	"context"
	"errors"
	"fmt"
	"net/netip"

	"github.com/google/uuid"

	"github.com/caddy-dcr/caddy-dcr/internal/secret"
	"github.com/caddy-dcr/caddy-dcr/internal/state"
)

// checker checks client secrets; it is a secret.Keyring.
type checker interface {
	Has(version uint8) bool
	Check(version uint8, mac []byte, purpose secret.Purpose, parts ...[]byte) bool
	CheckNothing(purpose secret.Purpose, parts ...[]byte)
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

// Authenticate finds the client whose credentials they are, unless it was
// revoked. Errors are protocol errors or faults of ours; see [OutcomeOf]. A
// fault of ours is never invalid_client: devices take that for an order to
// register again.
func (s *Service) Authenticate(ctx context.Context, c Credentials) (state.Client, error) {
	if err := s.State.Fresh(); err != nil {
		return state.Client{}, fmt.Errorf("authenticating a client: %w", err)
	}
	client, err := s.authenticate(ctx, c)
	if err != nil {
		return state.Client{}, err
	}
	// Only now, so that who is not the client learns nothing.
	subject := client.Subject(s.Issuer)
	if kind, killed := s.State.Killed(&subject); killed {
		return state.Client{}, refusedTo(killedOutcome(kind), subject)
	}
	return client, nil
}

func (s *Service) authenticate(ctx context.Context, c Credentials) (state.Client, error) {
	if c.Method == ByAssertion {
		return s.byAssertion(ctx, c)
	}
	keys := s.Secrets()
	if keys == nil {
		return state.Client{}, errors.New("there is no key yet to check a client secret with")
	}
	return s.bySecret(ctx, c, keys)
}

// bySecret finds the client and checks its secret. An id that is unknown, or
// no id at all, gets the same answer as a wrong secret and costs the same one
// check; so does a client that has keys and no secret.
func (s *Service) bySecret(ctx context.Context, c Credentials, keys checker) (state.Client, error) {
	id, ok := parseID(c.ClientID)
	text := []byte(c.secret)
	if !ok {
		keys.CheckNothing(secret.ClientSecret, id[:], text)
		return state.Client{}, s.wrong(ctx, uuid.Nil, c, ClientUnknown)
	}
	client, err := s.Clients.Client(ctx, id)
	if errors.Is(err, state.ErrNotFound) {
		keys.CheckNothing(secret.ClientSecret, id[:], text)
		return state.Client{}, s.wrong(ctx, id, c, ClientUnknown)
	}
	if err != nil {
		return state.Client{}, fmt.Errorf("finding client %s: %w", id, err)
	}
	if !keys.Has(client.SecretKey) {
		return state.Client{}, fmt.Errorf("version %d of the key that hashed the secret of client %s is missing", client.SecretKey, id)
	}
	if !keys.Check(client.SecretKey, client.SecretMAC, secret.ClientSecret, id[:], text) {
		return state.Client{}, s.wrong(ctx, id, c, SecretWrong)
	}
	return client, nil
}

// wrong is the answer to wrong credentials. Whatever was wrong, the store is
// asked first whether it is still the one that held the client: one that was
// emptied knows nobody, and must not send a fleet away. Asking for all alike
// keeps an unknown client from being told from a wrong secret by the time. Who
// has guessed too often already is worth no question, since it is not told that
// it is wrong.
func (s *Service) wrong(ctx context.Context, id uuid.UUID, c Credentials, outcome Outcome) error {
	return s.guessed(ctx, id, c, outcome, s.State.CatchUp)
}

// guessed counts a wrong guess, of which somebody has to be sure first.
func (s *Service) guessed(ctx context.Context, id uuid.UUID, c Credentials, outcome Outcome, sure func(context.Context) error) error {
	if s.Guesses != nil {
		if err := s.Guesses.Spent(id, c.Address); err != nil {
			return err
		}
	}
	if err := sure(ctx); err != nil {
		return fmt.Errorf("making sure that client %s is at fault: %w", id, err)
	}
	if s.Guesses != nil {
		if err := s.Guesses.Wrong(ctx, id, c.Address); err != nil {
			return err
		}
	}
	return refused(outcome, id)
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
