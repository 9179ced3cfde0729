package throttle

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/caddy-dcr/caddy-dcr/plugins"
)

const (
	// patience is how long a caller waits for the store to count it.
	patience = 250 * time.Millisecond
	// pause is how long the store is left alone after it has failed.
	pause = time.Second
)

// Taker is the part of a plugins.Store that counts.
type Taker interface {
	Take(ctx context.Context, b plugins.Bucket) (plugins.Taken, error)
}

// Observer learns how the store does. Its methods may be called at once from
// many goroutines.
type Observer interface {
	// CountedHere is called for each caller that the table counted.
	CountedHere()
	// StoreLost is called when the store fails after it has answered, and
	// StoreFound when it answers again.
	StoreLost(err error)
	StoreFound()
}

// Shared counts in a store that gateways share, in one round trip, and in a
// table of this gateway's own while the store does not answer in time: devices
// are never refused, nor let through without limit, for the store's fault. The
// table begins with full buckets, so each gateway may grant a burst more when
// the store goes, and the store one when it comes.
type Shared struct {
	Store    Taker
	Table    *Table
	Observer Observer

	// askAt is when to ask the store again, in the table's nanoseconds; zero
	// while it answers.
	askAt atomic.Int64
}

// Take takes one token from the caller's bucket, if one is there.
func (s *Shared) Take(ctx context.Context, c Caller) Result {
	if s.mayAsk() {
		bounded, cancel := context.WithTimeout(ctx, patience)
		defer cancel()
		limit := s.Table.limit
		taken, err := s.Store.Take(bounded, plugins.Bucket{Key: c.storeKey(), Rate: limit.Rate, Burst: limit.Burst})
		if err == nil {
			s.answered()
			return s.Table.resultOf(taken)
		}
		// A caller that has gone says nothing about the store.
		if ctx.Err() == nil {
			s.failed(err)
		}
	}
	s.Observer.CountedHere()
	return s.Table.Take(c.Key())
}

// mayAsk lets one caller in each pause find out whether the store is back.
func (s *Shared) mayAsk() bool {
	at := s.askAt.Load()
	if at == 0 {
		return true
	}
	now := s.Table.clock()
	return now >= at && s.askAt.CompareAndSwap(at, now+int64(pause))
}

func (s *Shared) failed(err error) {
	if s.askAt.Swap(s.Table.clock()+int64(pause)) == 0 {
		s.Observer.StoreLost(err)
	}
}

func (s *Shared) answered() {
	if s.askAt.Load() != 0 && s.askAt.Swap(0) != 0 {
		s.Observer.StoreFound()
	}
}

// resultOf adds what the store does not say: when the bucket is full again, to
// the token.
func (t *Table) resultOf(taken plugins.Taken) Result {
	r := Result{OK: taken.OK, Remaining: taken.Remaining, RetryAfter: taken.RetryAfter}
	if r.OK {
		r.Reset = time.Duration(int64(t.limit.Burst-r.Remaining) * t.token)
	} else {
		r.Reset = r.RetryAfter + time.Duration(t.room-t.token)
	}
	return r
}
