package metrics

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/caddy-dcr/caddy-dcr/internal/state"
)

// Keys is what a scrape asks a ring of keys.
type Keys interface {
	// Age is how long the newest key of the use has been in use, and false
	// while there is none.
	Age(use state.KeyUse) (time.Duration, bool)
	// Due is how long until that key is due to be replaced, negative where it
	// is overdue, and false where nobody gains from replacing it.
	Due(use state.KeyUse) (time.Duration, bool)
}

var keyAge = prometheus.NewDesc(prometheus.BuildFQName(namespace, "", "key_age_seconds"),
	"How long the key that is used now has been in use, by what it is for.", []string{"use"}, nil)

var keyDue = prometheus.NewDesc(prometheus.BuildFQName(namespace, "", "key_due_seconds"),
	"How long until the key that is used now is due to be replaced, by what it is for.", []string{"use"}, nil)

// keys reads the rings of a process when it is scraped.
type keys struct{ known tracked[Keys] }

func (k *keys) build() []prometheus.Collector { return []prometheus.Collector{keyGauges{k}} }

// TrackKeys shows the ring in the gauge until the returned function is called.
func (m *Metrics) TrackKeys(ring Keys) (untrack func()) { return m.keys.known.add(ring) }

// keyGauges keeps the methods of prometheus.Collector out of those of
// [Metrics].
type keyGauges struct{ *keys }

// Describe implements prometheus.Collector.
func (keyGauges) Describe(out chan<- *prometheus.Desc) {
	out <- keyAge
	out <- keyDue
}

// Collect implements prometheus.Collector. It shows the newest ring, which is
// that of the configuration that serves, and nothing of keys that are not there.
func (g keyGauges) Collect(out chan<- prometheus.Metric) {
	rings := g.known.all()
	if len(rings) == 0 {
		return
	}
	for _, use := range state.KeyUses {
		if age, found := rings[len(rings)-1].Age(use); found {
			out <- prometheus.MustNewConstMetric(keyAge, prometheus.GaugeValue, age.Seconds(), string(use))
		}
		if due, found := rings[len(rings)-1].Due(use); found {
			out <- prometheus.MustNewConstMetric(keyDue, prometheus.GaugeValue, due.Seconds(), string(use))
		}
	}
}
