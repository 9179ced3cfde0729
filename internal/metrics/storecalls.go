package metrics

import (
	"context"
	"errors"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/caddy-dcr/caddy-dcr/plugins"
)

// Operation is a call of a store. The set is closed: it is a label.
type Operation string

const (
	Get      Operation = "get"
	Put      Operation = "put"
	List     Operation = "list"
	Append   Operation = "append"
	Follow   Operation = "follow"
	Tail     Operation = "tail"
	Take     Operation = "take"
	Collect  Operation = "collect"
	Diagnose Operation = "diagnose"
)

// Operations lists the closed set. Closing is no call that anybody counts.
var Operations = []Operation{Get, Put, List, Append, Follow, Tail, Take, Collect, Diagnose}

// StoreOutcome says how a call of a store ended. The set is closed: it is a
// label.
type StoreOutcome string

const (
	StoreOK StoreOutcome = "ok"
	// StoreConflict is a condition that did not hold: two writers met.
	StoreConflict StoreOutcome = "conflict"
	// StoreLostPlace is a feed that no longer holds what follows.
	StoreLostPlace StoreOutcome = "lost_place"
	// StoreUnavailable is every fault of the store, a time-out included.
	StoreUnavailable StoreOutcome = "unavailable"
	// StoreCanceled is a caller that did not wait for the answer.
	StoreCanceled StoreOutcome = "canceled"
)

// StoreOutcomes lists the closed set.
var StoreOutcomes = []StoreOutcome{StoreOK, StoreConflict, StoreLostPlace, StoreUnavailable, StoreCanceled}

// storeCalls holds what is counted of the stores of a process.
type storeCalls struct {
	calls map[Operation]*call
}

// call is what is counted of one operation.
type call struct {
	outcomes counters[StoreOutcome]
	faults   counters[plugins.Fault]
	duration prometheus.Observer // nil for Follow, which waits by design
}

func (s *storeCalls) build() []prometheus.Collector {
	total := prometheus.NewCounterVec(counterOpts("store_operations_total",
		"Calls of the store, by how they ended."), []string{"operation", "outcome"})
	duration := prometheus.NewHistogramVec(histogramOpts("store_operation_duration_seconds",
		"How long calls of the store took.", callBuckets), []string{"operation"})
	faults, byClass := newCounters("store_errors_total",
		"Calls of the store that failed by its fault, by what was wrong.", "class", plugins.Faults)
	s.calls = make(map[Operation]*call, len(Operations))
	for _, operation := range Operations {
		c := &call{outcomes: make(counters[StoreOutcome], len(StoreOutcomes)), faults: faults}
		for _, outcome := range StoreOutcomes {
			c.outcomes[outcome] = total.WithLabelValues(string(operation), string(outcome))
		}
		if operation != Follow {
			c.duration = duration.WithLabelValues(string(operation))
		}
		s.calls[operation] = c
	}
	return []prometheus.Collector{total, duration, byClass}
}

// ended counts a call that began at start.
func (c *call) ended(ctx context.Context, start time.Time, err error) {
	if c.duration != nil {
		c.duration.Observe(time.Since(start).Seconds())
	}
	outcome := storeOutcome(ctx, err)
	c.outcomes.add(outcome)
	if outcome == StoreUnavailable {
		c.faults.add(plugins.FaultOf(err))
	}
}

// storeOutcome reads an error of a store. A deadline is the store's fault and
// not the caller's: the gateway sets it to bound how long a store may take.
func storeOutcome(ctx context.Context, err error) StoreOutcome {
	switch {
	case err == nil, errors.Is(err, plugins.ErrCursor):
		return StoreOK // whoever asked was wrong
	case errors.Is(err, plugins.ErrConflict):
		return StoreConflict
	case errors.Is(err, plugins.ErrLostPlace):
		return StoreLostPlace
	case errors.Is(ctx.Err(), context.Canceled):
		return StoreCanceled
	default:
		return StoreUnavailable
	}
}
