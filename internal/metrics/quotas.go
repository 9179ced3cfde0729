package metrics

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/caddy-dcr/caddy-dcr/internal/quota"
)

// quotas counts how registrations stand to their limits.
type quotas struct {
	checks map[quota.Kind]counters[quota.Result]
	reused prometheus.Counter
}

func (q *quotas) build() []prometheus.Collector {
	checks := prometheus.NewCounterVec(counterOpts("quota_checks_total",
		"Registrations that a quota was asked about, by how they stood to it."), []string{"quota", "result"})
	q.checks = make(map[quota.Kind]counters[quota.Result], len(quota.Kinds))
	for _, kind := range quota.Kinds {
		q.checks[kind] = make(counters[quota.Result], len(quota.Results))
		for _, result := range quota.Results {
			q.checks[kind][result] = checks.WithLabelValues(string(kind), string(result))
		}
	}
	q.reused = newCounter("reused_registrations_total",
		"Registrations that were answered with the client that the device had.")
	return []prometheus.Collector{checks, q.reused}
}

// QuotaChecked counts a registration that a quota was asked about.
func (q *quotas) QuotaChecked(kind quota.Kind, result quota.Result) { q.checks[kind].add(result) }

// RegistrationReused counts a registration that made no new client.
func (q *quotas) RegistrationReused() { q.reused.Inc() }
