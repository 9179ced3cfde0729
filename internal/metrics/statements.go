package metrics

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

var statementExpiry = desc("statement_expiry_seconds",
	"How long until the first of the software statements expires that were believed lately.")

// statements asks the statements of a process when it is scraped.
type statements struct {
	known tracked[func() (time.Duration, bool)]
}

func (s *statements) build() []prometheus.Collector { return []prometheus.Collector{statementGauge{s}} }

// TrackStatements shows when the first of the statements expires, until the
// returned function is called. The given function says false where none does.
func (m *Metrics) TrackStatements(ends func() (time.Duration, bool)) (untrack func()) {
	return m.statements.known.add(ends)
}

// statementGauge keeps the methods of prometheus.Collector out of those of
// [Metrics].
type statementGauge struct{ *statements }

// Describe implements prometheus.Collector.
func (statementGauge) Describe(out chan<- *prometheus.Desc) { out <- statementExpiry }

// Collect implements prometheus.Collector. It asks the newest, which are those
// of the configuration that serves.
func (g statementGauge) Collect(out chan<- prometheus.Metric) {
	all := g.known.all()
	if len(all) == 0 {
		return
	}
	if left, found := all[len(all)-1](); found {
		out <- prometheus.MustNewConstMetric(statementExpiry, prometheus.GaugeValue, left.Seconds())
	}
}
