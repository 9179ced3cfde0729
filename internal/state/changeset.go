package state

import (
	"context"
	"fmt"
	"strings"

	"github.com/google/uuid"

	"github.com/caddy-dcr/caddy-dcr/plugins"
)

const changeSetPrefix = plugins.ReplicaPrefix + "g/"

// ChangeSet is a set of changes that are made together. Times are Unix
// milliseconds by the store's clock; zero is never.
type ChangeSet struct {
	ChangeSetBrief
	// Changes and Results are JSON, which belongs to whoever makes them.
	Changes []byte `cbor:"20,keyasint,omitempty"`
	Results []byte `cbor:"21,keyasint,omitempty"`
}

// ChangeSetBrief is what every gateway holds of a change set.
type ChangeSetBrief struct {
	ID    uuid.UUID `cbor:"1,keyasint"`
	Title string    `cbor:"2,keyasint,omitempty"`
	Owner string    `cbor:"3,keyasint"`
	// Programmer and Channel are whose things it may change; neither is set
	// for an operator's.
	Programmer string `cbor:"4,keyasint,omitempty"`
	Channel    string `cbor:"5,keyasint,omitempty"`
	Status     string `cbor:"6,keyasint"`
	Count      int    `cbor:"7,keyasint"`
	CreatedAt  int64  `cbor:"8,keyasint"`
	UpdatedAt  int64  `cbor:"9,keyasint,omitempty"`
	PushedAt   int64  `cbor:"10,keyasint,omitempty"`
	PushedBy   string `cbor:"11,keyasint,omitempty"`
	// UndoneAt and UndoneBy tell of a push that was rolled back.
	UndoneAt int64  `cbor:"12,keyasint,omitempty"`
	UndoneBy string `cbor:"13,keyasint,omitempty"`
	// ManagedBy names the manifest that made the set, if one did.
	ManagedBy string `cbor:"14,keyasint,omitempty"`
}

// ChangeSetKey is where a change set stands.
func ChangeSetKey(id uuid.UUID) string { return changeSetPrefix + id.String() }

// EncodeChangeSet makes the stored form of a change set.
func EncodeChangeSet(s ChangeSet) ([]byte, error) { return encode(kindChangeSet, s) }

func decodeChangeSet(key string, value []byte) (ChangeSet, error) {
	var s ChangeSet
	if err := decode(kindChangeSet, value, &s); err != nil {
		return ChangeSet{}, fmt.Errorf("change set %q: %w", key, err)
	}
	if ChangeSetKey(s.ID) != key {
		return ChangeSet{}, fmt.Errorf("change set %q: the record is of %s: %w", key, s.ID, plugins.ErrUnavailable)
	}
	return s, nil
}

// ChangeSet reads a change set whole. It returns [ErrNotFound] when there is
// none.
func (r Records) ChangeSet(ctx context.Context, id uuid.UUID) (Held[ChangeSet], error) {
	key := ChangeSetKey(id)
	raw, err := getOne(ctx, r.Store, key)
	if err != nil {
		return Held[ChangeSet]{}, fmt.Errorf("change set %s: %w", id, err)
	}
	s, err := decodeChangeSet(key, raw)
	return Held[ChangeSet]{Record: s, Raw: raw}, err
}

// ChangeSetSummary is a change set in brief, with the version of the whole.
type ChangeSetSummary struct {
	ChangeSetBrief
	Version string
}

// ChangeSets are all change sets in brief, by id. The map is read only.
func (r *Replica) ChangeSets() map[string]ChangeSetSummary {
	if v := r.view.Load(); v != nil {
		return v.changeSets.all()
	}
	return nil
}

// applyChangeSet keeps the brief alone: what was pushed long ago is not in
// every gateway's memory. One that cannot be read is left out, since no
// request's decision needs it.
func (v *view) applyChangeSet(key string, value []byte) {
	name := strings.TrimPrefix(key, changeSetPrefix)
	s, err := decodeChangeSet(key, value)
	if value == nil || err != nil {
		v.changeSets.remove(name)
		return
	}
	v.changeSets.put(name, ChangeSetSummary{s.ChangeSetBrief, VersionOf(value)})
}
