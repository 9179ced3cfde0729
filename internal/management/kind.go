package management

import (
	"context"
	"fmt"

	"github.com/caddy-dcr/caddy-dcr/internal/access"
	"github.com/caddy-dcr/caddy-dcr/internal/audit"
	"github.com/caddy-dcr/caddy-dcr/internal/roster"
	"github.com/caddy-dcr/caddy-dcr/internal/state"
)

// kind is what things on the roster have in common: T is the record, S what a
// person says of it, V how it is shown.
type kind[T, S, V any] struct {
	word                         string
	show, create, update, remove access.Operation
	// key is where it is stored, name how the replica's map calls it.
	key, name func(id string) string
	staged    func(*plan) staged[T]
	stored    func(*state.Replica) map[string]state.Held[T]
	declared  func(*Service, string) (T, bool)
	encode    func(T) ([]byte, error)
	// fill makes the record that the spec describes; old is the one in whose
	// place it comes, or has nothing but its id. It may look at the plan.
	fill func(p *plan, old T, spec S) (T, error)
	// made is the record of a thing that has nothing but its id.
	made  func(id string) T
	story func(*T) *roster.Story
	of    func(T) access.Resource
	view  func(s *Service, record T, version string) V
	// free refuses to delete what others depend on; nil is never.
	free func(p *plan, record T) error
}

func (k *kind[T, S, V]) target(id string) audit.Target { return audit.Target{Kind: k.word, ID: id} }

func (k *kind[T, S, V]) notThere(id string) error {
	return &Error{Code: NotFound, Field: k.word, Message: fmt.Sprintf("there is no %s %s", k.word, id), Hint: "compare the id"}
}

// find looks for what is on record, or declared.
func (k *kind[T, S, V]) find(p *plan, id string) (state.Held[T], bool) {
	if record, found := k.declared(p.s, id); found {
		return state.Held[T]{Record: record}, true
	}
	return k.staged(p).get(k.key(id), k.name(id), k.stored(p.s.Replica))
}

// existing finds what the actor may do something to, and refuses what is not
// theirs, what a configuration owns, and what is not of the version seen.
func (k *kind[T, S, V]) existing(p *plan, op access.Operation, id, ifVersion string) (state.Held[T], access.Role, error) {
	held, found := k.find(p, id)
	if !found {
		return held, "", k.notThere(id)
	}
	role, err := p.allow(op, k.target(id), k.of(held.Record), k.notThere(id))
	if err != nil {
		return held, "", err
	}
	if err := k.changeable(p, id, held.Record); err != nil {
		return held, "", err
	}
	return held, role, checkVersion(ifVersion, k.target(id), held.Version())
}

// changeable refuses to change what a configuration owns, or a manifest on
// whose behalf the plan is not made.
func (k *kind[T, S, V]) changeable(p *plan, id string, record T) error {
	story := k.story(&record)
	switch {
	case story.Declared:
		return declaredElsewhere(k.word, id)
	case story.ManagedBy != "" && story.ManagedBy != p.manifest:
		return managedElsewhere(k.word, id, story.ManagedBy)
	default:
		return nil
	}
}

// marked says whose a record is that the plan writes.
func (p *plan) marked(story *roster.Story) {
	if p.manifest != "" {
		story.ManagedBy = p.manifest
	}
	if p.release {
		story.ManagedBy = ""
	}
}

func (k *kind[T, S, V]) planCreate(ctx context.Context, p *plan, call Call, id string, spec S) (V, error) {
	var none V
	made, err := p.s.askedBefore(ctx, call, k.create, []any{id, spec})
	if err != nil {
		return none, err
	}
	if made != "" {
		return k.again(p, made)
	}
	record, err := k.fill(p, k.made(id), spec)
	if err != nil {
		return none, err
	}
	of := k.of(record)
	role, err := p.allow(k.create, k.target(id), of, k.notThere(id))
	if err != nil {
		return none, err
	}
	if _, taken := k.find(p, id); taken {
		return none, &Error{Code: Exists, Field: "id", Message: fmt.Sprintf("%s %s exists already", k.word, id), Hint: "update it instead"}
	}
	story := k.story(&record)
	story.CreatedAt, story.CreatedBy = p.now.UnixMilli(), p.who.Name
	p.marked(story)
	held, err := put(p, k.staged(p), k.key(id), state.Held[T]{}, record, k.encode)
	if err != nil {
		return none, err
	}
	view := k.view(p.s, held.Record, held.Version())
	p.note(k.create, role, k.target(id), of, nil, view)
	return view, p.remember(call, k.create, []any{id, spec}, id)
}

// again answers what an earlier call with the same key made.
func (k *kind[T, S, V]) again(p *plan, id string) (V, error) {
	held, found := k.find(p, id)
	if !found {
		var none V
		return none, k.notThere(id)
	}
	return k.view(p.s, held.Record, held.Version()), nil
}

func (k *kind[T, S, V]) planUpdate(p *plan, id, ifVersion string, spec S) (V, error) {
	var none V
	held, role, err := k.existing(p, k.update, id, ifVersion)
	if err != nil {
		return none, err
	}
	record, err := k.fill(p, held.Record, spec)
	if err != nil {
		return none, err
	}
	story := k.story(&record)
	*story = *k.story(&held.Record)
	story.UpdatedAt, story.UpdatedBy = p.now.UnixMilli(), p.who.Name
	p.marked(story)
	next, err := put(p, k.staged(p), k.key(id), held, record, k.encode)
	if err != nil {
		return none, err
	}
	before, after := k.view(p.s, held.Record, held.Version()), k.view(p.s, next.Record, next.Version())
	p.note(k.update, role, k.target(id), k.of(record), before, after)
	return after, nil
}

func (k *kind[T, S, V]) planDelete(p *plan, id, ifVersion string) error {
	held, role, err := k.existing(p, k.remove, id, ifVersion)
	if err != nil {
		return err
	}
	if k.free != nil {
		if err := k.free(p, held.Record); err != nil {
			return err
		}
	}
	remove(p, k.staged(p), k.key(id), held)
	p.note(k.remove, role, k.target(id), k.of(held.Record), k.view(p.s, held.Record, held.Version()), nil)
	return nil
}

// Create, update and delete are the acts of one change.

func (k *kind[T, S, V]) doCreate(ctx context.Context, s *Service, call Call, id string, spec S) (view V, err error) {
	if err := begin(call.Actor, k.create); err != nil {
		return view, err
	}
	err = s.commit(ctx, call.Actor, fmt.Sprintf("creating %s %s", k.word, id), func(ctx context.Context, p *plan) (err error) {
		view, err = k.planCreate(ctx, p, call, id, spec)
		return err
	})
	return view, err
}

func (k *kind[T, S, V]) doUpdate(ctx context.Context, s *Service, call Call, id string, spec S) (view V, err error) {
	if err := begin(call.Actor, k.update); err != nil {
		return view, err
	}
	err = s.commit(ctx, call.Actor, fmt.Sprintf("updating %s %s", k.word, id), func(_ context.Context, p *plan) (err error) {
		view, err = k.planUpdate(p, id, call.IfVersion, spec)
		return err
	})
	return view, err
}

func (k *kind[T, S, V]) doDelete(ctx context.Context, s *Service, call Call, id string) error {
	if err := begin(call.Actor, k.remove); err != nil {
		return err
	}
	return s.commit(ctx, call.Actor, fmt.Sprintf("deleting %s %s", k.word, id), func(_ context.Context, p *plan) error {
		return k.planDelete(p, id, call.IfVersion)
	})
}

// doShow shows one.
func (k *kind[T, S, V]) doShow(s *Service, who access.Actor, id string) (view V, err error) {
	if err := begin(who, k.show); err != nil {
		return view, err
	}
	held, found := k.find(s.newPlan(who), id)
	if !found {
		if err := s.certain("looking for " + k.word + " " + id); err != nil {
			return view, err
		}
		return view, k.notThere(id)
	}
	if err := show(who, k.show, k.of(held.Record), k.notThere(id)); err != nil {
		return view, err
	}
	return k.view(s, held.Record, held.Version()), nil
}
