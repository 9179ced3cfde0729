package management

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/caddy-dcr/caddy-dcr/internal/revocation"
	"github.com/caddy-dcr/caddy-dcr/internal/state"
	"github.com/caddy-dcr/caddy-dcr/plugins"
)

// KillOrder asks for a kill switch to be thrown.
type KillOrder struct {
	Kind   string `json:"kind"`
	ID     string `json:"id"`
	Reason string `json:"reason,omitempty"`
	// AllowUnknown revokes also what the gateway has no record of, such as a
	// statement that somebody else issued.
	AllowUnknown bool `json:"allow_unknown,omitempty"`
}

// Revoke throws a kill switch, and waits, within bounds, until every gateway
// has applied it. What was revoked before stays so, with its first reason.
func (s *Service) Revoke(ctx context.Context, order KillOrder, by string) (Revocation, error) {
	target, err := ParseTarget(order.Kind, order.ID)
	if err != nil {
		return Revocation{}, err
	}
	if err := checkText("reason", order.Reason); err != nil {
		return Revocation{}, err
	}
	if err := checkBy(by); err != nil {
		return Revocation{}, err
	}
	if err := s.known(ctx, target, order.AllowUnknown); err != nil {
		return Revocation{}, err
	}
	kill := state.Kill{Kind: target.Kind, ID: target.ID, Reason: order.Reason, By: by}
	return s.throw(ctx, kill, s.TokenLifetime)
}

// throw stores the kill, which of a token is forgotten when that has ended by
// itself, at the latest after the lifetime, and waits for the gateways.
func (s *Service) throw(ctx context.Context, kill state.Kill, lifetime time.Duration) (Revocation, error) {
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

// Unrevoke puts the kill switch of a platform or a channel back. Clients that
// registered, and tokens that were issued, before stay dead.
func (s *Service) Unrevoke(ctx context.Context, kind, id string) (Revocation, error) {
	target, err := ParseTarget(kind, id)
	if err != nil {
		return Revocation{}, err
	}
	if target.Kind != revocation.Platform && target.Kind != revocation.Channel {
		return Revocation{}, invalid("kind", fmt.Sprintf("got %q, want platform or channel", kind),
			"nothing else comes back after it was revoked; make a new one")
	}
	tried := fmt.Sprintf("lifting the kill of %s %s", target.Kind, target.ID)
	now, err := s.clock(ctx, tried)
	if err != nil {
		return Revocation{}, err
	}
	lifted, position, err := s.Records.Lift(ctx, target.Kind, target.ID, now)
	if errors.Is(err, state.ErrNotFound) {
		return Revocation{}, &Error{
			Code: NotFound, Field: "id", Message: fmt.Sprintf("%s %s is not revoked", target.Kind, target.ID),
			Hint: "list the kills to see what is",
		}
	}
	if err != nil {
		return Revocation{}, uncertain(tried, err)
	}
	return s.await(ctx, Revocation{Kill: killView(lifted)}, position), nil
}

// clock is the store's, with which the times of clients and tokens are compared.
func (s *Service) clock(ctx context.Context, tried string) (time.Time, error) {
	_, now, err := s.Records.Store.Tail(ctx)
	if err != nil {
		return time.Time{}, unavailable(tried, err)
	}
	return now, nil
}

// await fills in who has applied the position. The kill is stored by now, so
// nothing that goes wrong here is an error: it is not knowing.
func (s *Service) await(ctx context.Context, r Revocation, position plugins.Position) Revocation {
	waiting, cancel := s.waiting(ctx)
	defer cancel()
	nodes, err := s.Nodes.Await(waiting, position)
	r.Nodes = nodes
	r.Applied = err == nil && !slices.ContainsFunc(nodes, func(n state.NodeState) bool { return !n.Applied })
	if err != nil {
		r.Nodes = []state.NodeState{}
	}
	return r
}

// Kills lists what was revoked, in no order: of one kind, or, when it is
// empty, of all.
func (s *Service) Kills(ctx context.Context, kind, cursor string, limit int) (Kills, error) {
	fetch := s.Records.Kills
	if kind != "" {
		k, err := parseKind(kind)
		if err != nil {
			return Kills{}, err
		}
		fetch = func(ctx context.Context, cursor string, limit int) ([]state.Kill, string, error) {
			return s.Records.KillsOf(ctx, k, cursor, limit)
		}
	}
	kills, next, err := scan(ctx, cursor, limit, fetch, func(k state.Kill) (Kill, bool) { return killView(k), true })
	if err != nil {
		return Kills{}, unavailable("listing the kills", err)
	}
	return Kills{Kills: kills, Cursor: next}, nil
}
