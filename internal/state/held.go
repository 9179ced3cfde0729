package state

import (
	"crypto/sha256"
	"encoding/hex"
	"maps"
	"sync/atomic"

	"github.com/caddy-dcr/caddy-dcr/plugins"
)

// Held is a record with the bytes that the store has of it, which whoever
// changes it names as the old ones.
type Held[T any] struct {
	Record T
	Raw    []byte
}

// Version tells one state of a record from every other. It is made from what
// is stored, so that all gateways say the same.
func (h Held[T]) Version() string { return VersionOf(h.Raw) }

// VersionOf is the version of a record that is stored as these bytes.
func VersionOf(raw []byte) string {
	sum := sha256.Sum256(raw)
	return hex.EncodeToString(sum[:8])
}

// Instead is the write of a record where this one stands; nil deletes it.
func (h Held[T]) Instead(value []byte, key string) plugins.Write {
	return plugins.Write{Key: key, Value: value, If: plugins.IfEqual, Old: h.Raw}
}

// table is a map of few things by name, which any number read without locks
// while one writes. The zero table is empty.
type table[V any] struct {
	things atomic.Pointer[map[string]V]
	// unread says that nobody reads it yet, so that writing copies nothing.
	unread bool
}

func (t *table[V]) all() map[string]V {
	if m := t.things.Load(); m != nil {
		return *m
	}
	return nil
}

func (t *table[V]) put(name string, thing V) {
	next := t.all()
	if !t.unread {
		next = maps.Clone(next)
	}
	if next == nil {
		next = map[string]V{}
	}
	next[name] = thing
	t.things.Store(&next)
}

func (t *table[V]) remove(name string) {
	next := maps.Clone(t.all())
	delete(next, name)
	t.things.Store(&next)
}
