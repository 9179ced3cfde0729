package management

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/caddy-dcr/caddy-dcr/internal/access"
	"github.com/caddy-dcr/caddy-dcr/internal/audit"
	"github.com/caddy-dcr/caddy-dcr/internal/changeset"
	"github.com/caddy-dcr/caddy-dcr/internal/state"
	"github.com/caddy-dcr/caddy-dcr/plugins"
)

func setTarget(id uuid.UUID) audit.Target { return audit.Target{Kind: "change_set", ID: id.String()} }

// review adds what a set's changes do, or did.
func (s *Service) review(ctx context.Context, held state.Held[state.ChangeSet]) (ChangeSet, error) {
	view := changeSetView(held.Record.ChangeSetBrief, held.Version())
	view.Changes = []ReviewedChange{}
	if held.Record.Status != string(Draft) {
		done, err := resultsOf(held.Record)
		for i, r := range done {
			view.Changes = append(view.Changes, reviewed(i+1, r))
		}
		return view, err
	}
	changes, err := changesOf(held.Record)
	if err != nil {
		return ChangeSet{}, err
	}
	p := s.planSet(access.Actor{Name: held.Record.Owner}, held.Record.ChangeSetBrief)
	p.review = true
	for i, c := range changes {
		before := len(p.notes)
		err := p.planChange(ctx, c)
		r := pushed{Change: c}
		if err == nil {
			r = results([]Change{c}, p.notes[before:])[0]
		}
		change := reviewed(i+1, r)
		var fault *Error
		if errors.As(err, &fault) {
			if fault.Code == Unavailable {
				return ChangeSet{}, fault
			}
			conflict := conflictOf(i+1, fault)
			change.Conflict = &conflict
		}
		view.Changes = append(view.Changes, change)
	}
	return view, nil
}

// PushChangeSet makes all changes of a draft, at once, or none of them. Those
// that cannot be made, because something has changed since they were
// gathered, are named.
func (s *Service) PushChangeSet(ctx context.Context, call Call, id uuid.UUID) (ChangeSet, error) {
	return s.turnSet(ctx, call, access.PushChangeSet, id, "pushing the change set", func(ctx context.Context, p *plan, set *state.ChangeSet) error {
		if set.Status != string(Draft) {
			return &Error{Code: Changed, Field: "status", Message: fmt.Sprintf("change set %s was %s already", id, set.Status), Hint: "begin another one"}
		}
		changes, err := changesOf(*set)
		if err != nil {
			return err
		}
		if len(changes) == 0 {
			return invalid("changes", "the set has none", "add some, or discard it")
		}
		if err := p.planAll(ctx, changes); err != nil {
			return err
		}
		done := results(changes, p.notes)
		lastVersions(done)
		set.Status, set.PushedAt, set.PushedBy = string(Pushed), p.now.UnixMilli(), p.who.Name
		set.Results = jsonOf(done)
		return nil
	})
}

// RollBackOptions say what a roll-back may leave as it is.
type RollBackOptions struct {
	// Partly takes back what can be, and leaves the rest.
	Partly bool `json:"partly,omitempty"`
}

// RollBackChangeSet takes back what a set did, at once, the last change first.
// What cannot be taken back is named, and so is what has changed since.
func (s *Service) RollBackChangeSet(ctx context.Context, call Call, id uuid.UUID, options RollBackOptions) (ChangeSet, error) {
	return s.turnSet(ctx, call, access.RollBackChangeSet, id, "rolling the change set back", func(ctx context.Context, p *plan, set *state.ChangeSet) error {
		if set.Status != string(Pushed) {
			return &Error{Code: Changed, Field: "status", Message: fmt.Sprintf("change set %s is %s, and not pushed", id, set.Status), Hint: "look at it again"}
		}
		done, err := resultsOf(*set)
		if err != nil {
			return err
		}
		back, stays := undo(done)
		if len(stays) > 0 && !options.Partly {
			return &Error{
				Code: Irreversible, Field: "partly", Message: "some of it cannot be taken back: " + texts(stays), Conflicts: stays,
				Hint: "roll it back partly, to take back the rest",
			}
		}
		if err := p.planAll(ctx, back); err != nil {
			return err
		}
		set.Status, set.UndoneAt, set.UndoneBy = string(RolledBack), p.now.UnixMilli(), p.who.Name
		return nil
	})
}

// undo makes the changes that take others back, the last first, and names
// those that stay.
func undo(done []pushed) (back []Change, stays []Conflict) {
	for i, r := range slices.Backward(done) {
		if c, possible := inverse(r); possible {
			back = append(back, c)
			continue
		}
		u, _ := changeset.Undoes(r.Change.Operation)
		stays = append(stays, Conflict{Number: i + 1, Code: Irreversible, Message: fmt.Sprintf("%s %s: %s", r.Change.Operation, r.Target.ID, u.Why)})
	}
	return back, stays
}

// turnSet is one act on a whole set, on record as such besides what it does.
func (s *Service) turnSet(ctx context.Context, call Call, op access.Operation, id uuid.UUID, tried string,
	turn func(context.Context, *plan, *state.ChangeSet) error,
) (ChangeSet, error) {
	if err := begin(call.Actor, op); err != nil {
		return ChangeSet{}, err
	}
	var next state.Held[state.ChangeSet]
	var kills map[string]state.Kill
	position, err := s.commitBy(ctx, call.Actor, tried, s.Audit.Commit, func(ctx context.Context, p *plan) error {
		held, err := s.Records.ChangeSet(ctx, id)
		if errors.Is(err, state.ErrNotFound) {
			return noSet(id)
		}
		if err != nil {
			return unavailable(tried, err)
		}
		of := setResource(held.Record.ChangeSetBrief)
		role, err := p.allow(op, setTarget(id), of, noSet(id))
		if err != nil {
			return err
		}
		if err := checkVersion(call.IfVersion, setTarget(id), held.Version()); err != nil {
			return err
		}
		p.set, p.place, p.manifest = id.String(), &of, held.Record.ManagedBy
		record := held.Record
		if err := turn(ctx, p, &record); err != nil {
			return err
		}
		if next.Raw, err = state.EncodeChangeSet(record); err != nil {
			return unavailable(tried, err)
		}
		next.Record = record
		p.add(held.Instead(next.Raw, state.ChangeSetKey(id)))
		p.note(op, role, setTarget(id), of,
			changeSetView(held.Record.ChangeSetBrief, held.Version()), changeSetView(record.ChangeSetBrief, next.Version()))
		kills = p.kills
		return nil
	})
	if err != nil {
		return ChangeSet{}, err
	}
	s.awaitSet(ctx, kills, position)
	return s.review(ctx, next)
}

// awaitSet waits until all gateways know of a set, as of a kill, before its
// pusher goes on, and says whether they do.
func (s *Service) awaitSet(ctx context.Context, kills map[string]state.Kill, position plugins.Position) bool {
	applied := s.await(ctx, Revocation{}, position)
	for _, kill := range kills {
		if s.Revoked != nil {
			s.Revoked(Revocation{Kill: killView(kill), Applied: applied.Applied, Nodes: applied.Nodes})
		}
	}
	return applied.Applied
}

// planAll plans changes, and names all that cannot be made.
func (p *plan) planAll(ctx context.Context, changes []Change) error {
	var conflicts []Conflict
	for i, c := range changes {
		if err := p.planChange(ctx, c); err != nil {
			var fault *Error
			if !errors.As(err, &fault) || fault.Code == Unavailable {
				return err
			}
			conflicts = append(conflicts, conflictOf(i+1, err))
		}
	}
	if len(conflicts) > 0 {
		return conflicted(conflicts)
	}
	return nil
}

func conflictOf(number int, err error) Conflict {
	var fault *Error
	if !errors.As(err, &fault) {
		fault = &Error{Code: Unavailable, Message: "something went wrong"}
	}
	return Conflict{Number: number, Code: fault.Code, Field: fault.Field, Message: fault.Message, Hint: fault.Hint}
}

func conflicted(conflicts []Conflict) error {
	return &Error{
		Code: Changed, Field: "changes", Message: "some of it cannot be done as things are now: " + texts(conflicts), Conflicts: conflicts,
		Hint: "look at the set again; nothing of it was done",
	}
}

func texts(conflicts []Conflict) string {
	list := make([]string, len(conflicts))
	for i, c := range conflicts {
		list[i] = fmt.Sprintf("change %d: %s", c.Number, c.Message)
	}
	return strings.Join(list, "; ")
}

func resultsOf(set state.ChangeSet) ([]pushed, error) {
	var done []pushed
	if err := json.Unmarshal(set.Results, &done); err != nil {
		return nil, unavailable("reading the change set", fmt.Errorf("%w: %w", plugins.ErrUnavailable, err))
	}
	return done, nil
}
