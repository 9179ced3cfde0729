package metrics

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/caddy-dcr/caddy-dcr/internal/explain"
)

// refusals counts those that were meant for the store, so that other gateways
// can explain them.
type refusals struct {
	shared counters[explain.Shared]
}

func (r *refusals) build() []prometheus.Collector {
	var shared prometheus.Collector
	r.shared, shared = newCounters("refusals_shared_total",
		"Refusals that were to be kept in the store for other gateways to explain, by what became of them.", "outcome", explain.SharedSet)
	return []prometheus.Collector{shared}
}

// RefusalShared counts what became of one.
func (r *refusals) RefusalShared(outcome explain.Shared) { r.shared.add(outcome) }
