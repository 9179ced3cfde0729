package metrics

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/caddy-dcr/caddy-dcr/internal/state"
)

// follower counts what the replicas of a process do to stay up to date.
type follower struct {
	lag      prometheus.Histogram
	loads    counters[state.SnapshotReason]
	loading  prometheus.Histogram
	failures prometheus.Counter
}

func (f *follower) build() []prometheus.Collector {
	f.lag = newHistogram("revocation_lag_seconds",
		"How long after the store accepted a revocation it was applied here, by the store's clock.", lagBuckets)
	loads, vec := newCounters("snapshot_loads_total",
		"How often the whole state was read, by why.", "reason", state.SnapshotReasons)
	f.loads = loads
	f.loading = newHistogram("snapshot_load_duration_seconds", "How long reading the whole state took.", loadBuckets)
	f.failures = newCounter("follow_failures_total",
		"How often the store could not be asked for changes of the state.")
	return []prometheus.Collector{f.lag, vec, f.loading, f.failures}
}

// Observer returns what a replica tells its doings to.
func (m *Metrics) Observer() state.Observer { return observer{&m.follower} }

// observer keeps the methods of state.Observer out of those of [Metrics].
type observer struct{ *follower }

// EntryApplied implements state.Observer. An entry is one act of revoking,
// however many kills it holds, so it counts once.
func (o observer) EntryApplied(lag time.Duration, kills int) {
	if kills > 0 {
		o.lag.Observe(lag.Seconds())
	}
}

// SnapshotLoaded implements state.Observer.
func (o observer) SnapshotLoaded(reason state.SnapshotReason, took time.Duration) {
	o.loads.add(reason)
	o.loading.Observe(took.Seconds())
}

// FollowFailed implements state.Observer.
func (o observer) FollowFailed(error) { o.failures.Inc() }

var _ state.Observer = observer{}
