package census

import (
	"context"
	"runtime"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/caddy-dcr/caddy-dcr/internal/state"
	"github.com/caddy-dcr/caddy-dcr/plugins"
)

// BenchmarkCensus goes through 100000 clients, with its rests: nine tenths of
// the time nothing is done, by design.
func BenchmarkCensus(b *testing.B) {
	const clients = 100_000
	for name, open := range map[string]func(testing.TB) plugins.Store{"bolt": openBolt, "redis": openRedis} {
		b.Run(name, func(b *testing.B) {
			store := open(b)
			register(b, store, clients, nil)
			g := newGateway(store, "one")
			begun := time.Now()
			b.ReportAllocs()
			for b.Loop() {
				c, err := g.count(b.Context(), state.Census{}, func(context.Context) error { return nil })
				require.NoError(b, err)
				require.EqualValues(b, clients, c.Total())
			}
			b.ReportMetric(clients*float64(b.N)/time.Since(begun).Seconds(), "clients/s")
		})
	}
}

// BenchmarkMemoryOfACensus tells what every gateway holds for one application
// with one statement.
func BenchmarkMemoryOfACensus(b *testing.B) {
	const applications = 100_000
	var before, after runtime.MemStats
	for b.Loop() {
		runtime.GC()
		runtime.ReadMemStats(&before)
		t := newTally(state.Census{})
		for range applications {
			t.add(state.Client{ID: uuid.New(), ApplicationID: uuid.New(), StatementID: uuid.New(), Platform: "Roku", CreatedAt: 1}, false, Visit{})
		}
		runtime.GC()
		runtime.ReadMemStats(&after)
		b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/applications, "B/application")
		runtime.KeepAlive(t)
	}
}
