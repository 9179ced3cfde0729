package metrics

import (
	"sync"

	"github.com/google/uuid"
	"github.com/prometheus/client_golang/prometheus"
)

// Unlisted is the label of all that an operator's list does not name.
const Unlisted = "other"

// breakdowns counts requests by application and by platform, for those that the
// operator listed: what is not on the list has no series of its own, so nothing
// that a client does makes one.
type breakdowns struct {
	byApplication, byPlatform dimension
}

func (b *breakdowns) build() []prometheus.Collector {
	b.byApplication.init("application")
	b.byPlatform.init("platform")
	return []prometheus.Collector{&b.byApplication, &b.byPlatform}
}

// Applications begins to count by the listed applications, under their labels.
// Nothing is shown until [Breakdown.Show].
func (b *breakdowns) Applications(labels map[uuid.UUID]string) *Breakdown[uuid.UUID] {
	return newBreakdown(&b.byApplication, labels)
}

// Platforms does the same for platforms.
func (b *breakdowns) Platforms(labels map[string]string) *Breakdown[string] {
	return newBreakdown(&b.byPlatform, labels)
}

// dimension is one label by which requests are broken down. Its counters live as
// long as some configuration lists their label, so that a reload resets none;
// they are shown while one that runs does.
type dimension struct {
	label                            string
	registrations, tokens, decisions *prometheus.CounterVec

	mu       sync.Mutex
	profiles map[string]bool
	held     map[string]int // labels, by how many configurations list them
	shown    map[string]int // by how many of those that run
}

func (d *dimension) init(label string) {
	d.label = label
	d.registrations = prometheus.NewCounterVec(counterOpts(label+"_registrations_total",
		"Requests to register a client, by what came of them and by "+label+"."), []string{label, "outcome"})
	d.tokens = prometheus.NewCounterVec(counterOpts(label+"_tokens_total",
		"Requests for an access token, by what came of them and by "+label+"."), []string{label, "outcome"})
	d.decisions = prometheus.NewCounterVec(counterOpts(label+"_decisions_total",
		"Requests under a guard, by what came of them and by "+label+"."), []string{label, "profile", "outcome"})
	d.profiles, d.held, d.shown = map[string]bool{}, map[string]int{}, map[string]int{}
}

// Describe implements prometheus.Collector.
func (d *dimension) Describe(out chan<- *prometheus.Desc) {
	d.registrations.Describe(out)
	d.tokens.Describe(out)
	d.decisions.Describe(out)
}

// Collect implements prometheus.Collector.
func (d *dimension) Collect(out chan<- prometheus.Metric) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for label := range d.shown {
		for _, outcome := range DecisionOutcomes {
			out <- d.registrations.WithLabelValues(label, string(outcome))
			out <- d.tokens.WithLabelValues(label, string(outcome))
			for profile := range d.profiles {
				out <- d.decisions.WithLabelValues(label, profile, string(outcome))
			}
		}
	}
}

// change counts one configuration more, or less, that lists the labels. What
// nobody lists any more is forgotten.
func (d *dimension) change(counts map[string]int, labels []string, by int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, label := range labels {
		if counts[label] += by; counts[label] == 0 {
			delete(counts, label)
		}
		if d.held[label] == 0 {
			of := prometheus.Labels{d.label: label}
			d.registrations.DeletePartialMatch(of)
			d.tokens.DeletePartialMatch(of)
			d.decisions.DeletePartialMatch(of)
		}
	}
}

// Breakdown counts for the things that one configuration lists, all others
// together as [Unlisted]. A nil one counts nothing.
type Breakdown[K comparable] struct {
	of     *dimension
	labels map[K]string
	all    []string // the labels, Unlisted among them

	registrations, tokens tallies[K]
}

func newBreakdown[K comparable](d *dimension, labels map[K]string) *Breakdown[K] {
	b := &Breakdown[K]{of: d, labels: labels, all: []string{Unlisted}}
	for _, label := range labels {
		b.all = append(b.all, label)
	}
	d.change(d.held, b.all, 1)
	b.registrations, b.tokens = b.tallies(d.registrations), b.tallies(d.tokens)
	return b
}

// Show shows the counters until the returned function is called, which may be
// called again.
func (b *Breakdown[K]) Show() (hide func()) {
	if b == nil {
		return func() {}
	}
	b.of.change(b.of.shown, b.all, 1)
	return sync.OnceFunc(func() { b.of.change(b.of.shown, b.all, -1) })
}

// Release ends the breakdown. It is called once.
func (b *Breakdown[K]) Release() {
	if b != nil {
		b.of.change(b.of.held, b.all, -1)
	}
}

// Registered counts a request to register.
func (b *Breakdown[K]) Registered(key K, outcome DecisionOutcome) {
	if b != nil {
		b.registrations.add(key, outcome)
	}
}

// TokenRequested counts a request for a token.
func (b *Breakdown[K]) TokenRequested(key K, outcome DecisionOutcome) {
	if b != nil {
		b.tokens.add(key, outcome)
	}
}

// ForProfile gives the counters of decisions about one protected API, or nil
// where nothing is counted.
func (b *Breakdown[K]) ForProfile(name string) *Decisions[K] {
	if b == nil {
		return nil
	}
	b.of.mu.Lock()
	b.of.profiles[name] = true
	b.of.mu.Unlock()
	return &Decisions[K]{b.tallies(b.of.decisions.MustCurryWith(prometheus.Labels{"profile": name}))}
}

// Decisions counts decisions about one protected API.
type Decisions[K comparable] struct{ tallies[K] }

// Decided counts one.
func (d *Decisions[K]) Decided(key K, outcome DecisionOutcome) {
	if d != nil {
		d.add(key, outcome)
	}
}

// tallies has the counters of each listed thing, bound once.
type tallies[K comparable] struct {
	listed map[K]*tally
	other  *tally
}

type tally struct{ allowed, refused, unavailable prometheus.Counter }

func (b *Breakdown[K]) tallies(vec *prometheus.CounterVec) tallies[K] {
	bind := func(label string) *tally {
		of := func(outcome DecisionOutcome) prometheus.Counter {
			return vec.With(prometheus.Labels{b.of.label: label, "outcome": string(outcome)})
		}
		return &tally{of(DecisionAllowed), of(DecisionRefused), of(DecisionUnavailable)}
	}
	t := tallies[K]{listed: make(map[K]*tally, len(b.labels)), other: bind(Unlisted)}
	for key, label := range b.labels {
		t.listed[key] = bind(label)
	}
	return t
}

func (t *tallies[K]) add(key K, outcome DecisionOutcome) {
	tally, listed := t.listed[key]
	if !listed {
		tally = t.other
	}
	switch outcome {
	case DecisionAllowed:
		tally.allowed.Inc()
	case DecisionRefused:
		tally.refused.Inc()
	case DecisionUnavailable:
		tally.unavailable.Inc()
	}
}
