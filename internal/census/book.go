package census

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"

	"github.com/caddy-dcr/caddy-dcr/internal/state"
)

// maxSpans bounds what is remembered where no census comes for long; older
// registrations then share one span.
const maxSpans = 4096

// Book is what this gateway knows of how many clients there are: the latest
// census, and what was registered here since that began. What other gateways
// have registered since is in the next one. The zero Book is ready.
type Book struct {
	latest atomic.Pointer[state.Census]

	mu    sync.Mutex
	spans []span
	// since is the sum of the spans.
	since map[uuid.UUID]uint64
	// arrivals are the networks of those of them who have one on record.
	arrivals arrivals
}

// span is what was registered here within one second.
type span struct {
	second int64
	counts map[uuid.UUID]uint64
}

// Latest is the census that this gateway knows, or nil.
func (b *Book) Latest() *state.Census { return b.latest.Load() }

// Replace takes a newer census over. The caller must not change it any more.
func (b *Book) Replace(c state.Census) {
	b.latest.Store(&c)
	b.mu.Lock()
	defer b.mu.Unlock()
	old := 0
	for ; old < len(b.spans) && b.spans[old].second < c.BeganAt/1000; old++ {
		for id, n := range b.spans[old].counts {
			if b.since[id] -= n; b.since[id] == 0 {
				delete(b.since, id)
			}
		}
	}
	b.spans = append([]span(nil), b.spans[old:]...)
	b.arrivals.forgetBefore(c.BeganAt / 1000)
}

// Forget says that there is no census that could be believed.
func (b *Book) Forget() { b.latest.Store(nil) }

// Registered counts a client that was registered here.
func (b *Book) Registered(c state.Client, at time.Time) {
	second := at.Unix()
	b.mu.Lock()
	defer b.mu.Unlock()
	if c.Network != 0 {
		b.arrivals.add(c.Network, c.CreatedAt/1000)
	}
	if n := len(b.spans); n == 0 || b.spans[n-1].second < second {
		b.spans = append(b.spans, span{second, map[uuid.UUID]uint64{}})
	}
	if b.since == nil {
		b.since = map[uuid.UUID]uint64{}
	}
	for _, id := range []uuid.UUID{c.ApplicationID, c.StatementID} {
		b.spans[len(b.spans)-1].counts[id]++
		b.since[id]++
	}
	if len(b.spans) > maxSpans {
		for id, n := range b.spans[0].counts {
			b.spans[1].counts[id] += n
		}
		b.spans = b.spans[1:]
	}
}

// Application estimates the live clients of an application, Statement those of
// a statement, and Network those from a network, of which it may miss some.
// They say false where there is no census to go by.
func (b *Book) Application(id uuid.UUID) (uint64, bool) {
	c := b.Latest()
	if c == nil {
		return 0, false
	}
	return c.Applications[id].Live + b.registered(id), true
}

// Statement estimates the live clients of a statement, as Application does.
func (b *Book) Statement(id uuid.UUID) (uint64, bool) {
	c := b.Latest()
	if c == nil {
		return 0, false
	}
	return c.Statements[id] + b.registered(id), true
}

// Network estimates the live clients from a network, as Application does.
func (b *Book) Network(n state.Network) (uint64, bool) {
	c := b.Latest()
	if c == nil {
		return 0, false
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	return c.Networks[n] + uint64(b.arrivals.counts[n]), true
}

func (b *Book) registered(id uuid.UUID) uint64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.since[id]
}
