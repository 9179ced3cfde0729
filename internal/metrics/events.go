package metrics

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/caddy-dcr/caddy-dcr/internal/event"
)

// events counts what the gateway tells those who listen.
type events struct {
	raised  counters[event.Name]
	dropped prometheus.Counter
}

func (e *events) build() []prometheus.Collector {
	var raised prometheus.Collector
	e.raised, raised = newCounters("events_total",
		"Events raised, whether or not anybody listens.", "event", event.Names)
	e.dropped = newCounter("events_dropped_total",
		"Events that were not handed on, because listeners did not keep up or no configuration ran.")
	return []prometheus.Collector{raised, e.dropped}
}

// EventRaised counts an event.
func (e *events) EventRaised(name event.Name) { e.raised.add(name) }

// EventDropped counts one that was not handed on.
func (e *events) EventDropped() { e.dropped.Inc() }
