// Package metrics counts and times what the gateway does.
//
// It is the one room that knows Prometheus. Every label takes its values from
// a closed set, or, for a profile, from the configuration; none takes what a
// client can choose. Every child is bound once, when its collector is made, so
// that counting resolves no label and each series is there, at zero, before
// the first event: else a rate would miss exactly that one.
package metrics

import (
	"github.com/prometheus/client_golang/prometheus"
)

// namespace begins the name of every metric.
const namespace = "caddy_dcr"

// Metrics holds the collectors. It is itself a [prometheus.Collector], so that
// a process that keeps one for its life can offer it to one registry after
// another.
type Metrics struct {
	issuing
	lastUsed
	owning
	quotas
	clients
	decisions
	storeCalls
	follower
	replicas
	tokenCache
	breakers
	events
	guessing
	throttling
	refusals
	keys
	configurations
	auditing
	breakdowns
	liveTokens
	statements

	collectors []prometheus.Collector
}

// New makes the metrics of a process.
func New() *Metrics {
	m := &Metrics{}
	for _, part := range []interface {
		build() []prometheus.Collector
	}{
		&m.issuing,
		&m.owning,
		&m.quotas,
		&m.clients,
		&m.lastUsed,
		&m.decisions,
		&m.storeCalls,
		&m.follower,
		&m.replicas,
		&m.tokenCache,
		&m.breakers,
		&m.events,
		&m.guessing,
		&m.throttling,
		&m.refusals,
		&m.keys,
		&m.configurations,
		&m.auditing,
		&m.breakdowns,
		&m.liveTokens,
		&m.statements,
	} {
		m.collectors = append(m.collectors, part.build()...)
	}
	return m
}

// Describe implements prometheus.Collector.
func (m *Metrics) Describe(out chan<- *prometheus.Desc) {
	for _, c := range m.collectors {
		c.Describe(out)
	}
}

// Collect implements prometheus.Collector.
func (m *Metrics) Collect(out chan<- prometheus.Metric) {
	for _, c := range m.collectors {
		c.Collect(out)
	}
}

var _ prometheus.Collector = (*Metrics)(nil)
