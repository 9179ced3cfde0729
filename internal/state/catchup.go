package state

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/caddy-dcr/caddy-dcr/plugins"
)

const (
	// catchUpLimit bounds what a request waits for certainty.
	catchUpLimit = 2 * time.Second
	// answering is how old the replica is at most while the store answers. A
	// store that was silent for longer is not asked for certainty.
	answering = 3 * time.Second
)

// catchUps puts the callers of CatchUp together: however many there are, the
// store is asked by one at a time. A caller takes part in a question that
// begins after it came, since only that can know of what it asks about.
type catchUps struct {
	mu      sync.Mutex
	running bool
	next    *question
}

type question struct {
	done chan struct{}
	err  error
}

// CatchUp blocks until everything that the store held when it was called is
// applied here. Ask it before "there is no such thing" is said to a client:
// this gateway may not have heard of it yet, or the store that has no record
// may be another one than before. The error wraps plugins.ErrUnavailable, and
// means that nobody can say.
func (r *Replica) CatchUp(ctx context.Context) error {
	c := &r.catchUps
	c.mu.Lock()
	if c.next == nil {
		c.next = &question{done: make(chan struct{})}
	}
	mine := c.next
	if !c.running {
		c.running = true
		go r.answer()
	}
	c.mu.Unlock()
	select {
	case <-mine.done:
		return mine.err
	case <-ctx.Done():
		return fmt.Errorf("%w: %w", plugins.ErrUnavailable, ctx.Err())
	}
}

// answer works until nobody asks any more.
func (r *Replica) answer() {
	c := &r.catchUps
	for {
		c.mu.Lock()
		current := c.next
		c.next = nil
		if current == nil {
			c.running = false
			c.mu.Unlock()
			return
		}
		c.mu.Unlock()
		current.err = r.reachTail()
		close(current.done)
	}
}

func (r *Replica) reachTail() error {
	if err := r.Fresh(answering); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), catchUpLimit)
	defer cancel()
	tail, _, err := r.Store.Tail(ctx)
	if err != nil {
		return fmt.Errorf("asking the store how far its feed is: %w", err)
	}
	if here := r.Position(); here.Feed != tail.Feed {
		return fmt.Errorf("the store's feed is another one than the one followed: %w", plugins.ErrUnavailable)
	}
	if err := r.WaitFor(ctx, tail); err != nil {
		return fmt.Errorf("waiting for the newest change: %w: %w", plugins.ErrUnavailable, err)
	}
	return nil
}
