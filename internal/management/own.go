package management

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/caddy-dcr/caddy-dcr/internal/revocation"
	"github.com/caddy-dcr/caddy-dcr/internal/state"
)

// What clients do to what is their own stands in the records like what an
// operator does.

// RevokeOwnToken revokes a token of the client, which would end by itself at
// that time.
func (s *Service) RevokeOwnToken(ctx context.Context, client, token uuid.UUID, ends time.Time) (Revocation, error) {
	kill := state.Kill{Kind: revocation.Token, ID: token.String(), Reason: "given back by its client", By: byClient(client)}
	return s.throw(ctx, kill, max(ends.Sub(s.Replica.Now()), time.Second))
}

// RevokeOwnClient revokes the client.
func (s *Service) RevokeOwnClient(ctx context.Context, client uuid.UUID) (Revocation, error) {
	kill := state.Kill{Kind: revocation.Client, ID: client.String(), Reason: "registration deleted by the client", By: byClient(client)}
	return s.throw(ctx, kill, 0)
}

func byClient(id uuid.UUID) string { return "client " + id.String() }
