package metrics

import (
	"sync/atomic"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/caddy-dcr/caddy-dcr/internal/throttle"
)

// throttling counts whom the throttle refuses, and how its table does.
type throttling struct {
	refused   *prometheus.CounterVec
	fallbacks prometheus.Counter

	tables tracked[*throttle.Table]
	// evicted is what tables that are gone have evicted.
	evicted atomic.Uint64
}

func (t *throttling) build() []prometheus.Collector {
	t.refused = prometheus.NewCounterVec(counterOpts("throttled_total",
		"Requests refused because a device, or whoever else is counted, sent too many."), []string{"profile", "key"})
	t.fallbacks = newCounter("throttle_fallbacks_total",
		"Requests that a gateway counted by itself because the shared store did not answer in time.")
	devices := prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Namespace: namespace, Name: "throttle_devices",
		Help: "Devices whose buckets in memory are less than full, estimated.",
	}, t.devices)
	evictions := prometheus.NewCounterFunc(counterOpts("throttle_evictions_total",
		"Buckets that made place for others before they were full."), t.evictions)
	return []prometheus.Collector{t.refused, t.fallbacks, devices, evictions}
}

// Throttled counts the refusals about one protected API, or the issuer's.
type Throttled counters[throttle.Kind]

// ForThrottled returns the counters of a profile. The name comes from the
// configuration, never from a request.
func (t *throttling) ForThrottled(profile string) Throttled {
	children := make(Throttled, len(throttle.Kinds))
	for _, kind := range throttle.Kinds {
		children[kind] = t.refused.WithLabelValues(profile, string(kind))
	}
	return children
}

// Refused counts a request that found an empty bucket of that kind.
func (t Throttled) Refused(kind throttle.Kind) { counters[throttle.Kind](t).add(kind) }

// CountedWithoutStore counts a request that the shared store did not.
func (t *throttling) CountedWithoutStore() { t.fallbacks.Inc() }

// TrackThrottle shows the table until the returned function is called. What it
// has evicted stays counted.
func (t *throttling) TrackThrottle(table *throttle.Table) (untrack func()) {
	remove := t.tables.add(table)
	return func() {
		remove()
		t.evicted.Add(table.Evicted())
	}
}

func (t *throttling) devices() float64 {
	sum := 0
	for _, table := range t.tables.all() {
		sum += table.Len()
	}
	return float64(sum)
}

func (t *throttling) evictions() float64 {
	sum := t.evicted.Load()
	for _, table := range t.tables.all() {
		sum += table.Evicted()
	}
	return float64(sum)
}
