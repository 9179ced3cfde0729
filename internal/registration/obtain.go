package registration

import (
	"context"
	"errors"
	"fmt"

	"github.com/caddy-dcr/caddy-dcr/internal/application"
	"github.com/caddy-dcr/caddy-dcr/internal/revocation"
	"github.com/caddy-dcr/caddy-dcr/internal/secret"
	"github.com/caddy-dcr/caddy-dcr/internal/state"
	"github.com/caddy-dcr/caddy-dcr/internal/statement"
)

var errNoKeys = errors.New("there is no key yet to hash a client secret with")

// obtain finds the client that the device has, where that is wanted, or makes
// a new one within the limits. A client that is there uses up none of them.
func (s *Service) obtain(ctx context.Context, st statement.Statement, q Request, now int64) (c state.Client, text string, reused bool, err error) {
	keys := s.Secrets()
	if keys == nil {
		return c, "", false, errNoKeys
	}
	next, found, err := s.again(ctx, keys, st, q, now)
	if err != nil {
		return c, "", false, err
	}
	if found != nil {
		return *found, next.secret, true, nil
	}
	if s.Limits != nil {
		if err := s.Limits.Register(ctx, st.ID, st.ApplicationID, q.Address); err != nil {
			return c, "", false, err
		}
	}
	c, err = s.create(ctx, keys, next, st, q, now)
	if errors.Is(err, state.ErrExists) && s.ReuseWithin > 0 {
		// Another try of the device came at the same moment, and was faster.
		if known, found, err := s.again(ctx, keys, st, q, now); err == nil && found != nil {
			return *found, known.secret, true, nil
		}
	}
	if err != nil {
		return c, "", false, err
	}
	if s.Limits != nil {
		s.Limits.Registered(c)
	}
	return c, next.secret, false, nil
}

// create stores a client with the credentials.
func (s *Service) create(ctx context.Context, keys *secret.Keyring, fresh credentials, st statement.Statement, q Request, now int64) (state.Client, error) {
	client := state.Client{
		ID: fresh.id, ApplicationID: st.ApplicationID, StatementID: st.ID, StatementIssuer: st.Issuer,
		StatementKey: revocation.RefOf(st.KeyID),
		Platform:     string(q.Device.Platform),
		RedirectURIs: q.RedirectURIs, CreatedAt: now,
	}
	if client.StatementIssuer == s.Issuer {
		client.StatementIssuer = ""
	}
	if s.Limits != nil {
		client.Network = s.Limits.Network(q.Address)
	}
	if err := equip(&client, q.Metadata, keys, fresh.secret); err != nil {
		return state.Client{}, err
	}
	// A random id that is taken (state.ErrExists) is a fault of ours like any
	// other: the device comes back and gets another.
	if err := s.Clients.PutClient(ctx, client); err != nil {
		return state.Client{}, fmt.Errorf("storing a client: %w", err)
	}
	return client, nil
}

// equip gives the client a secret, or the keys that it registers instead.
func equip(c *state.Client, m Metadata, keys *secret.Keyring, text string) error {
	if m.AuthMethod == PrivateKeyJWT {
		return c.SetPublicKeys(m.Keys)
	}
	c.SecretKey, c.SecretMAC = keys.MAC(secret.ClientSecret, c.ID[:], []byte(text))
	return nil
}

// answer tells the client what it has, and, with an address for that, how it
// manages its registration.
func (s *Service) answer(c state.Client, text string, app *application.Application, managedAt string) (Response, error) {
	response, err := respond(c, app)
	if err != nil {
		return Response{}, err
	}
	if text != "" {
		response.ClientSecret, response.ClientSecretExpiresAt = text, new(int64)
	}
	if managedAt != "" {
		keys := s.Secrets()
		if keys == nil {
			return Response{}, errNoKeys
		}
		response.RegistrationClientURI = managedAt + response.ClientID
		response.RegistrationAccessToken = keys.RegistrationToken(c.ID[:])
	}
	return response, nil
}
