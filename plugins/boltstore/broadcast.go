package boltstore

import "sync"

// broadcast wakes everybody who waits. The zero value works.
type broadcast struct {
	mu sync.Mutex
	ch chan struct{}
}

// next is closed by the next call of all. Take it before looking whether
// there is something, else a change in between is slept over.
func (b *broadcast) next() <-chan struct{} {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.ch == nil {
		b.ch = make(chan struct{})
	}
	return b.ch
}

func (b *broadcast) all() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.ch != nil {
		close(b.ch)
		b.ch = nil
	}
}
