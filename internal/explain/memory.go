package explain

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/google/uuid"
)

// ErrUnknown says that nothing is remembered under a trace, here or on the
// shelf.
var ErrUnknown = errors.New("nothing is remembered under that trace")

// Shelf is where the gateways of a fleet put refusals for each other.
type Shelf interface {
	PutRefusal(ctx context.Context, trace uuid.UUID, data []byte, keep time.Duration) error
	// Refusal returns nil where there is nothing.
	Refusal(ctx context.Context, trace uuid.UUID) ([]byte, error)
}

// Shared says what became of an entry that was meant for the shelf. The set is
// closed: it is a metric's label.
type Shared string

const (
	// Stored is on the shelf.
	Stored Shared = "stored"
	// Held is kept back, because there are too many; it is remembered here only.
	Held Shared = "held"
	// Failed is one that the store did not take.
	Failed Shared = "failed"
)

// SharedSet lists the closed set.
var SharedSet = []Shared{Stored, Held, Failed}

const (
	// queued bounds the entries that wait for the store, at up to [Limit]
	// bytes each.
	queued = 256
	// writers share the time that each spends waiting.
	writers = 4
	// writeLimit is how long one entry may keep a writer.
	writeLimit = 5 * time.Second
)

// Config says how much is remembered.
type Config struct {
	// Size is how many entries are remembered here: one half for requests of
	// subjects that were proven, the other for those of everybody else, whose
	// flood washes away only its own.
	Size int
	// Shelf may be nil. Then the rest of the fields mean nothing.
	Shelf Shelf
	// Keep is how long an entry stays on the shelf.
	Keep time.Duration
	// Rate is how many a second go there, again one half for each; at least 2.
	Rate int
	// Shared is told what became of each. It must not block.
	Shared func(Shared)
}

// Memory remembers refusals. It is safe for concurrent use. A nil one remembers
// nothing.
type Memory struct {
	config Config
	rings  [2]*ring
	paces  [2]*pace

	queue   chan waiting
	cancel  context.CancelFunc
	writing sync.WaitGroup
}

type waiting struct {
	trace uuid.UUID
	data  []byte
}

// New makes a memory, which has to be closed.
func New(c Config) *Memory {
	m := &Memory{config: c}
	for i := range m.rings {
		m.rings[i] = newRing((c.Size + 1) / 2)
	}
	if c.Shelf == nil {
		return m
	}
	for i := range m.paces {
		m.paces[i] = newPace(max(c.Rate/2, 1))
	}
	m.queue = make(chan waiting, queued)
	var ctx context.Context
	ctx, m.cancel = context.WithCancel(context.Background())
	for range writers {
		m.writing.Go(func() { m.write(ctx) })
	}
	return m
}

// Close ends what the memory does by itself. Entries that wait are left.
func (m *Memory) Close() {
	if m.cancel != nil {
		m.cancel()
		m.writing.Wait()
	}
}

// Remember keeps an entry, and returns at once.
func (m *Memory) Remember(e *Entry) {
	if m == nil {
		return
	}
	var w writer
	e.encode(&w)
	class := 0
	if e.Proven {
		class = 1
	}
	m.rings[class].put(e.Trace, w.data())
	if m.queue == nil {
		return
	}
	if !m.paces[class].take(e.At) {
		m.config.Shared(Held)
		return
	}
	select {
	case m.queue <- waiting{e.Trace, append([]byte(nil), w.data()...)}:
	default:
		m.config.Shared(Held)
	}
}

func (m *Memory) write(ctx context.Context) {
	for {
		select {
		case next := <-m.queue:
			limited, cancel := context.WithTimeout(ctx, writeLimit)
			err := m.config.Shelf.PutRefusal(limited, next.trace, next.data, m.config.Keep)
			cancel()
			switch {
			case err == nil:
				m.config.Shared(Stored)
			case ctx.Err() == nil:
				m.config.Shared(Failed)
			}
		case <-ctx.Done():
			return
		}
	}
}

// Find returns what is remembered under the trace. It returns [ErrUnknown]
// where there is nothing, and the shelf's error where it cannot say.
func (m *Memory) Find(ctx context.Context, trace uuid.UUID) (Entry, error) {
	if m == nil {
		return Entry{}, ErrUnknown
	}
	for _, r := range m.rings {
		if data := r.get(trace); data != nil {
			return Decode(data)
		}
	}
	if m.config.Shelf == nil {
		return Entry{}, ErrUnknown
	}
	data, err := m.config.Shelf.Refusal(ctx, trace)
	if err != nil {
		return Entry{}, fmt.Errorf("looking for a refusal in the store: %w", err)
	}
	if data == nil {
		return Entry{}, ErrUnknown
	}
	return Decode(data)
}
