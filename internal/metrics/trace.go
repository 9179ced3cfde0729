package metrics

import (
	"encoding/hex"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
	"github.com/prometheus/client_golang/prometheus"
)

// Trace leads from a number to one request that it counts.
type Trace struct {
	// ID is the trace that the client was given, and by which to ask why.
	ID uuid.UUID
	// Span is the id of OpenTelemetry's trace, and zero where the request has
	// none.
	Span [16]byte
}

// exemplar is what scrapers get of it, where they ask for OpenMetrics. What
// shows graphs looks traces up by `trace_id`, so that is OpenTelemetry's where
// there is one.
func (t Trace) exemplar() prometheus.Labels {
	if t.Span == [16]byte{} {
		return prometheus.Labels{"trace_id": t.ID.String()}
	}
	return prometheus.Labels{"trace_id": hex.EncodeToString(t.Span[:]), "dcr_trace": t.ID.String()}
}

// oneInTraced is how many events there are for one that leaves its trace.
const oneInTraced = 16

// traced is a counter of which the first event and each sixteenth after it leave
// their trace.
type traced struct {
	prometheus.Counter
	events atomic.Uint64
}

func (c *traced) add(trace Trace) {
	if adder, ok := c.Counter.(prometheus.ExemplarAdder); ok && c.events.Add(1)%oneInTraced == 1 {
		adder.AddWithExemplar(1, trace.exemplar())
		return
	}
	c.Inc()
}

// outcomes are counters of a closed set of which one value is the usual one,
// which leaves no trace.
type outcomes[V ~string] struct {
	usual  V
	counts map[V]*traced
}

func newOutcomes[V ~string](name, help, label string, values []V, usual V) (outcomes[V], prometheus.Collector) {
	plain, vec := newCounters(name, help, label, values)
	o := outcomes[V]{usual, make(map[V]*traced, len(values))}
	for value, counter := range plain {
		o.counts[value] = &traced{Counter: counter}
	}
	return o, vec
}

func (o outcomes[V]) add(value V, trace Trace) {
	switch counter := o.counts[value]; {
	case counter == nil: // see counters.add
	case value == o.usual:
		counter.Inc()
	default:
		counter.add(trace)
	}
}

// timed is a histogram of durations. What is slow leaves its trace, and of the
// rest one in a second: an exemplar costs seven allocations, which is more than
// a decision may.
type timed struct {
	prometheus.Observer
	slow time.Duration
	last atomic.Int64 // the second of the last trace
}

// since takes the time since begun.
func (h *timed) since(begun time.Time, trace Trace) {
	took := time.Since(begun)
	if observer, ok := h.Observer.(prometheus.ExemplarObserver); ok && (took >= h.slow || h.due(begun.Unix())) {
		observer.ObserveWithExemplar(took.Seconds(), trace.exemplar())
		return
	}
	h.Observe(took.Seconds())
}

func (h *timed) due(second int64) bool {
	last := h.last.Load()
	return last != second && h.last.CompareAndSwap(last, second)
}
