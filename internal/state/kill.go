package state

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/caddy-dcr/caddy-dcr/internal/revocation"
	"github.com/caddy-dcr/caddy-dcr/plugins"
)

const killPrefix = plugins.ReplicaPrefix + "k/"

// Kill is the record of a thrown kill switch. Times are Unix milliseconds by
// the store's clock; zero LiftedAt and ExpiresAt are never.
type Kill struct {
	Kind      revocation.Kind `cbor:"1,keyasint"`
	ID        string          `cbor:"2,keyasint"`
	At        int64           `cbor:"3,keyasint"`
	LiftedAt  int64           `cbor:"4,keyasint,omitempty"`
	ExpiresAt int64           `cbor:"5,keyasint,omitempty"`
	Reason    string          `cbor:"6,keyasint,omitempty"`
	By        string          `cbor:"7,keyasint,omitempty"`
	// Programmer and Channel are whose thing was killed, where somebody knew.
	Programmer string `cbor:"8,keyasint,omitempty"`
	Channel    string `cbor:"9,keyasint,omitempty"`
}

// killKey has one key for what is looked up as one: a kill that is put back
// must not leave another thrown under another spelling.
func killKey(kind revocation.Kind, id string) string {
	target := revocation.Target{Kind: kind, ID: id}.Folded()
	return killPrefix + string(target.Kind) + "/" + target.ID
}

func decodeKill(key string, value []byte) (Kill, error) {
	var k Kill
	if err := decode(kindKill, value, &k); err != nil {
		return Kill{}, fmt.Errorf("kill %q: %w", key, err)
	}
	if killKey(k.Kind, k.ID) != key {
		return Kill{}, fmt.Errorf("kill %q: the record is of %s %s: %w", key, k.Kind, k.ID, plugins.ErrUnavailable)
	}
	return k, nil
}

// Throwing says what throws a kill switch. The first kill of a thing stands, so
// that its time and reason stay those of the first: what was thrown already is
// answered, without a write. A kill that was lifted is thrown anew.
func (r Records) Throwing(ctx context.Context, k Kill) (thrown Kill, writes []plugins.Write, err error) {
	old, raw, err := r.kill(ctx, k.Kind, k.ID)
	if err != nil && !errors.Is(err, ErrNotFound) {
		return Kill{}, nil, err
	}
	if err == nil && old.LiftedAt == 0 {
		return old, nil, nil
	}
	w, err := killWrite(k, raw)
	return k, []plugins.Write{w}, err
}

// Lifting says what puts a kill switch back. It returns [ErrNotFound] when it
// was never thrown, or is lifted already.
func (r Records) Lifting(ctx context.Context, kind revocation.Kind, id string, at time.Time) (thrown, lifted Kill, w plugins.Write, err error) {
	thrown, raw, err := r.kill(ctx, kind, id)
	if err != nil {
		return Kill{}, Kill{}, plugins.Write{}, err
	}
	if thrown.LiftedAt != 0 {
		return Kill{}, Kill{}, plugins.Write{}, fmt.Errorf("%s %s is not killed: %w", kind, id, ErrNotFound)
	}
	lifted = thrown
	lifted.LiftedAt = at.UnixMilli()
	w, err = killWrite(lifted, raw)
	return thrown, lifted, w, err
}

func killWrite(k Kill, old []byte) (plugins.Write, error) {
	value, err := encode(kindKill, k)
	w := plugins.Write{Key: killKey(k.Kind, k.ID), Value: value, If: plugins.IfAbsent}
	if old != nil {
		w.If, w.Old = plugins.IfEqual, old
	}
	if k.ExpiresAt != 0 {
		w.TTL = time.Duration(k.ExpiresAt-k.At) * time.Millisecond
	}
	return w, err
}

// Throw stores a kill, for all gateways, and answers its place in the feed, or
// a later one if it was thrown already.
func (r Records) Throw(ctx context.Context, k Kill) (Kill, plugins.Position, error) {
	// Two attempts see through one race with another writer; a third would
	// mean that somebody throws and lifts the same switch in a loop.
	for range 3 {
		thrown, writes, err := r.Throwing(ctx, k)
		if err != nil {
			return Kill{}, plugins.Position{}, err
		}
		if len(writes) == 0 {
			position, _, err := r.Store.Tail(ctx)
			return thrown, position, err
		}
		position, err := r.Store.Append(ctx, writes...)
		if !errors.Is(err, plugins.ErrConflict) {
			return thrown, position, err
		}
	}
	return Kill{}, plugins.Position{}, fmt.Errorf("%s %s is being changed by others: %w", k.Kind, k.ID, plugins.ErrConflict)
}

// Kill reads the record of a kill. It returns [ErrNotFound] when the switch
// was never thrown.
func (r Records) Kill(ctx context.Context, kind revocation.Kind, id string) (Kill, error) {
	k, _, err := r.kill(ctx, kind, id)
	return k, err
}

func (r Records) kill(ctx context.Context, kind revocation.Kind, id string) (Kill, []byte, error) {
	key := killKey(kind, id)
	value, err := getOne(ctx, r.Store, key)
	if err != nil {
		return Kill{}, nil, fmt.Errorf("kill of %s %s: %w", kind, id, err)
	}
	k, err := decodeKill(key, value)
	return k, value, err
}

// Kills lists kills, a page at a time; the cursor is empty on the first and
// after the last page. It is for administration.
func (r Records) Kills(ctx context.Context, cursor string, limit int) ([]Kill, string, error) {
	return list(ctx, r.Store, killPrefix, cursor, limit, decodeKill)
}

// KillsOf is Kills for one kind, which may be far fewer.
func (r Records) KillsOf(ctx context.Context, kind revocation.Kind, cursor string, limit int) ([]Kill, string, error) {
	return list(ctx, r.Store, killKey(kind, ""), cursor, limit, decodeKill)
}

// killTarget reads what a key's kill was thrown on, for when the record is
// gone and only the key is left.
func killTarget(key string) (revocation.Target, bool) {
	kind, id, found := strings.Cut(strings.TrimPrefix(key, killPrefix), "/")
	return revocation.Target{Kind: revocation.Kind(kind), ID: id}, found
}

func countKills(entry plugins.Entry) int {
	n := 0
	for _, w := range entry.Writes {
		if strings.HasPrefix(w.Key, killPrefix) && w.Value != nil {
			n++
		}
	}
	return n
}
