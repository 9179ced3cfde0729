package metrics

import (
	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"

	"github.com/caddy-dcr/caddy-dcr/internal/explain"
	"github.com/caddy-dcr/caddy-dcr/internal/guard"
	"github.com/caddy-dcr/caddy-dcr/internal/oauth"
	"github.com/caddy-dcr/caddy-dcr/internal/registration"
)

// Totals are what was counted since the process began, as far as people are
// shown it beside the metrics.
type Totals struct {
	// Registered are clients, Issued tokens, and Passed requests that a guard
	// let through.
	Registered, Issued, Passed uint64
	// Refused are requests that came to nothing, by why.
	Refused map[Refusal]uint64
	// Lag counts revocations by how long they took to be applied here.
	Lag []LagBucket
}

// Refusal is why requests came to nothing, and by whom.
type Refusal struct {
	By     explain.Decider
	Reason string
}

// LagBucket counts revocations that took at most so many seconds, and longer
// than the bucket before says. The last one has no bound, which is said by 0.
type LagBucket struct {
	Seconds float64
	Count   uint64
}

// Totals reads the counters. It is for now and then: what counts is not
// disturbed, but each counter is asked.
func (m *Metrics) Totals() Totals {
	t := Totals{Refused: map[Refusal]uint64{}}
	for outcome, counter := range m.registrations.counts {
		if n := valueOf(counter); outcome == registration.Registered {
			t.Registered = n
		} else {
			t.refuse(explain.Registration, string(outcome), n)
		}
	}
	for outcome, counter := range m.tokens.counts {
		if n := valueOf(counter); outcome == oauth.TokenIssued {
			t.Issued = n
		} else {
			t.refuse(explain.Tokens, string(outcome), n)
		}
	}
	m.decisions.addTo(&t)
	t.Lag = bucketsOf(m.lag)
	return t
}

func (t *Totals) refuse(by explain.Decider, reason string, n uint64) {
	if n > 0 {
		t.Refused[Refusal{by, reason}] += n
	}
}

func (d *decisions) addTo(t *Totals) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, p := range d.profiles {
		for reason, counter := range p.reasons {
			if n := valueOf(counter); reason.Class() == guard.Pass {
				t.Passed += n
			} else {
				t.refuse(explain.Guard, string(reason), n)
			}
		}
	}
}

func valueOf(counter prometheus.Metric) uint64 {
	var read dto.Metric
	if counter.Write(&read) != nil {
		return 0 // a counter can always be written
	}
	return uint64(read.GetCounter().GetValue())
}

func bucketsOf(histogram prometheus.Metric) []LagBucket {
	var read dto.Metric
	if histogram.Write(&read) != nil {
		return nil
	}
	var buckets []LagBucket
	var below uint64
	for _, b := range read.GetHistogram().GetBucket() {
		buckets = append(buckets, LagBucket{b.GetUpperBound(), b.GetCumulativeCount() - below})
		below = b.GetCumulativeCount()
	}
	return append(buckets, LagBucket{0, read.GetHistogram().GetSampleCount() - below})
}
