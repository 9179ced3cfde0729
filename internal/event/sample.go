package event

import (
	"sync"
	"sync/atomic"
)

// Sampler picks one in so many of what it is shown: the first of each kind, and
// each so-manieth after it, so that what is rare is not lost among what is not.
// The kinds are few, and never a client's own words.
type Sampler struct {
	// OneIn is of how many one is picked; none is where it is below 1.
	OneIn int

	mu    sync.RWMutex
	shown map[string]*atomic.Uint64
}

// Pick says whether this one is picked.
func (s *Sampler) Pick(kind string) bool {
	switch {
	case s.OneIn < 1:
		return false
	case s.OneIn == 1:
		return true
	}
	return (s.of(kind).Add(1)-1)%uint64(s.OneIn) == 0
}

func (s *Sampler) of(kind string) *atomic.Uint64 {
	s.mu.RLock()
	shown, known := s.shown[kind]
	s.mu.RUnlock()
	if known {
		return shown
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if shown, known = s.shown[kind]; known {
		return shown
	}
	if s.shown == nil {
		s.shown = map[string]*atomic.Uint64{}
	}
	shown = new(atomic.Uint64)
	s.shown[kind] = shown
	return shown
}
