package metrics

import (
	"slices"
	"sync"
)

// tracked are the things of a process that a scrape asks. They come and go
// with configurations, and stay longer than one of them.
type tracked[T any] struct {
	mu   sync.Mutex
	list []*T
}

// add tracks a thing until the returned function is called.
func (t *tracked[T]) add(thing T) (untrack func()) {
	entry := &thing
	t.mu.Lock()
	defer t.mu.Unlock()
	t.list = append(t.list, entry)
	return func() {
		t.mu.Lock()
		defer t.mu.Unlock()
		t.list = slices.DeleteFunc(t.list, func(e *T) bool { return e == entry })
	}
}

// all returns the things, the newest last.
func (t *tracked[T]) all() []T {
	t.mu.Lock()
	defer t.mu.Unlock()
	things := make([]T, len(t.list))
	for i, entry := range t.list {
		things[i] = *entry
	}
	return things
}
