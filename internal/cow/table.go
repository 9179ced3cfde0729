// Package cow is a map by UUID that any number read without locks while one
// writes.
package cow

import (
	"maps"
	"sync/atomic"

	"github.com/google/uuid"
)

// shards is how many pieces a table is cut into. A write copies one piece, so
// that adding to a million entries copies a few thousand.
const shards = 256

// Table is the map. The zero Table is empty and ready. Writers must not
// overlap. With a V that holds no pointers, a million entries cost the garbage
// collector nothing.
type Table[V any] struct {
	pieces [shards]atomic.Pointer[map[uuid.UUID]V]
	count  atomic.Int64
}

// Get returns the value of the id.
func (t *Table[V]) Get(id uuid.UUID) (value V, found bool) {
	if t.count.Load() == 0 {
		return value, false
	}
	piece := t.pieces[id[0]].Load()
	if piece == nil {
		return value, false
	}
	value, found = (*piece)[id]
	return value, found
}

// Len counts the entries.
func (t *Table[V]) Len() int { return int(t.count.Load()) }

// Put adds or replaces a value.
func (t *Table[V]) Put(id uuid.UUID, value V) {
	old := t.piece(id[0])
	next := make(map[uuid.UUID]V, len(old)+1)
	maps.Copy(next, old)
	next[id] = value
	// Counted before it is there: a reader must not be turned back by a count
	// of zero when the entry stands already.
	t.count.Add(int64(len(next) - len(old)))
	t.pieces[id[0]].Store(&next)
}

// Remove takes an entry out, if it is there.
func (t *Table[V]) Remove(id uuid.UUID) {
	old := t.piece(id[0])
	if _, found := old[id]; !found {
		return
	}
	next := maps.Clone(old)
	delete(next, id)
	t.pieces[id[0]].Store(&next)
	t.count.Add(-1)
}

// RemoveIf takes out every entry for which drop is true, and says how many.
func (t *Table[V]) RemoveIf(drop func(uuid.UUID, V) bool) int {
	total := 0
	for i := range t.pieces {
		old := t.piece(byte(i))
		var doomed []uuid.UUID
		for id, value := range old {
			if drop(id, value) {
				doomed = append(doomed, id)
			}
		}
		if len(doomed) == 0 {
			continue
		}
		next := maps.Clone(old)
		for _, id := range doomed {
			delete(next, id)
		}
		t.pieces[i].Store(&next)
		t.count.Add(-int64(len(doomed)))
		total += len(doomed)
	}
	return total
}

// All visits the entries in no order, until visit returns false. Writes that
// happen meanwhile may be seen or not.
func (t *Table[V]) All(visit func(uuid.UUID, V) bool) {
	for i := range t.pieces {
		for id, value := range t.piece(byte(i)) {
			if !visit(id, value) {
				return
			}
		}
	}
}

func (t *Table[V]) piece(i byte) map[uuid.UUID]V {
	if piece := t.pieces[i].Load(); piece != nil {
		return *piece
	}
	return nil
}

// Fill adds many entries at once to a table that nobody reads yet, without the
// copying of Put.
func (t *Table[V]) Fill(entries map[uuid.UUID]V) {
	var parts [shards]map[uuid.UUID]V
	for id, value := range entries {
		if parts[id[0]] == nil {
			parts[id[0]] = maps.Clone(t.piece(id[0]))
			if parts[id[0]] == nil {
				parts[id[0]] = make(map[uuid.UUID]V, len(entries)/shards+1)
			}
		}
		parts[id[0]][id] = value
	}
	for i := range parts {
		if parts[i] != nil {
			t.count.Add(int64(len(parts[i]) - len(t.piece(byte(i)))))
			t.pieces[i].Store(&parts[i])
		}
	}
}
