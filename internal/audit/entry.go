package audit

import (
	"encoding/json"
	"fmt"

	"github.com/caddy-dcr/caddy-dcr/internal/access"
	"github.com/caddy-dcr/caddy-dcr/internal/state"
)

// Outcome is what came of an act. The set is closed.
type Outcome string

const (
	// Done acts happened.
	Done Outcome = "done"
	// Denied acts were asked for by somebody who has no right to them.
	Denied Outcome = "denied"
)

// Outcomes lists every outcome.
var Outcomes = []Outcome{Done, Denied}

// Note is what there is to say about one administrative act.
type Note struct {
	Actor access.Actor
	// Role is the one by which it was allowed.
	Role      access.Role
	Operation access.Operation
	// Target is what it was done to, by kind and id.
	Target Target
	// Of is whose thing that is.
	Of      access.Resource
	Outcome Outcome
	// Before and After are views of the thing: what the administration shows
	// of it, and so never a secret. Nil is that it did not, or does no longer,
	// exist.
	Before, After any
	// Set is the change set that it is a part of.
	Set string
}

// Target is what an act is done to.
type Target struct {
	Kind string `json:"kind"`
	ID   string `json:"id"`
}

// String writes a target in one word.
func (t Target) String() string {
	if t.ID == "" {
		return t.Kind
	}
	return t.Kind + "/" + t.ID
}

// entry makes the record of it.
func (n Note) entry() (state.AuditEntry, error) {
	before, err := canonical(n.Before)
	if err != nil {
		return state.AuditEntry{}, err
	}
	after, err := canonical(n.After)
	if err != nil {
		return state.AuditEntry{}, err
	}
	return state.AuditEntry{
		Actor: n.Actor.Name, Role: string(n.Role), Method: n.Actor.Method,
		Surface: string(n.Actor.Surface), Address: n.Actor.Address,
		Operation: string(n.Operation), Target: n.Target.String(), Programmer: n.Of.Programmer, Channel: n.Of.Channel,
		Outcome: string(n.Outcome), Before: before, After: after, Set: n.Set,
	}, nil
}

// canonical writes a view as JSON: its members in the order of the view, those
// of a map sorted, and no blanks.
func canonical(view any) ([]byte, error) {
	if view == nil {
		return nil, nil
	}
	text, err := json.Marshal(view)
	if err != nil {
		return nil, fmt.Errorf("writing a view of %T for the record: %w", view, err)
	}
	return text, nil
}
