package management

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/caddy-dcr/caddy-dcr/internal/access"
	"github.com/caddy-dcr/caddy-dcr/internal/application"
	"github.com/caddy-dcr/caddy-dcr/internal/audit"
	"github.com/caddy-dcr/caddy-dcr/internal/device"
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

// killing is what it takes to revoke each kind of thing.
var killing = map[revocation.Kind]access.Operation{
	revocation.Token: access.RevokeToken, revocation.Client: access.RevokeClient, revocation.Statement: access.RevokeStatement,
	revocation.Application: access.RevokeApplication, revocation.Platform: access.RevokePlatform,
	revocation.Channel: access.RevokeChannel, revocation.Issuer: access.RevokeIssuer, revocation.Key: access.RevokeKey,
}

// Revoke throws a kill switch, and waits, within bounds, until every gateway
// has applied it. What was revoked before stays so, with its first reason.
func (s *Service) Revoke(ctx context.Context, call Call, order KillOrder) (Revocation, error) {
	target, err := s.Target(order.Kind, order.ID)
	if err != nil {
		return Revocation{}, err
	}
	if err := begin(call.Actor, killing[target.Kind]); err != nil {
		return Revocation{}, err
	}
	done, err := s.turn(ctx, call.Actor, fmt.Sprintf("revoking %s %s", target.Kind, target.ID), func(ctx context.Context, p *plan) (Revocation, error) {
		kill, already, err := p.throw(ctx, target, order)
		return Revocation{Kill: killView(kill), Already: already}, err
	})
	if err == nil && s.Revoked != nil && !done.Already {
		s.Revoked(done)
	}
	return done, err
}

// Unrevoke puts the kill switch of a platform or a channel back. Clients that
// registered, and tokens that were issued, before stay dead.
func (s *Service) Unrevoke(ctx context.Context, call Call, kind, id string) (Revocation, error) {
	target, err := parseLift(kind, id, s.Replica.Catalogue())
	if err != nil {
		return Revocation{}, err
	}
	if err := begin(call.Actor, access.LiftKill); err != nil {
		return Revocation{}, err
	}
	return s.turn(ctx, call.Actor, fmt.Sprintf("lifting the kill of %s %s", target.Kind, target.ID), func(ctx context.Context, p *plan) (Revocation, error) {
		kill, err := p.lift(ctx, target)
		return Revocation{Kill: killView(kill)}, err
	})
}

// Target is [ParseTarget] with the catalogue as it is.
func (s *Service) Target(kind, id string) (revocation.Target, error) {
	return ParseTarget(kind, id, s.Replica.Catalogue())
}

// parseLift takes a platform as it is written, too: what the catalogue has no
// more may still be stopped.
func parseLift(kind, id string, catalogue device.Catalogue) (revocation.Target, error) {
	target, err := ParseTarget(kind, id, catalogue)
	if err != nil && kind == string(revocation.Platform) && application.ValidID(id) {
		return revocation.Target{Kind: revocation.Platform, ID: id}, nil
	}
	if err == nil && target.Kind != revocation.Platform && target.Kind != revocation.Channel {
		err = invalid("kind", fmt.Sprintf("got %q, want platform or channel", kind), "nothing else comes back after it was revoked; make a new one")
	}
	return target, err
}

// turn throws a switch or puts it back, at once, and asks who has applied it.
func (s *Service) turn(ctx context.Context, who access.Actor, tried string, change func(context.Context, *plan) (Revocation, error)) (r Revocation, err error) {
	position, err := s.commitBy(ctx, who, tried, s.Audit.CommitUrgent, func(ctx context.Context, p *plan) (err error) {
		r, err = change(ctx, p)
		return err
	})
	if err != nil {
		return Revocation{}, err
	}
	if r.Already {
		if position, _, err = s.Records.Store.Tail(ctx); err != nil {
			return Revocation{}, unavailable(tried, err)
		}
	}
	return s.await(ctx, r, position), nil
}

// throw plans a kill. What was revoked already is answered as it is.
func (p *plan) throw(ctx context.Context, target revocation.Target, order KillOrder) (kill state.Kill, already bool, err error) {
	if err := checkText("reason", order.Reason); err != nil {
		return state.Kill{}, false, err
	}
	of, found, err := p.s.whoseTarget(ctx, target)
	if err != nil {
		return state.Kill{}, false, err
	}
	if !found && !(order.AllowUnknown && target.Kind != revocation.Application && p.operates()) {
		return state.Kill{}, false, notKnown(target)
	}
	op, on := killing[target.Kind], audit.Target{Kind: string(target.Kind), ID: target.ID}
	role, err := p.allow(op, on, of, notKnown(target))
	if err != nil {
		return state.Kill{}, false, err
	}
	now, err := p.s.clock(ctx, fmt.Sprintf("revoking %s", on))
	if err != nil {
		return state.Kill{}, false, err
	}
	kill = state.Kill{
		Kind: target.Kind, ID: target.ID, At: now.UnixMilli(), Reason: order.Reason, By: p.who.Name,
		Programmer: of.Programmer, Channel: of.Channel,
	}
	if target.Kind == revocation.Token && p.s.TokenLifetime > 0 {
		kill.ExpiresAt = now.Add(p.s.TokenLifetime + clockMargin).UnixMilli()
	}
	if planned, again := p.kills[killName(target)]; again {
		return planned, true, nil
	}
	thrown, writes, err := p.s.Records.Throwing(ctx, kill)
	if err != nil {
		return state.Kill{}, false, unavailable(fmt.Sprintf("revoking %s", on), err)
	}
	if len(writes) == 0 {
		return thrown, true, nil
	}
	p.add(writes[0])
	p.kills[killName(target)] = kill
	p.note(op, role, on, of, nil, killView(kill))
	if target.Kind == revocation.Issuer && target.ID == p.s.Issuer {
		return kill, false, p.throwOwnKeys(ctx)
	}
	return kill, false, nil
}

// throwOwnKeys plans the kills of the keys that have signed the gateway's own
// statements. The way back from a kill of its name is another name, under which
// clients of those statements would live again: what they registered with is
// noted by its key alone.
func (p *plan) throwOwnKeys(ctx context.Context) error {
	for _, key := range p.s.Replica.Keys() {
		if key.Use != state.KeyForStatements {
			continue
		}
		order := KillOrder{Reason: "issuer " + p.s.Issuer + " is revoked"}
		if _, _, err := p.throw(ctx, revocation.Target{Kind: revocation.Key, ID: key.ID}, order); err != nil {
			return err
		}
	}
	return nil
}

// lift plans that a kill switch is put back.
func (p *plan) lift(ctx context.Context, target revocation.Target) (state.Kill, error) {
	on := audit.Target{Kind: string(target.Kind), ID: target.ID}
	role, err := p.allow(access.LiftKill, on, access.Resource{}, notKnown(target))
	if err != nil {
		return state.Kill{}, err
	}
	now, err := p.s.clock(ctx, fmt.Sprintf("lifting the kill of %s", on))
	if err != nil {
		return state.Kill{}, err
	}
	thrown, lifted, w, err := p.s.Records.Lifting(ctx, target.Kind, target.ID, now)
	if errors.Is(err, state.ErrNotFound) {
		return state.Kill{}, &Error{
			Code: NotFound, Field: "id", Message: fmt.Sprintf("%s %s is not revoked", target.Kind, target.ID),
			Hint: "list the kills to see what is",
		}
	}
	if err != nil {
		return state.Kill{}, unavailable(fmt.Sprintf("lifting the kill of %s", on), err)
	}
	p.add(w)
	p.note(access.LiftKill, role, on, access.Resource{Programmer: thrown.Programmer, Channel: thrown.Channel}, killView(thrown), killView(lifted))
	return lifted, nil
}

// killName is how a plan calls a kill.
func killName(target revocation.Target) string {
	target = target.Folded()
	return string(target.Kind) + "/" + target.ID
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

// Kills lists what was revoked of what the actor sees, in no order: of one
// kind, or, when it is empty, of all.
func (s *Service) Kills(ctx context.Context, who access.Actor, kind string, part Part) (Kills, error) {
	if err := begin(who, access.ShowKill); err != nil {
		return Kills{}, err
	}
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
	kills, next, err := scan(ctx, part, fetch, func(k state.Kill) (Kill, bool) {
		return killView(k), sees(who, access.ShowKill, access.Resource{Programmer: k.Programmer, Channel: k.Channel})
	})
	if err != nil {
		return Kills{}, unlisted("listing the kills", err)
	}
	return Kills{Kills: kills, Cursor: next}, nil
}
