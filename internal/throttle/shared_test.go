package throttle_test

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/caddy-dcr/caddy-dcr/internal/throttle"
	"github.com/caddy-dcr/caddy-dcr/plugins"
)

// storeDouble answers as it is told: faults and delays whose exact sequence no
// real store can be made to show.
type storeDouble struct {
	asked  int
	taken  plugins.Taken
	err    error
	delay  time.Duration
	bucket plugins.Bucket
}

func (s *storeDouble) Take(ctx context.Context, b plugins.Bucket) (plugins.Taken, error) {
	s.asked++
	s.bucket = b
	select {
	case <-time.After(s.delay):
		return s.taken, s.err
	case <-ctx.Done():
		return plugins.Taken{}, fmt.Errorf("%w: %w", plugins.ErrUnavailable, ctx.Err())
	}
}

// witness notes what it is told.
type witness struct{ here, lost, found int }

func (w *witness) CountedHere()    { w.here++ }
func (w *witness) StoreLost(error) { w.lost++ }
func (w *witness) StoreFound()     { w.found++ }

var device = throttle.Device(netip.MustParseAddr("192.0.2.1"), throttle.IPv6Prefix)

func newShared(limit throttle.Limit) (*throttle.Shared, *storeDouble, *witness) {
	store, seen := &storeDouble{}, &witness{}
	return &throttle.Shared{Store: store, Table: throttle.NewTable(limit, 100, nil), Observer: seen}, store, seen
}

func TestSharedBucketIsTheStores(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, store, seen := newShared(throttle.Ahead(2, 10))
		store.taken = plugins.Taken{OK: true, Remaining: 7}
		assert.Equal(t, throttle.Result{OK: true, Remaining: 7, Reset: 2 * time.Second}, s.Take(t.Context(), device))
		assert.Equal(t, 2.0, store.bucket.Rate)
		assert.Equal(t, 11, store.bucket.Burst)
		store.taken = plugins.Taken{RetryAfter: 300 * time.Millisecond}
		assert.Equal(t, throttle.Result{RetryAfter: 300 * time.Millisecond, Reset: 5300 * time.Millisecond}, s.Take(t.Context(), device))
		assert.Zero(t, *seen)
		assert.Zero(t, s.Table.Len())
	})
}

func TestGatewayCountsByItselfWhileTheStoreDoesNotAnswer(t *testing.T) {
	for name, fail := range map[string]func(*storeDouble){
		"that is away": func(s *storeDouble) { s.err = fmt.Errorf("%w: connection refused", plugins.ErrUnavailable) },
		"that is slow": func(s *storeDouble) { s.delay = time.Minute },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s, store, seen := newShared(throttle.Limit{Rate: 0.01, Burst: 3})
				fail(store)
				begun := time.Now()
				for range 3 {
					assert.True(t, s.Take(t.Context(), device).OK)
				}
				assert.False(t, s.Take(t.Context(), device).OK, "it is limited all the same")
				assert.LessOrEqual(t, time.Since(begun), 250*time.Millisecond, "one waits, the others do not")
				assert.Equal(t, 1, store.asked)
				assert.Equal(t, witness{here: 4, lost: 1}, *seen)

				time.Sleep(time.Second)
				s.Take(t.Context(), device)
				s.Take(t.Context(), device)
				assert.Equal(t, 2, store.asked, "one in a second finds out")
				assert.Equal(t, 1, seen.lost, "told once")

				*store = storeDouble{taken: plugins.Taken{OK: true}}
				time.Sleep(2 * time.Second)
				assert.True(t, s.Take(t.Context(), device).OK)
				assert.True(t, s.Take(t.Context(), device).OK)
				assert.Equal(t, 2, store.asked, "all ask again")
				assert.Equal(t, witness{here: 6, lost: 1, found: 1}, *seen)
			})
		})
	}
}

func TestCallerWhoHasGoneSaysNothingAboutTheStore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, store, seen := newShared(throttle.Limit{Rate: 1, Burst: 3})
		store.delay = time.Minute
		ctx, cancel := context.WithCancelCause(t.Context())
		cancel(errors.New("gone"))
		s.Take(ctx, device)
		assert.Zero(t, seen.lost)
	})
}
