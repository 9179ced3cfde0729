package caddymodule

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/google/uuid"

	"github.com/caddy-dcr/caddy-dcr/internal/guard"
	"github.com/caddy-dcr/caddy-dcr/internal/oauth"
	"github.com/caddy-dcr/caddy-dcr/internal/oautherr"
	"github.com/caddy-dcr/caddy-dcr/internal/registration"
	"github.com/caddy-dcr/caddy-dcr/internal/wire"
	"github.com/caddy-dcr/caddy-dcr/plugins"
)

// clientsWait is how long a client that revokes something of its own waits for
// the other gateways. Those that follow need some milliseconds; one that does
// not is no reason to keep a device waiting.
const clientsWait = time.Second

// forClients makes what clients can do to what is their own.
func (s *services) forClients(state issuing) error {
	servers, err := s.app.resourceServers()
	if err != nil {
		return err
	}
	records, keys := s.app.backing.records, s.app.backing.keys
	kills := *s.management
	kills.Wait = clientsWait
	s.about = &oauth.About{
		Service: s.oauth, Audience: s.app.Tokens.Audience, Find: s.tokens.find, Servers: servers,
		Kill: func(ctx context.Context, p oauth.Presented) error {
			_, err := kills.RevokeOwnToken(ctx, p.ClientID, p.TokenID, p.ExpiresAt)
			return err
		},
	}
	s.manager = &registration.Manager{
		State: state, Clients: records, Secrets: keys.Secrets, Issuer: s.app.Issuer,
		End: func(ctx context.Context, id uuid.UUID) error {
			_, err := kills.RevokeOwnClient(ctx, id)
			return err
		},
	}
	return nil
}

// find says what a token is worth to those who ask about it.
func (t *tokens) find(ctx context.Context, raw string, server bool) (oauth.Presented, error) {
	if server {
		ctx = context.WithValue(ctx, unbounded{}, true)
	}
	known, verdict := t.know(ctx, raw)
	switch {
	case verdict == guard.Unavailable:
		return oauth.Presented{}, fmt.Errorf("nobody can say what a token is worth: %w", errors.Join(known.doubt.why, plugins.ErrUnavailable))
	case verdict == guard.Withheld:
		err := oautherr.New(oautherr.TooManyRequests, "too many forged tokens came from there: wait before the next try")
		return oauth.Presented{}, wire.RetryAfter(err.Because(known.doubt.why), known.doubt.wait)
	case verdict != guard.Valid || known.killed != "":
		return oauth.Presented{}, oauth.ErrNoToken
	}
	return known.presented(), nil
}

// resourceServers reads the secrets, which stay out of the configuration that
// Caddy shows and saves.
func (a *App) resourceServers() (oauth.Servers, error) {
	servers := oauth.Servers{}
	for _, server := range a.ResourceServers {
		secrets := make([]string, len(server.Secrets))
		for i, written := range server.Secrets {
			secret, err := caddy.NewReplacer().ReplaceOrErr(written, true, true)
			if err != nil {
				return nil, fmt.Errorf("resource_server %q: secret: %w", server.ID, err)
			}
			if secret == written {
				a.logger.Warn("the secret of a resource server stands in the configuration, which Caddy shows and saves; "+
					"write a placeholder such as {env.ESM_SECRET} or {file./run/secrets/esm}", "resource_server", server.ID)
			}
			secrets[i] = secret
		}
		if err := servers.Add(server.ID, secrets); err != nil {
			return nil, fmt.Errorf("resource_server %q: %w", server.ID, err)
		}
	}
	return servers, nil
}
