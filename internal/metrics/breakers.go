package metrics

import "github.com/prometheus/client_golang/prometheus"

// Broken names the calls that a breaker keeps from a store that does not
// answer. The set is closed: it is a label.
type Broken string

const (
	// BrokenReads is for calls that only read.
	BrokenReads Broken = "read"
	// BrokenWrites is for the others.
	BrokenWrites Broken = "write"
)

// BrokenSet lists the closed set.
var BrokenSet = []Broken{BrokenReads, BrokenWrites}

// breakers shows which breakers are open.
type breakers struct {
	open tracked[func() (reads, writes bool)]
}

func (b *breakers) build() []prometheus.Collector {
	gauges := make([]prometheus.Collector, 0, len(BrokenSet))
	for _, broken := range BrokenSet {
		gauges = append(gauges, prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Namespace: namespace, Name: "store_breaker_open",
			Help:        "1 while the store is not asked because it does not answer, by the kind of calls.",
			ConstLabels: prometheus.Labels{"calls": string(broken)},
		}, func() float64 { return b.value(broken) }))
	}
	return gauges
}

// TrackBreaker shows the breaker until the returned function is called.
func (b *breakers) TrackBreaker(open func() (reads, writes bool)) (untrack func()) {
	return b.open.add(open)
}

func (b *breakers) value(broken Broken) float64 {
	for _, open := range b.open.all() {
		reads, writes := open()
		if (broken == BrokenReads && reads) || (broken == BrokenWrites && writes) {
			return 1
		}
	}
	return 0
}
