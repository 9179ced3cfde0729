package throttle_test

import (
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/caddy-dcr/caddy-dcr/internal/throttle"
)

// clock stands still until it is told to go on.
type clock struct{ at time.Time }

func (c *clock) now() time.Time              { return c.at }
func (c *clock) wait(d time.Duration)        { c.at = c.at.Add(d) }
func newClock() *clock                       { return &clock{time.Unix(1000, 0)} }
func caller(n int) throttle.Key              { return throttle.KeyOf("caller", fmt.Sprint(n)) }
func published() throttle.Limit              { return throttle.Ahead(1, 10) }
func small(l throttle.Limit) *throttle.Table { return throttle.NewTable(l, 16, newClock().now) }

func TestPublishedScheduleIsKeptToTheRequest(t *testing.T) {
	schedule := []struct {
		at float64
		ok bool
	}{
		{0, true}, {.3, true}, {.6, true}, {.9, true}, {1.2, true}, {1.3, true}, {1.4, true}, {1.5, true}, {1.6, true},
		{1.7, true}, {1.8, true}, {2.1, true}, {2.2, true}, {2.4, false}, {2.6, false}, {2.8, false}, {3.1, true},
	}
	c := newClock()
	table := throttle.NewTable(published(), 1000, c.now)
	start := c.at
	for _, request := range schedule {
		c.at = start.Add(time.Duration(request.at * float64(time.Second)))
		assert.Equal(t, request.ok, table.Take(caller(1)).OK, "at %v s", request.at)
	}
}

func TestBucketSaysWhatIsLeftAndWhenThereIsMore(t *testing.T) {
	c := newClock()
	table := throttle.NewTable(throttle.Limit{Rate: 2, Burst: 3}, 100, c.now)
	const half = 500 * time.Millisecond
	assert.Equal(t, throttle.Result{OK: true, Remaining: 2, Reset: half}, table.Take(caller(1)))
	assert.Equal(t, throttle.Result{OK: true, Remaining: 1, Reset: 2 * half}, table.Take(caller(1)))
	assert.Equal(t, throttle.Result{OK: true, Remaining: 0, Reset: 3 * half}, table.Take(caller(1)))
	assert.Equal(t, throttle.Result{RetryAfter: half, Reset: 3 * half}, table.Take(caller(1)))
	c.wait(half - 1)
	assert.Equal(t, throttle.Result{RetryAfter: 1, Reset: 2*half + 1}, table.Take(caller(1)), "a refusal costs nothing")
	c.wait(1)
	assert.Equal(t, throttle.Result{OK: true, Remaining: 0, Reset: 3 * half}, table.Take(caller(1)))
	c.wait(time.Hour)
	assert.Equal(t, throttle.Result{OK: true, Remaining: 2, Reset: half}, table.Take(caller(1)), "it fills up and no further")
}

func TestPeekTakesNothing(t *testing.T) {
	c := newClock()
	table := throttle.NewTable(throttle.Limit{Rate: 1, Burst: 1}, 100, c.now)
	for range 3 {
		assert.Equal(t, throttle.Result{OK: true, Remaining: 1}, table.Peek(caller(1)))
	}
	table.Take(caller(1))
	assert.Equal(t, throttle.Result{RetryAfter: time.Second, Reset: time.Second}, table.Peek(caller(1)))
	assert.Equal(t, 1, table.Len(), "nor does it need room")
	c.wait(time.Second)
	assert.True(t, table.Peek(caller(1)).OK)
}

func TestCallersDoNotShareABucket(t *testing.T) {
	table := throttle.NewTable(throttle.Limit{Rate: 1, Burst: 1}, 10_000, newClock().now)
	refused := 0
	for n := range 1000 {
		if !table.Take(caller(n)).OK {
			refused++
		}
	}
	assert.Zero(t, refused)
}

func TestClockThatIsSetBackLocksNobodyOut(t *testing.T) {
	c := newClock()
	table := throttle.NewTable(throttle.Limit{Rate: 1, Burst: 2}, 100, c.now)
	c.wait(24 * time.Hour)
	table.Take(caller(1))
	c.wait(-23 * time.Hour)
	assert.LessOrEqual(t, table.Take(caller(1)).RetryAfter, time.Second)
	c.wait(2 * time.Second)
	assert.True(t, table.Take(caller(1)).OK)
}

// A caller who is over the limit makes up others, which would be cheap to do
// with a table that forgets what was used least lately.
func TestFloodOfMadeUpCallersGivesNobodyAFreshBucket(t *testing.T) {
	c := newClock()
	table := throttle.NewTable(published(), 1000, c.now)
	for table.Take(caller(0)).OK {
		continue
	}
	for n := range 100_000 {
		require.True(t, table.Take(caller(1+n)).OK, "a newcomer is served even so")
		require.False(t, table.Peek(caller(0)).OK, "after %d others", n)
	}
	assert.Positive(t, table.Evicted())
	assert.LessOrEqual(t, table.Len(), table.Cap())
}

// What it costs to win a fresh bucket all the same: every caller made up must
// be refused himself before he counts for anything, and about as many of them
// as the table holds.
func TestFreshBucketCostsAboutAsManyEmptyOnesAsTheTableHolds(t *testing.T) {
	const tables = 50
	emptied := 0
	for range tables {
		table := throttle.NewTable(published(), 200, newClock().now)
		for table.Take(caller(0)).OK {
			continue
		}
		for n := 1; !table.Peek(caller(0)).OK; n++ {
			for table.Take(caller(n)).OK {
				continue
			}
			emptied++
		}
	}
	assert.Greater(t, emptied/tables, 200/2)
}

func TestTableHoldsTheCallersItWasMadeFor(t *testing.T) {
	const size = 100_000
	table := throttle.NewTable(published(), size, newClock().now)
	for n := range size {
		table.Take(caller(n))
	}
	forgotten := 0
	for n := range size {
		if table.Peek(caller(n)).Remaining == published().Burst {
			forgotten++
		}
	}
	assert.LessOrEqual(t, forgotten, size/25, "one in thirty-one, and a hundred more or less by the hash of the day")
	assert.InDelta(t, size, table.Len()+forgotten, size/20)
}

func TestBucketsThatAreFullNeedNoRoom(t *testing.T) {
	c := newClock()
	table := throttle.NewTable(throttle.Limit{Rate: 1, Burst: 1}, 100, c.now)
	for n := range 100_000 {
		c.wait(100 * time.Millisecond)
		table.Take(caller(n))
	}
	assert.Zero(t, table.Evicted())
	assert.LessOrEqual(t, table.Len(), 10)
}

func TestDeviceCostsTwentyFourBytes(t *testing.T) {
	const size = 1 << 20
	before := allocated()
	table := throttle.NewTable(published(), size, nil)
	for n := range size {
		table.Take(throttle.Key(uint64(n) * 0x9e3779b97f4a7c15)) // as well spread as hashes
	}
	perDevice := float64(allocated()-before) / size
	t.Logf("%.2f bytes for each of %d devices", perDevice, size)
	assert.LessOrEqual(t, perDevice, 24.5)
	runtime.KeepAlive(table)
}

func allocated() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

func TestTakingAllocatesNothing(t *testing.T) {
	table := small(published())
	key := caller(1)
	assert.Zero(t, testing.AllocsPerRun(1000, func() { table.Take(key) }))
	assert.Zero(t, testing.AllocsPerRun(1000, func() { table.Peek(key) }))
}

func TestTogetherCallersGetWhatIsThereAndNoMore(t *testing.T) {
	table := small(throttle.Limit{Rate: 1, Burst: 100})
	var granted atomic.Int32
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 50 {
				if table.Take(caller(1)).OK {
					granted.Add(1)
				}
				table.Len()
			}
		})
	}
	wg.Wait()
	assert.Equal(t, int32(100), granted.Load())
}

func TestTableForNobodyWorks(t *testing.T) {
	table := throttle.NewTable(throttle.Limit{Rate: 1, Burst: 1}, 0, newClock().now)
	assert.True(t, table.Take(caller(1)).OK)
	assert.False(t, table.Take(caller(1)).OK)
}

func TestLargeTableIsCountedByAPartOfIt(t *testing.T) {
	const callers = 300_000
	table := throttle.NewTable(published(), 4<<20, newClock().now)
	for n := range callers {
		table.Take(throttle.Key(uint64(n) * 0x9e3779b97f4a7c15))
	}
	assert.InEpsilon(t, callers, table.Len(), 0.05)
}
