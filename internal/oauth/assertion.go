package oauth

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/caddy-dcr/caddy-dcr/internal/assertion"
	"github.com/caddy-dcr/caddy-dcr/internal/forgery"
	"github.com/caddy-dcr/caddy-dcr/internal/oautherr"
	"github.com/caddy-dcr/caddy-dcr/internal/state"
	"github.com/caddy-dcr/caddy-dcr/internal/wire"
)

// jwtBearer is the one type of client assertion (RFC 7523 section 2.2).
const jwtBearer = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

// Assertions remembers which were used.
type Assertions interface {
	// UseAssertion returns an error that wraps state.ErrExists when, and only
	// when, the client has used the id within the time that it is remembered.
	UseAssertion(ctx context.Context, client uuid.UUID, id string, remember time.Duration) error
}

// byAssertion finds the client that signed the assertion. An unknown client
// gets the same answer as a wrong signature, and costs the same.
func (s *Service) byAssertion(ctx context.Context, c Credentials) (state.Client, error) {
	a, err := s.reader().Read(c.assertion)
	if err != nil {
		return state.Client{}, refusedAssertion(AssertionInvalid, uuid.Nil, err)
	}
	if c.ClientID != "" {
		if id, ok := parseID(c.ClientID); !ok || id != a.ClientID {
			return state.Client{}, invalid("client_id differs from the one of the assertion")
		}
	}
	account := s.account(c)
	if account.Spent() {
		return state.Client{}, wire.RetryAfter(errForged, account.Wait())
	}
	client, err := s.Clients.Client(ctx, a.ClientID)
	if errors.Is(err, state.ErrNotFound) {
		_ = a.Verify(nil)
		account.Charge()
		return state.Client{}, s.wrong(ctx, a.ClientID, c, ClientUnknown)
	}
	if err != nil {
		return state.Client{}, fmt.Errorf("finding client %s: %w", a.ClientID, err)
	}
	keys, err := client.PublicKeys()
	if err != nil {
		return state.Client{}, err
	}
	if a.Verify(keys) != nil {
		account.Charge()
		return state.Client{}, s.wrong(ctx, a.ClientID, c, SignatureWrong)
	}
	err = s.Assertions.UseAssertion(ctx, a.ClientID, a.ID, a.Remember(s.State.Now()))
	if errors.Is(err, state.ErrExists) {
		return state.Client{}, refusedAssertion(AssertionReplayed, a.ClientID, errors.New("client assertion: its jti was used before; make a new one for each request"))
	}
	if err != nil {
		return state.Client{}, fmt.Errorf("noting that client %s used an assertion: %w", a.ClientID, err)
	}
	return client, nil
}

var errForged = oautherr.New(oautherr.TooManyRequests, "too many forged client assertions came from there: wait before the next try")

// account is that of the address for one assertion.
func (s *Service) account(c Credentials) *forgery.Account {
	budget := s.Forgeries
	if budget == nil {
		budget = &forgery.Budget{Found: func(forgery.Of) {}}
	}
	return budget.For(forgery.Assertion, c.Address)
}

func (s *Service) reader() assertion.Reader {
	return assertion.Reader{Issuer: s.Issuer, Now: s.State.Now}
}

// refusedAssertion tells the client's developer what is wrong with an
// assertion (RFC 7523 section 3.2), which gives away nothing about any client.
func refusedAssertion(outcome Outcome, client uuid.UUID, why error) error {
	return &refusal{outcome: outcome, client: client, err: oautherr.New(oautherr.InvalidClient, why.Error())}
}
