// Package lastused notes on which day a client last got a token, aside from
// the request that it got it by.
package lastused

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/caddy-dcr/caddy-dcr/internal/state"
)

// Outcome says what became of a note. The set is closed: it is a metric's
// label.
type Outcome string

const (
	// Written is a note that is in the client's record now.
	Written Outcome = "written"
	// Superseded is one that was not needed any more: another request or
	// gateway had written it, or the client is gone.
	Superseded Outcome = "superseded"
	// Dropped is one that found the queue full. The client's next request
	// makes it again.
	Dropped Outcome = "dropped"
	// Failed is one that the store did not take.
	Failed Outcome = "failed"
)

// Outcomes lists the closed set.
var Outcomes = []Outcome{Written, Superseded, Dropped, Failed}

const (
	// queued bounds the notes that wait, at 24 bytes each.
	queued = 8192
	// writers share the disk's or the network's time, which each of them
	// spends waiting.
	writers = 8
	// writeLimit is how long one note may keep a writer.
	writeLimit = 5 * time.Second
)

// Clients is where the notes go.
type Clients interface {
	StampClient(ctx context.Context, id uuid.UUID, day state.Day) (bool, error)
}

// Stamper notes the last use of clients. All fields must be set.
type Stamper struct {
	Clients Clients
	// Now is the store's clock.
	Now func() time.Time
	// Noted is told what became of each note. It must not block.
	Noted  func(Outcome)
	Logger *slog.Logger

	once  sync.Once
	queue chan note
}

type note struct {
	client uuid.UUID
	day    state.Day
}

// Used notes that the client got a token now. It returns at once, and nothing
// that goes wrong is ever the request's business. A client whose record says
// as much already costs a comparison.
func (s *Stamper) Used(c state.Client) {
	day := state.DayOf(s.Now().UnixMilli())
	if c.LastSeen() >= day {
		return
	}
	select {
	case s.waiting() <- note{c.ID, day}:
	default:
		s.Noted(Dropped)
	}
}

// Run writes the notes until ctx ends. What waits then is left: the clients'
// next requests make it again.
func (s *Stamper) Run(ctx context.Context) {
	var all sync.WaitGroup
	for range writers {
		all.Go(func() {
			for {
				select {
				case n := <-s.waiting():
					s.write(ctx, n)
				case <-ctx.Done():
					return
				}
			}
		})
	}
	all.Wait()
}

func (s *Stamper) write(ctx context.Context, n note) {
	limited, cancel := context.WithTimeout(ctx, writeLimit)
	defer cancel()
	wrote, err := s.Clients.StampClient(limited, n.client, n.day)
	switch {
	case err != nil && ctx.Err() != nil:
		return
	case err != nil:
		s.Logger.Debug("the day of a client's last use could not be noted", "client", n.client, "error", err)
		s.Noted(Failed)
	case wrote:
		s.Noted(Written)
	default:
		s.Noted(Superseded)
	}
}

func (s *Stamper) waiting() chan note {
	s.once.Do(func() { s.queue = make(chan note, queued) })
	return s.queue
}
