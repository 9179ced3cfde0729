package management

import (
	"encoding/json"
	"time"

	"github.com/google/uuid"

	"github.com/caddy-dcr/caddy-dcr/internal/access"
	"github.com/caddy-dcr/caddy-dcr/internal/audit"
	"github.com/caddy-dcr/caddy-dcr/internal/changeset"
	"github.com/caddy-dcr/caddy-dcr/internal/state"
)

// SetStatus says where a change set stands. The set is closed.
type SetStatus string

const (
	// Draft sets gather changes, and change nothing.
	Draft SetStatus = "draft"
	// Pushed sets were made, all at once.
	Pushed SetStatus = "pushed"
	// RolledBack sets were made, and taken back as far as that goes.
	RolledBack SetStatus = "rolled_back"
)

// SetStatuses lists every status.
var SetStatuses = []SetStatus{Draft, Pushed, RolledBack}

// ChangeSetSpec is what a person says of a new change set. Without programmer
// and channel it is an operator's, and may hold anything.
type ChangeSetSpec struct {
	Title      string `json:"title,omitempty"`
	Programmer string `json:"programmer,omitempty"`
	Channel    string `json:"channel,omitempty"`
}

// ChangeSet is how a change set is shown.
type ChangeSet struct {
	ID         uuid.UUID `json:"id"`
	Title      string    `json:"title,omitempty"`
	Owner      string    `json:"owner"`
	Programmer string    `json:"programmer,omitempty"`
	Channel    string    `json:"channel,omitempty"`
	Status     SetStatus `json:"status"`
	Count      int       `json:"count"`
	CreatedAt  time.Time `json:"created_at,omitzero"`
	UpdatedAt  time.Time `json:"updated_at,omitzero"`
	PushedAt   time.Time `json:"pushed_at,omitzero"`
	PushedBy   string    `json:"pushed_by,omitempty"`
	UndoneAt   time.Time `json:"rolled_back_at,omitzero"`
	UndoneBy   string    `json:"rolled_back_by,omitempty"`
	// ManagedBy names the manifest that made the set, if one did.
	ManagedBy string `json:"managed_by,omitempty"`
	Version   string `json:"version"`
	// Changes are what a draft would do now, and what a pushed set did; lists
	// leave them out.
	Changes []ReviewedChange `json:"changes,omitempty"`
}

// ReviewedChange is one change of a set, with what it does.
type ReviewedChange struct {
	// Number counts the changes of a set from 1.
	Number int          `json:"number"`
	Change Change       `json:"change"`
	Target audit.Target `json:"target,omitzero"`
	// Before and After are the thing as it is shown, and Difference is what
	// differs, field by field.
	Before     json.RawMessage        `json:"before,omitempty"`
	After      json.RawMessage        `json:"after,omitempty"`
	Difference []changeset.Difference `json:"difference"`
	// Conflict says why the change cannot be made as things are now.
	Conflict *Conflict `json:"conflict,omitempty"`
	// Undo is the operation that takes it back, where there is one, and
	// UndoNote says what stays nevertheless, or why there is none.
	Undo     access.Operation `json:"undo,omitempty"`
	UndoNote string           `json:"undo_note,omitempty"`
}

// Conflict is one change of a set that cannot be made, and why.
type Conflict struct {
	Number  int    `json:"number"`
	Code    Code   `json:"code"`
	Field   string `json:"field,omitempty"`
	Message string `json:"message"`
	Hint    string `json:"hint,omitempty"`
}

// ChangeSets is a part of a list; the cursor is empty when it was the last.
type ChangeSets struct {
	ChangeSets []ChangeSet `json:"change_sets"`
	Cursor     string      `json:"cursor,omitempty"`
}

func changeSetView(b state.ChangeSetBrief, version string) ChangeSet {
	return ChangeSet{
		ID: b.ID, Title: b.Title, Owner: b.Owner, Programmer: b.Programmer, Channel: b.Channel,
		Status: SetStatus(b.Status), Count: b.Count, CreatedAt: moment(b.CreatedAt), UpdatedAt: moment(b.UpdatedAt),
		PushedAt: moment(b.PushedAt), PushedBy: b.PushedBy, UndoneAt: moment(b.UndoneAt), UndoneBy: b.UndoneBy, ManagedBy: b.ManagedBy, Version: version,
	}
}

func setResource(b state.ChangeSetBrief) access.Resource {
	return access.Resource{Programmer: b.Programmer, Channel: b.Channel}
}

// reviewed adds to a change what the plan, or the record of a push, says.
func reviewed(number int, r pushed) ReviewedChange {
	undo, _ := changeset.Undoes(r.Change.Operation)
	return ReviewedChange{
		Number: number, Change: r.Change, Target: r.Target, Before: r.Before, After: r.After,
		Difference: changeset.Diff(r.Before, r.After), Undo: undo.Operation, UndoNote: undo.Why,
	}
}
