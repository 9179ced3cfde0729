package management

import (
	"context"
	"fmt"
	"slices"

	"github.com/google/uuid"

	"github.com/caddy-dcr/caddy-dcr/internal/access"
	"github.com/caddy-dcr/caddy-dcr/internal/state"
)

// AddChange gathers a change in a draft. It is made nowhere yet, but it must
// be one that could be made now, after those before it.
func (s *Service) AddChange(ctx context.Context, call Call, set uuid.UUID, change Change) (ChangeSet, error) {
	return s.editDraft(ctx, call, set, func(held state.ChangeSet, changes []Change) ([]Change, error) {
		if len(changes) >= maxChanges {
			return nil, invalid("change", fmt.Sprintf("the set has %d changes, which is the most that it can have", maxChanges), "begin another set")
		}
		p := s.planSet(call.Actor, held.ChangeSetBrief)
		for i, earlier := range changes {
			if err := p.planChange(ctx, earlier); err != nil {
				return nil, conflicted([]Conflict{conflictOf(i+1, err)})
			}
		}
		change, err := settled(call, change)
		if err != nil {
			return nil, err
		}
		if change.IfVersion == "" {
			change.IfVersion = p.version(change)
		}
		if err := p.planChange(ctx, change); err != nil {
			return nil, err
		}
		return append(changes, p.drawn(change)), nil
	})
}

// settled gives a new application its id, so that what follows in the set can
// name it.
func settled(call Call, c Change) (Change, error) {
	if c.Operation != access.CreateApplication {
		return c, nil
	}
	if given(c.Application).ID != "" {
		return c, invalid("application", "its id is not for this part to say", "give it as the id of the change, or none")
	}
	if c.ID != "" && !call.IsOperator() {
		return c, &Error{Code: Forbidden, Field: "id", Message: "only an operator may choose the id of an application", Hint: "leave it out"}
	}
	id, err := newID(c.ID)
	c.ID = id.String()
	return c, err
}

// drawn puts what the plan drew at random into the change: what is reviewed is
// what will be made.
func (p *plan) drawn(c Change) Change {
	switch c.Operation {
	case access.CreateApplication:
		if id, err := uuid.Parse(c.ID); err == nil && p.applications[id] != nil {
			spec := given(c.Application)
			spec.NewScheme, spec.CustomSchemes = false, p.applications[id].CustomSchemes
			c.Application = &spec
		}
	case access.CreateProgrammer, access.UpdateProgrammer:
		if held := p.programmers[state.ProgrammerKey(c.ID)]; held != nil && given(c.Programmer).NewScheme {
			spec := given(c.Programmer)
			spec.NewScheme, spec.CustomSchemes = false, held.Record.CustomSchemes
			c.Programmer = &spec
		}
	case access.CreateChannel, access.UpdateChannel:
		if held := p.channels[state.ChannelKey(c.ID)]; held != nil && given(c.Channel).NewScheme {
			spec := given(c.Channel)
			spec.NewScheme, spec.CustomSchemes = false, held.Record.CustomSchemes
			c.Channel = &spec
		}
	}
	return c
}

// RemoveChange takes a change out of a draft, by its number.
func (s *Service) RemoveChange(ctx context.Context, call Call, set uuid.UUID, number int) (ChangeSet, error) {
	return s.editDraft(ctx, call, set, func(_ state.ChangeSet, changes []Change) ([]Change, error) {
		if number < 1 || number > len(changes) {
			return nil, &Error{Code: NotFound, Field: "number", Message: fmt.Sprintf("the set has no change %d", number), Hint: "look at it again"}
		}
		return slices.Delete(changes, number-1, number), nil
	})
}

// DiscardChangeSet deletes a draft. What was pushed stays on record.
func (s *Service) DiscardChangeSet(ctx context.Context, call Call, id uuid.UUID) error {
	held, err := s.draft(ctx, call, access.EditChangeSet, id)
	if err != nil {
		return err
	}
	return s.storeSet(ctx, held.Instead(nil, state.ChangeSetKey(id)))
}

// editDraft changes what a draft holds.
func (s *Service) editDraft(ctx context.Context, call Call, id uuid.UUID, edit func(state.ChangeSet, []Change) ([]Change, error)) (ChangeSet, error) {
	held, err := s.draft(ctx, call, access.EditChangeSet, id)
	if err != nil {
		return ChangeSet{}, err
	}
	changes, err := changesOf(held.Record)
	if err != nil {
		return ChangeSet{}, err
	}
	if changes, err = edit(held.Record, changes); err != nil {
		return ChangeSet{}, err
	}
	next := held.Record
	next.Changes, next.Count, next.UpdatedAt = jsonOf(changes), len(changes), s.Replica.Now().UnixMilli()
	if len(next.Changes) > maxSet {
		return ChangeSet{}, invalid("change", fmt.Sprintf("the set would have %d bytes, and %d is the most", len(next.Changes), maxSet), "begin another set")
	}
	return s.storeDraft(ctx, held, next)
}

// draft finds a draft that the actor may do that to, in the version that the
// caller saw.
func (s *Service) draft(ctx context.Context, call Call, op access.Operation, id uuid.UUID) (state.Held[state.ChangeSet], error) {
	held, err := s.heldSet(ctx, call.Actor, op, id)
	if err != nil {
		return held, err
	}
	if held.Record.Status != string(Draft) {
		return held, &Error{
			Code: Changed, Field: "status", Message: fmt.Sprintf("change set %s was %s already", id, held.Record.Status),
			Hint: "begin another one",
		}
	}
	return held, checkVersion(call.IfVersion, setTarget(id), held.Version())
}
