package soak

import (
	"context"
	"flag"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/caddy-dcr/caddy-dcr/plugins/storetest/redistest"
	"github.com/caddy-dcr/caddy-dcr/tests/faults/crowd"
	"github.com/caddy-dcr/caddy-dcr/tests/faults/fleet"
)

// The defaults are a short soak that shows that the long one works.
var (
	lasts    = flag.Duration("lasts", 15*time.Second, "how long to soak; make soak takes 5m")
	restarts = flag.Duration("restarts", 6*time.Second, "how often Redis is started again; make soak takes 20s")
)

const (
	killEvery = time.Second
	// staleness is longer than any restart: known tokens must always pass.
	staleness = 30 * time.Second
)

func TestNothingGrowsAndNobodyIsBlamed(t *testing.T) {
	redis := redistest.Start(t, redistest.Options{Persist: true})
	store := "redis " + redis.URL()
	gateways := fleet.Start(t, fleet.Config{Stores: []string{store, store}, Staleness: staleness})
	c := fleet.Gather(t, gateways)
	tally := &crowd.Tally{Expectation: crowd.Expectation{MayRefuse: needsTheStore}}
	c.Observe = tally.Add
	before := memory(t, gateways)

	ctx, stop := context.WithTimeout(t.Context(), *lasts)
	defer stop()
	var running sync.WaitGroup
	e := &executioner{crowd: c, gateways: gateways}
	running.Go(func() { c.Run(ctx) })
	running.Go(func() { every(ctx, killEvery, e.kill) })
	started := every(ctx, *restarts, redis.Restart)
	running.Wait()
	after := memory(t, gateways)

	t.Logf("%d requests in %s, 503 to %d of them, slowest %s, wrong: %d", tally.Requests(), *lasts, tally.Refused(),
		tally.Slowest().Round(time.Millisecond), tally.Wrong())
	t.Logf("Redis was started again %d times; %d clients were killed, and %d times nobody could be", started, e.killed, e.failed)
	t.Logf("by role, status and reason:\n%s", tally.Statuses())
	for i := range gateways {
		t.Logf("%s: %d KiB of memory at the start, %d KiB at the end; it has counted\n%s",
			fleet.Name(i), before[i], after[i], decisions(t, gateways[i]))
	}
	assert.Zero(t, tally.Wrong(), tally.Words())
	assert.NotZero(t, e.killed)
}

// needsTheStore says whose answer can be 503 at any time here, since Redis may
// be starting. What is decided from memory never is.
func needsTheStore(a crowd.Answer) bool {
	return a.Role == crowd.Register || a.Role == crowd.Fetch || a.Role == crowd.DeadFetch
}

// every does something at a pace until ctx ends, and answers how often.
func every(ctx context.Context, pace time.Duration, do func()) (times int) {
	ticker := time.NewTicker(pace)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return times
		case <-ticker.C:
			do()
			times++
		}
	}
}
