// Package breaker keeps a store that does not answer from costing every
// request a time-out.
package breaker

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/caddy-dcr/caddy-dcr/plugins"
)

const (
	// tolerated is how many calls in a row may fail before the breaker opens:
	// more than one lost connection of a pool causes at once.
	tolerated = 5
	// trialEvery is how often one call is let through to see whether the store
	// is back. It is a small part of the five seconds within which the gateway
	// promises to have noticed.
	trialEvery = 250 * time.Millisecond
)

// ErrOpen says that the store was not asked, because it did not answer lately.
// It wraps plugins.ErrUnavailable.
var ErrOpen = plugins.Because(plugins.FaultNotAsked,
	fmt.Errorf("%w: it does not answer, and the next try is not due yet", plugins.ErrUnavailable))

// circuit is one breaker. The zero circuit is closed.
type circuit struct {
	failures atomic.Int32
	nextTry  atomic.Int64 // Unix nanoseconds, as the next
	answered atomic.Int64 // when the store last answered
	now      func() time.Time
	changed  func(open bool)
}

// admit says whether a call may be made. Of all callers of an open circuit, one
// in each period is.
func (c *circuit) admit() bool {
	if !c.open() {
		return true
	}
	now := c.now().UnixNano()
	next := c.nextTry.Load()
	return now >= next && c.nextTry.CompareAndSwap(next, now+int64(trialEvery))
}

func (c *circuit) open() bool { return c.failures.Load() >= tolerated }

// done notes how a call ended. A caller that gave up says nothing about the
// store, and neither does a call that hung while the store was away and fails
// after it has come back.
func (c *circuit) done(begun int64, err error) {
	switch {
	case errors.Is(err, context.Canceled):
	case !errors.Is(err, plugins.ErrUnavailable):
		before := c.failures.Swap(0)
		c.answered.Store(c.now().UnixNano())
		if before >= tolerated {
			c.changed(false)
		}
	case begun < c.answered.Load():
	case c.failures.Add(1) == tolerated:
		c.nextTry.Store(c.now().UnixNano() + int64(trialEvery))
		c.changed(true)
	}
}

// Store breaks the calls that requests wait for: reads and writes each on
// their own, since a store that is full or read-only still answers reads.
// What keeps the replica up to date passes through: it is what notices first
// that the store is back.
type Store struct {
	plugins.Store
	// Changed is told when a breaker opens or closes; nil is nobody. It must
	// not block: a request waits.
	Changed func(writes, open bool)

	reads, writes circuit
}

// New puts breakers in front of a store. The clock is time.Now where it is nil.
func New(store plugins.Store, now func() time.Time) *Store {
	if now == nil {
		now = time.Now
	}
	s := &Store{Store: store}
	of := func(writes bool) circuit {
		return circuit{now: now, changed: func(open bool) {
			if s.Changed != nil {
				s.Changed(writes, open)
			}
		}}
	}
	s.reads, s.writes = of(false), of(true)
	return s
}

// Open says which of the breakers are open.
func (s *Store) Open() (reads, writes bool) { return s.reads.open(), s.writes.open() }

// Get implements plugins.Store.
func (s *Store) Get(ctx context.Context, keys ...string) (items []plugins.Item, err error) {
	err = s.reads.call(func() error { items, err = s.Store.Get(ctx, keys...); return err })
	return items, err
}

// Put implements plugins.Store.
func (s *Store) Put(ctx context.Context, w plugins.Write) error {
	return s.writes.call(func() error { return s.Store.Put(ctx, w) })
}

// Take implements plugins.Store.
func (s *Store) Take(ctx context.Context, b plugins.Bucket) (taken plugins.Taken, err error) {
	err = s.writes.call(func() error { taken, err = s.Store.Take(ctx, b); return err })
	return taken, err
}

func (c *circuit) call(store func() error) error {
	if !c.admit() {
		return ErrOpen
	}
	begun := c.now().UnixNano()
	err := store()
	c.done(begun, err)
	return err
}
