package sightings

import (
	"encoding/binary"
	"math"
	"math/rand/v2"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// usual is the gateway's default.
var usual = Limit{Devices: 300, Within: 24 * time.Hour}

// clock stands still until it is told to go on.
type clock struct{ at time.Time }

func (c *clock) now() time.Time { return c.at }

// always the same hashes, so that a test that passes goes on passing.
func devices() *rand.Rand { return rand.New(rand.NewPCG(1, 2)) }

func newTable(size int) (*Table, *clock) {
	c := &clock{at: time.Unix(1764000000, 0)}
	return NewTable(usual, size, c.now), c
}

func numbered(n int) (id uuid.UUID) {
	binary.BigEndian.PutUint64(id[:], uint64(n)+1)
	return id
}

func TestTheEstimateIsNearTheTruth(t *testing.T) {
	random := devices()
	for _, n := range []int{1, 2, 5, 10, 50, 144, 300, 1000, 10_000, 100_000} {
		worst, sum := 0.0, 0.0
		const tries = 100
		for range tries {
			var a, b sketch
			for i := range n {
				hash := random.Uint64()
				if i%3 != 0 {
					a.add(hash)
				}
				if i%3 != 1 {
					b.add(hash)
				}
			}
			off := math.Abs(float64(estimate(&a, &b))-float64(n)) / float64(n)
			worst, sum = max(worst, off), sum+off*off
		}
		t.Logf("%6d devices: off by %.1f %% on average, %.1f %% at worst", n, 100*math.Sqrt(sum/tries), 100*worst)
		assert.Less(t, worst*float64(n), max(1.5, 0.4*float64(n)), n)
		assert.Less(t, math.Sqrt(sum/tries), 0.13, n)
	}
}

func TestTheSameDeviceCountsOnce(t *testing.T) {
	table, _ := newTable(10)
	random := devices()
	few := make([]uint64, 100)
	for i := range few {
		few[i] = random.Uint64()
	}
	for n := range 100_000 {
		_, spread := table.Seen(numbered(1), few[n%len(few)])
		require.False(t, spread)
	}
}

func TestALeakedClientIsToldOfOnceInItsTime(t *testing.T) {
	table, c := newTable(10)
	random, told, at := devices(), 0, 0
	for n := range 3000 {
		c.at = c.at.Add(20 * time.Second) // 3000 devices in less than 17 hours
		if count, spread := table.Seen(numbered(1), random.Uint64()); spread {
			told, at = told+1, n
			assert.GreaterOrEqual(t, count, 300)
		}
	}
	assert.Equal(t, 1, told)
	assert.InDelta(t, 300, at, 100)
	for range 3000 {
		c.at = c.at.Add(20 * time.Second)
		if _, spread := table.Seen(numbered(1), random.Uint64()); spread {
			told++
		}
	}
	assert.Equal(t, 2, told, "it goes on the next day, and so is told again")
}

// A phone on the way meets another exit of its network every ten minutes, all
// day. So do all phones.
func TestADeviceThatMovesAllDayIsNotSpread(t *testing.T) {
	table, c := newTable(1000)
	random := devices()
	for range 3 * 24 * 6 {
		c.at = c.at.Add(10 * time.Minute)
		for n := range 500 {
			count, spread := table.Seen(numbered(n), random.Uint64())
			require.False(t, spread, "%d", count)
		}
	}
}

func TestDevicesOfYesterdayDoNotCount(t *testing.T) {
	table, c := newTable(10)
	random := devices()
	for range 30 {
		for range 100 {
			_, spread := table.Seen(numbered(1), random.Uint64())
			require.False(t, spread)
		}
		c.at = c.at.Add(12 * time.Hour)
	}
}

// Every other client comes and goes; there is room for a hundredth of them.
func TestASpreadClientKeepsItsPlace(t *testing.T) {
	table, c := newTable(1000)
	random, told := devices(), 0
	for n := range 100_000 {
		c.at = c.at.Add(500 * time.Millisecond)
		_, spread := table.Seen(numbered(n+1), random.Uint64())
		require.False(t, spread)
		if n%100 == 0 { // a thousand devices in a day
			if _, spread := table.Seen(numbered(0), random.Uint64()); spread {
				told++
			}
		}
	}
	assert.Equal(t, 1, told)
}

func TestAClientCostsAHundredAndFiftyBytes(t *testing.T) {
	const size = 1 << 16
	before := allocated()
	table, _ := newTable(size)
	random := devices()
	for n := range 4 * size {
		table.Seen(numbered(n), random.Uint64())
	}
	each := float64(allocated()-before) / size
	t.Logf("%.1f bytes for each of %d clients", each, size)
	assert.LessOrEqual(t, each, 156.0)
	runtime.KeepAlive(table)
}

func allocated() uint64 {
	runtime.GC()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return stats.HeapAlloc
}

func TestManyMayBeSeenAtOnce(t *testing.T) {
	table := NewTable(Limit{Devices: 50, Within: time.Hour}, 100, nil)
	var told [8]int
	var all sync.WaitGroup
	for worker := range told {
		all.Go(func() {
			random := rand.New(rand.NewPCG(uint64(worker), 0))
			for range 1000 {
				if _, spread := table.Seen(numbered(1), random.Uint64()); spread {
					told[worker]++
				}
				table.Seen(numbered(random.IntN(1000)), random.Uint64())
			}
		})
	}
	all.Wait()
	sum := 0
	for _, n := range told {
		sum += n
	}
	assert.Equal(t, 1, sum)
}

func TestSeeingAllocatesNothing(t *testing.T) {
	table, _ := newTable(100)
	random := devices()
	assert.Zero(t, testing.AllocsPerRun(1000, func() { table.Seen(numbered(1), random.Uint64()) }))
}

func BenchmarkSeen(b *testing.B) {
	table := NewTable(usual, 1<<16, nil)
	random := devices()
	b.Run("a known device", func(b *testing.B) {
		for n := 0; b.Loop(); n++ {
			table.Seen(numbered(n%10_000), uint64(n%10_000)*0x9e3779b97f4a7c15)
		}
	})
	b.Run("a new device", func(b *testing.B) {
		for n := 0; b.Loop(); n++ {
			table.Seen(numbered(n%10_000), random.Uint64())
		}
	})
}
