package metrics

import (
	"math/rand/v2"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/caddy-dcr/caddy-dcr/internal/guard"
)

// DecisionOutcome sums the reasons of decisions up. The set is closed: it is a
// label.
type DecisionOutcome string

const (
	// DecisionAllowed is a request that reached the backend.
	DecisionAllowed DecisionOutcome = "allowed"
	// DecisionRefused is the client's fault.
	DecisionRefused DecisionOutcome = "refused"
	// DecisionUnavailable is a fault of ours.
	DecisionUnavailable DecisionOutcome = "unavailable"
)

// DecisionOutcomes lists the closed set.
var DecisionOutcomes = []DecisionOutcome{DecisionAllowed, DecisionRefused, DecisionUnavailable}

// DecisionOutcomeOf says which outcome a reason belongs to.
func DecisionOutcomeOf(reason guard.Reason) DecisionOutcome {
	switch reason.Class() {
	case guard.Pass:
		return DecisionAllowed
	case guard.Fault:
		return DecisionUnavailable
	default:
		return DecisionRefused
	}
}

// timedOneIn is how many decisions there are for one that is timed. Reading the
// clock twice and filling a histogram costs a tenth of what a decision may
// cost, and a sample shows the same distribution.
const timedOneIn = 16

// decisions counts what the guards decide.
type decisions struct {
	total    *prometheus.CounterVec
	duration *prometheus.HistogramVec
	upstream *prometheus.HistogramVec

	mu       sync.Mutex
	profiles map[string]*Profile
}

func (d *decisions) build() []prometheus.Collector {
	d.total = prometheus.NewCounterVec(counterOpts("decisions_total",
		"Requests under a guard, by what it decided and why."), []string{"profile", "outcome", "reason"})
	d.duration = prometheus.NewHistogramVec(histogramOpts("decision_duration_seconds",
		"How long decisions of a guard took; one in 16 is timed.", decisionBuckets), []string{"profile"})
	d.upstream = prometheus.NewHistogramVec(histogramOpts("upstream_duration_seconds",
		"How long what stands behind a guard took to answer in full; one in 16 is timed.", upstreamBuckets), []string{"profile"})
	d.profiles = map[string]*Profile{}
	return []prometheus.Collector{d.total, d.duration, d.upstream}
}

// Profile counts the decisions about one protected API.
type Profile struct {
	// allowed stands apart because it is the way of nearly every request: the
	// comparison costs a fraction of looking a reason up.
	allowed  prometheus.Counter
	reasons  map[guard.Reason]*traced
	duration timed
	upstream timed
}

// ForProfile returns the counters of a profile, the same ones for the same
// name. The name comes from the configuration, never from a request.
func (d *decisions) ForProfile(name string) *Profile {
	d.mu.Lock()
	defer d.mu.Unlock()
	if p, ok := d.profiles[name]; ok {
		return p
	}
	p := &Profile{
		reasons:  make(map[guard.Reason]*traced, len(guard.Reasons)),
		duration: timed{Observer: d.duration.WithLabelValues(name), slow: slowDecision},
		upstream: timed{Observer: d.upstream.WithLabelValues(name), slow: slowAnswer},
	}
	for _, reason := range guard.Reasons {
		p.reasons[reason] = &traced{Counter: d.total.WithLabelValues(name, string(DecisionOutcomeOf(reason)), string(reason))}
	}
	p.allowed = p.reasons[guard.Allowed].Counter
	d.profiles[name] = p
	return p
}

// Begin is called when a decision begins. It returns the time of one decision
// in sixteen, chosen at random, and the zero time of the others.
func (p *Profile) Begin() time.Time {
	if rand.Uint32()%timedOneIn != 0 { //nolint:gosec // a sample, no secret
		return time.Time{}
	}
	return time.Now()
}

// What took so long leaves its trace.
const (
	slowDecision = time.Millisecond
	slowAnswer   = 250 * time.Millisecond
)

// Decided counts a decision, for which [Profile.Begin] returned begun. Some of
// what is refused, and of what was timed, leave their trace as an exemplar, which
// leads from a graph to one request.
func (p *Profile) Decided(reason guard.Reason, begun time.Time, trace Trace) {
	if reason == guard.Allowed {
		p.allowed.Inc()
	} else if counter := p.reasons[reason]; counter != nil {
		counter.add(trace)
	}
	if !begun.IsZero() {
		p.duration.since(begun, trace)
	}
}

// Answered takes the time of a request that was handed on at that moment and
// is answered now.
func (p *Profile) Answered(handedOn time.Time, trace Trace) {
	p.upstream.since(handedOn, trace)
}
