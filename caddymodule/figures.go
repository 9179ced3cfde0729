package caddymodule

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"time"

	"github.com/caddy-dcr/caddy-dcr/internal/console"
	"github.com/caddy-dcr/caddy-dcr/internal/metrics"
)

const (
	// The console shows the last hour, by minute.
	figureStep  = time.Minute
	figureSteps = 60
)

// history remembers what the metrics said each minute of the last hour. Like
// the metrics it is the process's, and no reload empties it.
type history struct {
	totals func() metrics.Totals

	mu sync.Mutex
	// since is when it began, marks are one for each minute, the oldest first.
	since time.Time
	marks []mark
}

type mark struct {
	at     time.Time
	totals metrics.Totals
}

var historyOf = history{totals: metricsOf.Totals}

// run marks each minute until ctx ends. While one configuration takes over from
// another, two of them run.
func (h *history) run(ctx context.Context) {
	ticker := time.NewTicker(figureStep / 6)
	defer ticker.Stop()
	for {
		h.mark(time.Now())
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

func (h *history) mark(now time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if n := len(h.marks); n > 0 && now.Sub(h.marks[n-1].at) < figureStep {
		return
	}
	if h.since.IsZero() {
		h.since = now
	}
	h.marks = append(h.marks, mark{now, h.totals()})
	if len(h.marks) > figureSteps {
		h.marks = slices.Delete(h.marks, 0, len(h.marks)-figureSteps)
	}
}

// figures are the numbers up to this moment.
func (h *history) figures() console.Figures {
	h.mu.Lock()
	defer h.mu.Unlock()
	marks := append(slices.Clone(h.marks), mark{time.Now(), h.totals()})
	f := console.Figures{Since: h.since, Step: figureStep}
	series := func(count func(metrics.Totals) uint64) []uint64 {
		points := make([]uint64, figureSteps)
		for i := 1; i < len(marks); i++ {
			points[figureSteps-len(marks)+i] = count(marks[i].totals) - count(marks[i-1].totals)
		}
		return points
	}
	f.Registered = series(func(t metrics.Totals) uint64 { return t.Registered })
	f.Issued = series(func(t metrics.Totals) uint64 { return t.Issued })
	f.Passed = series(func(t metrics.Totals) uint64 { return t.Passed })
	f.Refused = series(refusedIn)
	f.Lag.Points = series(revokedIn)
	first, last := marks[0].totals, marks[len(marks)-1].totals
	for why, n := range last.Refused {
		if n -= first.Refused[why]; n > 0 {
			f.Reasons = append(f.Reasons, console.Reason{By: string(why.By), Name: why.Reason, Count: n})
		}
	}
	slices.SortFunc(f.Reasons, func(a, b console.Reason) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Name, b.Name), cmp.Compare(a.By, b.By))
	})
	lagBetween(first.Lag, last.Lag, &f.Lag)
	return f
}

func refusedIn(t metrics.Totals) (sum uint64) {
	for _, n := range t.Refused {
		sum += n
	}
	return sum
}

func revokedIn(t metrics.Totals) (sum uint64) {
	for _, b := range t.Lag {
		sum += b.Count
	}
	return sum
}

// lagBetween finds the bounds of the lag in the buckets that have grown.
func lagBetween(first, last []metrics.LagBucket, lag *console.Lag) {
	for i, b := range last {
		lag.Count += b.Count - first[i].Count
	}
	var seen uint64
	longest := 0.0
	for i, b := range last {
		longest = max(longest, b.Seconds)
		n := b.Count - first[i].Count
		if n == 0 {
			continue
		}
		// What is beyond the last bound took at least that.
		bound := time.Duration(longest * float64(time.Second))
		if 2*seen < lag.Count && 2*(seen+n) >= lag.Count {
			lag.Median = bound
		}
		lag.Slowest, lag.Beyond = bound, b.Seconds == 0
		seen += n
	}
}
