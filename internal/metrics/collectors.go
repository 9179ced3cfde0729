package metrics

import "github.com/prometheus/client_golang/prometheus"

// counters holds one counter for each value of a closed set.
type counters[V ~string] map[V]prometheus.Counter

// newCounters makes a counter with one label and binds its children.
func newCounters[V ~string](name, help, label string, values []V) (counters[V], prometheus.Collector) {
	vec := prometheus.NewCounterVec(counterOpts(name, help), []string{label})
	children := make(counters[V], len(values))
	for _, v := range values {
		children[v] = vec.WithLabelValues(string(v))
	}
	return children, vec
}

// add counts one event. A value outside the set is not counted: it would be a
// mistake of ours, which the tests of the sets find, and no reason to fail the
// request that met it.
func (c counters[V]) add(value V) {
	if child, ok := c[value]; ok {
		child.Inc()
	}
}

func newCounter(name, help string) prometheus.Counter {
	return prometheus.NewCounter(counterOpts(name, help))
}

func counterOpts(name, help string) prometheus.CounterOpts {
	return prometheus.CounterOpts{Namespace: namespace, Name: name, Help: help}
}

// histogramOpts describes a histogram in both forms. Servers that know native
// histograms get buckets that are at most 10 % wide; the others get the given
// ones.
//
// The 160 native buckets span a factor of a million; should values spread
// wider, they double in width. No least duration of a reset is set, on
// purpose: the library would then empty the whole histogram instead, which
// looks like a restart of the gateway.
func histogramOpts(name, help string, buckets []float64) prometheus.HistogramOpts {
	return prometheus.HistogramOpts{
		Namespace: namespace, Name: name, Help: help, Buckets: buckets,
		NativeHistogramBucketFactor:    1.1,
		NativeHistogramMaxBucketNumber: 160,
		// The classic buckets hold exemplars, one each, which is enough.
		NativeHistogramMaxExemplars: -1,
	}
}

func newHistogram(name, help string, buckets []float64) prometheus.Histogram {
	return prometheus.NewHistogram(histogramOpts(name, help, buckets))
}

func desc(name, help string) *prometheus.Desc {
	return prometheus.NewDesc(prometheus.BuildFQName(namespace, "", name), help, nil, nil)
}

// The classic buckets, in seconds.
var (
	// decisionBuckets doubles from a microsecond; the budget of a decision is
	// a median of 4 µs and 16 µs for the slowest percent, so both are bounds.
	decisionBuckets = []float64{
		1e-6, 2e-6, 4e-6, 8e-6, 16e-6, 32e-6, 64e-6, 128e-6, 256e-6, 512e-6, 1e-3, 4e-3, 16e-3,
	}
	// callBuckets suits what waits for a signature or for the store.
	callBuckets = []float64{
		100e-6, 250e-6, 500e-6, 1e-3, 2.5e-3, 5e-3, 10e-3, 25e-3, 50e-3, 100e-3, 250e-3, 500e-3, 1, 2.5, 5,
	}
	// upstreamBuckets suits backends, from one beside the gateway to one that hangs.
	upstreamBuckets = []float64{
		1e-3, 2.5e-3, 5e-3, 10e-3, 25e-3, 50e-3, 100e-3, 250e-3, 500e-3, 1, 2.5, 5, 10, 30, 60,
	}
	lagBuckets = []float64{
		1e-3, 2.5e-3, 5e-3, 10e-3, 25e-3, 50e-3, 100e-3, 250e-3, 500e-3, 1, 2.5, 5, 10,
	}
	loadBuckets = []float64{10e-3, 50e-3, 100e-3, 250e-3, 500e-3, 1, 2.5, 5, 10, 30}
)
