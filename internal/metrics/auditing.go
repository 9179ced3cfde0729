package metrics

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/caddy-dcr/caddy-dcr/internal/audit"
)

// auditing counts what becomes of administrative acts on their way to the record.
type auditing struct {
	writes counters[audit.Write]
}

func (a *auditing) build() []prometheus.Collector {
	var writes prometheus.Collector
	a.writes, writes = newCounters("audit_writes_total",
		"Administrative acts, by what became of writing them to the audit.", "outcome", audit.Writes)
	return []prometheus.Collector{writes}
}

// AuditWritten implements audit.Observer.
func (a *auditing) AuditWritten(outcome audit.Write) { a.writes.add(outcome) }

var _ audit.Observer = (*auditing)(nil)
