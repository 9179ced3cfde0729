package census

import (
	"runtime"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/caddy-dcr/caddy-dcr/internal/state"
)

// Whatever comes, in whatever order: no count is too high, none is lower than
// it says that it may be, and that is bounded by how much came.
func TestCountsInBoundedRoomAreNeverTooHighAndHardlyTooLow(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f := frequent{room: rapid.IntRange(1, 12).Draw(t, "room")}
		told := rapid.IntRange(1, 12).Draw(t, "told")
		truly := map[state.Network]uint64{}
		came := rapid.SliceOfN(rapid.IntRange(1, 20), 0, 300).Draw(t, "came")
		for _, n := range came {
			f.add(state.Network(n))
			truly[state.Network(n)]++
			require.LessOrEqual(t, len(f.counts), f.room)
		}
		require.LessOrEqual(t, f.passes, uint64(len(came)/(f.room+1)))
		most, short := f.most(told)
		require.LessOrEqual(t, len(most), told)
		for n, count := range truly {
			require.LessOrEqual(t, most[n], count)
			require.GreaterOrEqual(t, most[n]+short, count)
		}
	})
}

func TestWhatFitsIsCountedExactly(t *testing.T) {
	f := frequent{room: 1000}
	for i := range 1000 {
		for range i%7 + 1 {
			f.add(state.Network(i + 1))
		}
	}
	most, short := f.most(1000)
	assert.Zero(t, short)
	for i := range 1000 {
		assert.EqualValues(t, i%7+1, most[state.Network(i+1)])
	}
	few, short := f.most(142)
	assert.Len(t, few, 142)
	assert.EqualValues(t, 6, short, "the next had six")
	for _, n := range few {
		assert.EqualValues(t, 7, n)
	}
}

func TestArrivalsAreBounded(t *testing.T) {
	var a arrivals
	for i := range 3 * maxArrivals {
		a.add(state.Network(i%maxArrivals/2+1), int64(i))
	}
	assert.Len(t, a.queue, maxArrivals)
	assert.Len(t, a.counts, maxArrivals/2)
	assert.LessOrEqual(t, cap(a.queue), 2*maxArrivals)
	assert.EqualValues(t, 2, a.counts[1])
	a.forgetBefore(2*maxArrivals + maxArrivals/2)
	assert.Len(t, a.queue, maxArrivals/2)
	a.forgetBefore(1 << 30)
	assert.Empty(t, a.queue)
	assert.Empty(t, a.counts)
}

// BenchmarkMemoryOfNetworks tells what a census holds of as many networks as
// it counts, and what every gateway holds of those that it is told of, and of
// as many arrivals as it remembers.
func BenchmarkMemoryOfNetworks(b *testing.B) {
	measure := func(what string, fill func() any) {
		var before, after runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		kept := fill()
		runtime.GC()
		runtime.ReadMemStats(&after)
		b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/1e6, what)
		runtime.KeepAlive(kept)
	}
	for b.Loop() {
		f := frequent{room: networksCounted}
		measure("MB/counting", func() any {
			for i := range uint32(networksCounted + networksCounted/2) {
				f.add(state.Network(i*2654435761 + 1))
			}
			for i := range uint32(networksCounted) {
				f.add(state.Network(i*2654435761 + 7))
			}
			return f
		})
		measure("MB/told", func() any { most, _ := f.most(networksTold); return most })
		measure("MB/arrivals", func() any {
			a := &arrivals{}
			for i := range uint32(2 * maxArrivals) {
				a.add(state.Network(i*2654435761+1), 0)
			}
			return a
		})
	}
}
