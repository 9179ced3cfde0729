package registration

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"

	"github.com/caddy-dcr/caddy-dcr/internal/oautherr"
	"github.com/caddy-dcr/caddy-dcr/internal/secret"
	"github.com/caddy-dcr/caddy-dcr/internal/state"
)

// Manager lets clients read and end their registrations (RFC 7592). All fields
// must be set.
type Manager struct {
	State   State
	Clients interface {
		// Client returns an error that wraps state.ErrNotFound when, and only
		// when, there is no such client.
		Client(ctx context.Context, id uuid.UUID) (state.Client, error)
	}
	// Secrets gives the keys that registration access tokens are made with, or
	// nil while there are none.
	Secrets func() *secret.Keyring
	// Issuer is the gateway's own name as an issuer of statements.
	Issuer string
	// End revokes a client. The error is a fault of ours, and the client may
	// be revoked all the same.
	End func(ctx context.Context, id uuid.UUID) error
}

// Managed says what came of a request to manage a registration. The set is
// closed: it is a metric's label.
type Managed string

const (
	// ManagedRead is a client that was shown its registration.
	ManagedRead Managed = "read"
	// ManagedEnded is a client that ended its registration.
	ManagedEnded Managed = "ended"
	// ManagedInvalid is a request that could not be read, or by another method.
	ManagedInvalid Managed = "request_invalid"
	// ManagedDenied is a token that is not the client's, or not any more.
	ManagedDenied Managed = "token_invalid"
	// ManagedThrottled is one too many.
	ManagedThrottled Managed = "throttled"
	// ManagedUnavailable is a fault of ours.
	ManagedUnavailable Managed = "unavailable"
)

// ManagedOutcomes lists the closed set.
var ManagedOutcomes = []Managed{ManagedRead, ManagedEnded, ManagedInvalid, ManagedDenied, ManagedThrottled, ManagedUnavailable}

// ManagedOutcomeOf says what came of a request that ended in err, and would
// have ended as done.
func ManagedOutcomeOf(err error, done Managed) Managed {
	if err == nil {
		return done
	}
	switch oautherr.From(err).Code {
	case oautherr.InvalidToken:
		return ManagedDenied
	case oautherr.TooManyRequests:
		return ManagedThrottled
	case oautherr.InvalidRequest, oautherr.MethodNotAllowed, oautherr.TooEarly:
		return ManagedInvalid
	default:
		return ManagedUnavailable
	}
}

// Read shows a client its registration (RFC 7592 section 2.1), which lies at
// the address. Its secret is not among it: only a hash of that exists. Errors
// are protocol errors or faults of ours.
func (m *Manager) Read(ctx context.Context, id, token, at string) (Response, error) {
	client, err := m.authenticate(ctx, id, token)
	if err != nil {
		return Response{}, err
	}
	app, found := m.State.Application(client.ApplicationID)
	if !found {
		return Response{}, fmt.Errorf("the application %s of client %s is missing", client.ApplicationID, client.ID)
	}
	response, err := respond(client, app)
	if err != nil {
		return Response{}, err
	}
	response.ResponseTypes = []string{}
	response.RegistrationClientURI, response.RegistrationAccessToken = at, token
	return response, nil
}

// Delete ends a registration, and everything under it (RFC 7592 section 2.3).
func (m *Manager) Delete(ctx context.Context, id, token string) error {
	client, err := m.authenticate(ctx, id, token)
	if err != nil {
		return err
	}
	return m.End(ctx, client.ID)
}

// authenticate finds the client of that id whose token it is. A client that is
// unknown or revoked and a token that is not the client's all look alike, and
// clients are looked for only with a token that is right.
func (m *Manager) authenticate(ctx context.Context, text, token string) (state.Client, error) {
	if err := m.State.Fresh(); err != nil {
		return state.Client{}, fmt.Errorf("managing a registration: %w", err)
	}
	id, err := uuid.Parse(text)
	if err != nil || len(text) != len(uuid.Nil.String()) {
		id = uuid.Nil // nobody's
	}
	right, err := m.isTokenOf(id, token)
	if err != nil {
		return state.Client{}, err
	}
	if !right {
		// The key that the token was made with may be new, or that of a store
		// that is another one now.
		if err := m.State.CatchUp(ctx); err != nil {
			return state.Client{}, fmt.Errorf("making sure that a registration access token is wrong: %w", err)
		}
		if right, err = m.isTokenOf(id, token); err != nil {
			return state.Client{}, err
		}
	}
	if !right {
		return state.Client{}, errDenied
	}
	client, err := m.Clients.Client(ctx, id)
	if errors.Is(err, state.ErrNotFound) && m.State.CatchUp(ctx) == nil {
		return state.Client{}, errDenied
	}
	if err != nil {
		return state.Client{}, fmt.Errorf("finding client %s: %w", id, err)
	}
	subject := client.Subject(m.Issuer)
	if _, killed := m.State.Killed(&subject); killed {
		return state.Client{}, errDenied
	}
	return client, nil
}

var errDenied = oautherr.New(oautherr.InvalidToken, "the registration access token is not the client's, or not any more")

func (m *Manager) isTokenOf(client uuid.UUID, token string) (bool, error) {
	keys := m.Secrets()
	if keys == nil {
		return false, errors.New("there is no key yet to check a registration access token with")
	}
	return keys.CheckRegistration(token, client[:]), nil
}
