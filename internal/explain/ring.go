package explain

import (
	"sync"

	"github.com/google/uuid"
)

// shards is how many parts a ring has, each with a lock of its own.
const shards = 16

// ring holds the newest entries, in their stored form, and forgets the oldest.
type ring struct {
	parts [shards]part
}

type part struct {
	mu    sync.Mutex
	slots []slot
	size  int // how many slots there may be
	next  int
}

// slot is one entry. Its memory is used again for the next one.
type slot struct {
	trace uuid.UUID
	data  []byte
}

func newRing(size int) *ring {
	r := new(ring)
	for i := range r.parts {
		r.parts[i].size = (size + shards - 1) / shards
	}
	return r
}

func (r *ring) put(trace uuid.UUID, data []byte) {
	p := r.part(trace)
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.slots) < p.size {
		p.slots = append(p.slots, slot{})
	}
	s := &p.slots[p.next]
	s.trace = trace
	if cap(s.data) < len(data) {
		s.data = make([]byte, 0, roomFor(len(data)))
	}
	s.data = append(s.data[:0], data...)
	p.next = (p.next + 1) % p.size
}

// roomFor leaves room for the next entry, which is of about the same length.
func roomFor(size int) int { return (size + 63) / 64 * 64 }

// get copies the newest entry of the trace, or returns nil. It looks at every
// slot of one part: people ask, and seldom.
func (r *ring) get(trace uuid.UUID) []byte {
	p := r.part(trace)
	p.mu.Lock()
	defer p.mu.Unlock()
	for i := range p.slots {
		s := &p.slots[(p.next-1-i+2*len(p.slots))%len(p.slots)]
		if s.trace == trace {
			return append([]byte(nil), s.data...)
		}
	}
	return nil
}

// part spreads by bits of the trace, which are random.
func (r *ring) part(trace uuid.UUID) *part { return &r.parts[trace[0]%shards] }
