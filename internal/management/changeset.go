package management

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/google/uuid"

	"github.com/caddy-dcr/caddy-dcr/internal/access"
	"github.com/caddy-dcr/caddy-dcr/internal/state"
	"github.com/caddy-dcr/caddy-dcr/plugins"
)

// A set is pushed as one act of the store, and is bounded for that: in the
// number of its changes, and in their size as JSON.
const (
	maxChanges = 100
	maxSet     = 256 << 10
)

// CreateChangeSet begins a draft.
func (s *Service) CreateChangeSet(ctx context.Context, call Call, spec ChangeSetSpec) (ChangeSet, error) {
	if err := begin(call.Actor, access.EditChangeSet); err != nil {
		return ChangeSet{}, err
	}
	if err := checkText("title", spec.Title); err != nil {
		return ChangeSet{}, err
	}
	if spec.Channel != "" && spec.Programmer == "" {
		return ChangeSet{}, invalid("programmer", "got none, want that of the channel", "")
	}
	if spec.Programmer == "" && !call.IsOperator() {
		return ChangeSet{}, invalid("programmer", "got none, want yours", "only an operator's set is for everything")
	}
	of := access.Resource{Programmer: spec.Programmer, Channel: spec.Channel}
	if err := show(call.Actor, access.EditChangeSet, of, noProgrammer(spec.Programmer)); err != nil {
		return ChangeSet{}, err
	}
	made, err := s.askedBefore(ctx, call, access.EditChangeSet, spec)
	if err != nil {
		return ChangeSet{}, err
	}
	if id, err := uuid.Parse(made); err == nil {
		return s.ChangeSet(ctx, call.Actor, id)
	}
	id, err := newID("")
	if err != nil {
		return ChangeSet{}, err
	}
	set := state.ChangeSet{ChangeSetBrief: state.ChangeSetBrief{
		ID: id, Title: spec.Title, Owner: call.Name, Programmer: spec.Programmer, Channel: spec.Channel,
		Status: string(Draft), CreatedAt: s.Replica.Now().UnixMilli(),
	}}
	p := s.newPlan(call.Actor)
	if err := p.remember(call, access.EditChangeSet, spec, id.String()); err != nil {
		return ChangeSet{}, err
	}
	return s.storeDraft(ctx, state.Held[state.ChangeSet]{}, set, p.writes...)
}

// heldSet reads a set that the actor may do that to.
func (s *Service) heldSet(ctx context.Context, who access.Actor, op access.Operation, id uuid.UUID) (state.Held[state.ChangeSet], error) {
	none := state.Held[state.ChangeSet]{}
	if err := begin(who, op); err != nil {
		return none, err
	}
	held, err := s.Records.ChangeSet(ctx, id)
	if errors.Is(err, state.ErrNotFound) {
		return none, noSet(id)
	}
	if err != nil {
		return none, unavailable("looking for the change set", err)
	}
	if err := show(who, op, setResource(held.Record.ChangeSetBrief), noSet(id)); err != nil {
		return none, err
	}
	return held, nil
}

func noSet(id uuid.UUID) error {
	return &Error{Code: NotFound, Field: "change_set", Message: fmt.Sprintf("there is no change set %s", id), Hint: "list the change sets to find its id"}
}

func changesOf(set state.ChangeSet) ([]Change, error) {
	var changes []Change
	if len(set.Changes) == 0 {
		return nil, nil
	}
	if err := json.Unmarshal(set.Changes, &changes); err != nil {
		return nil, unavailable("reading the change set", fmt.Errorf("%w: %w", plugins.ErrUnavailable, err))
	}
	return changes, nil
}

// storeDraft stores what became of a draft, which nobody else must have
// changed meanwhile.
func (s *Service) storeDraft(ctx context.Context, old state.Held[state.ChangeSet], next state.ChangeSet, besides ...plugins.Write) (ChangeSet, error) {
	value, err := state.EncodeChangeSet(next)
	if err != nil {
		return ChangeSet{}, unavailable("writing the change set", err)
	}
	w := old.Instead(value, state.ChangeSetKey(next.ID))
	if old.Raw == nil {
		w.If = plugins.IfAbsent
	}
	if err := s.storeSet(ctx, append([]plugins.Write{w}, besides...)...); err != nil {
		return ChangeSet{}, err
	}
	return s.review(ctx, state.Held[state.ChangeSet]{Record: next, Raw: value})
}

func (s *Service) storeSet(ctx context.Context, writes ...plugins.Write) error {
	position, err := s.Records.Store.Append(ctx, writes...)
	if errors.Is(err, plugins.ErrConflict) {
		return &Error{Code: Changed, Field: "version", Message: "the change set has changed meanwhile", Hint: "look at it again"}
	}
	if err != nil {
		return uncertain("storing the change set", err)
	}
	waiting, cancel := s.waiting(ctx)
	defer cancel()
	_ = s.Replica.WaitFor(waiting, position)
	return nil
}

// ChangeSet shows a change set with its changes: what a draft would do now,
// and what a pushed one did.
func (s *Service) ChangeSet(ctx context.Context, who access.Actor, id uuid.UUID) (ChangeSet, error) {
	held, err := s.heldSet(ctx, who, access.ShowChangeSet, id)
	if err != nil {
		return ChangeSet{}, err
	}
	if err := s.certain("reviewing the change set"); err != nil {
		return ChangeSet{}, err
	}
	return s.review(ctx, held)
}

// SetFilter picks change sets; empty fields pick all.
type SetFilter struct {
	Owner, Programmer, Channel string
	Status                     SetStatus
}

// ChangeSets lists the change sets that the actor sees, the newest first.
func (s *Service) ChangeSets(who access.Actor, filter SetFilter, part Part) (ChangeSets, error) {
	if err := begin(who, access.ShowChangeSet); err != nil {
		return ChangeSets{}, err
	}
	if err := s.certain("listing the change sets"); err != nil {
		return ChangeSets{}, err
	}
	all := []ChangeSet{}
	for _, held := range s.Replica.ChangeSets() {
		picked := (filter.Owner == "" || held.Owner == filter.Owner) && (filter.Programmer == "" || held.Programmer == filter.Programmer) &&
			(filter.Channel == "" || held.Channel == filter.Channel) && (filter.Status == "" || held.Status == string(filter.Status))
		if picked && sees(who, access.ShowChangeSet, setResource(held.ChangeSetBrief)) {
			all = append(all, changeSetView(held.ChangeSetBrief, held.Version))
		}
	}
	list, cursor, err := cut(all, func(c ChangeSet) []string { return []string{newestFirst(c.CreatedAt), c.ID.String()} }, part)
	return ChangeSets{ChangeSets: list, Cursor: cursor}, err
}

// planSet is a plan of what a change set holds.
func (s *Service) planSet(who access.Actor, b state.ChangeSetBrief) *plan {
	p := s.newPlan(who)
	place := setResource(b)
	p.set, p.place = b.ID.String(), &place
	return p
}
