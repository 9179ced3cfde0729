package management

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/caddy-dcr/caddy-dcr/internal/revocation"
	"github.com/caddy-dcr/caddy-dcr/internal/state"
)

// What clients do to what is their own stands in the records of kills like what
// an operator does. It is no administrative act, and not in the audit, which
// clients must not be able to fill.

// RevokeOwnToken revokes a token of the client, which would end by itself at
// that time.
func (s *Service) RevokeOwnToken(ctx context.Context, client, token uuid.UUID, ends time.Time) (Revocation, error) {
	kill := state.Kill{Kind: revocation.Token, ID: token.String(), Reason: "given back by its client", By: byClient(client)}
	return s.throwOwn(ctx, kill, max(ends.Sub(s.Replica.Now()), time.Second))
}

// RevokeOwnClient revokes the client.
func (s *Service) RevokeOwnClient(ctx context.Context, client uuid.UUID) (Revocation, error) {
	kill := state.Kill{Kind: revocation.Client, ID: client.String(), Reason: "registration deleted by the client", By: byClient(client)}
	return s.throwOwn(ctx, kill, 0)
}

// throwOwn stores the kill, which of a token is forgotten when that has ended by
// itself, at the latest after the lifetime, and waits for the gateways.
func (s *Service) throwOwn(ctx context.Context, kill state.Kill, lifetime time.Duration) (Revocation, error) {
	tried := fmt.Sprintf("revoking %s %s", kill.Kind, kill.ID)
	now, err := s.clock(ctx, tried)
	if err != nil {
		return Revocation{}, err
	}
	kill.At = now.UnixMilli()
	if kill.Kind == revocation.Token && lifetime > 0 {
		kill.ExpiresAt = now.Add(lifetime + clockMargin).UnixMilli()
	}
	thrown, position, err := s.Records.Throw(ctx, kill)
	if err != nil {
		return Revocation{}, uncertain(tried, err)
	}
	done := s.await(ctx, Revocation{Kill: killView(thrown), Already: thrown != kill}, position)
	if s.Revoked != nil && !done.Already {
		s.Revoked(done)
	}
	return done, nil
}

func byClient(id uuid.UUID) string { return "client " + id.String() }
