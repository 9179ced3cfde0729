package faults

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/caddy-dcr/caddy-dcr/tests/faults/crowd"
	"github.com/caddy-dcr/caddy-dcr/tests/faults/fleet"
	"github.com/caddy-dcr/caddy-dcr/tests/harness"
)

const (
	// staleness is the bound of the gateways here: short, so that one test
	// sees both sides of it.
	staleness = 4 * time.Second
	// settled is the age that knowledge has in a healthy gateway at the most,
	// and some room for a busy machine.
	settled = 2300 * time.Millisecond
	// long is a fault that outlasts the bound, short is one that does not.
	long  = staleness + 2*time.Second
	short = 2500 * time.Millisecond
	// recovery is how long a gateway may take once its store is well.
	recovery = 5 * time.Second
	// patience is how long a test waits for a recovery, to measure a late one.
	patience = 30 * time.Second
	// calm is how long nobody may be refused before a gateway counts as well.
	calm = 400 * time.Millisecond
)

// knowledge is what becomes of what gateways know while a fault is on.
type knowledge int

const (
	// silent: nothing is heard, so that it grows old.
	silent knowledge = iota
	// patchy: something is heard now and then.
	patchy
	// confirmed: the store can still be read, and keeps it young.
	confirmed
	// untouched: the fault must not be noticed by anybody.
	untouched
)

// disorder is one fault that befalls a lane.
type disorder struct {
	name  string
	lasts time.Duration
	knowledge
	// only is the number of the one gateway that it befalls; zero is all.
	only int
	// begin brings the fault about and answers what ends it.
	begin func(*testing.T) (end func())
	// during happens at once after the beginning.
	during func(*testing.T)
}

// lane is gateways over one store, to which one disorder happens after the
// other.
type lane struct {
	gateways []*harness.Gateway
	crowd    *crowd.Crowd
	opaque   bool
	results  *results
}

// open starts the gateways over the stores, and acquaints them with a crowd.
func open(t *testing.T, r *results, stores []string, options string) *lane {
	t.Helper()
	l := &lane{results: r, opaque: strings.Contains(options, "format opaque")}
	l.gateways = fleet.Start(t, fleet.Config{Stores: stores, Staleness: staleness, Options: options})
	l.crowd = fleet.Gather(t, l.gateways)
	return l
}

// incident is when what happened.
type incident struct {
	disorder
	opaque bool
	// The fault came between began and inForce, and went before lifted.
	began, inForce, lifted time.Time
}

// expectation says what of the answers is true, given what happened when.
func (i *incident) expectation() crowd.Expectation {
	return crowd.Expectation{MayRefuse: i.mayRefuse, MustRefuse: i.mustRefuse}
}

func (i *incident) befalls(a crowd.Answer) bool { return i.only == 0 || i.only == a.Gateway+1 }

// fromMemory says whether the answer needed nothing from the store.
func (i *incident) fromMemory(a crowd.Answer) bool {
	return a.Role == crowd.Known || a.Role == crowd.Dead || a.Role == crowd.Fresh && !i.opaque
}

func (i *incident) mayRefuse(a crowd.Answer) bool {
	if !i.befalls(a) || i.knowledge == untouched || a.Done().Before(i.began) || a.Sent.After(i.lifted.Add(patience)) {
		return false
	}
	if !i.fromMemory(a) {
		return true
	}
	return i.knowledge != confirmed && a.Done().After(i.began.Add(staleness-settled))
}

func (i *incident) mustRefuse(a crowd.Answer) bool {
	passes := a.Role == crowd.Known || a.Role == crowd.Fresh
	return passes && i.befalls(a) && i.knowledge == silent &&
		a.Sent.After(i.inForce.Add(staleness)) && a.Done().Before(i.lifted)
}

// suffer lets the disorder happen while the crowd calls, and judges.
func (l *lane) suffer(t *testing.T, d disorder) {
	t.Helper()
	require.NoError(t, l.crowd.Stock(16))
	doomed, err := l.crowd.Enroll(1)
	require.NoError(t, err)
	record := &record{}
	l.crowd.Observe = record.add
	ctx, stop := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { l.crowd.Run(ctx) })
	defer running.Wait()
	defer stop()
	start := time.Now()
	_, missing := l.heal(t, record, start)
	require.Empty(t, missing, "the gateways are not well before anything happens")

	require.NoError(t, fleet.Kill(l.gateways[1], doomed.ID))
	l.crowd.Bury(doomed)
	i := &incident{disorder: d, opaque: l.opaque, began: time.Now()}
	end := d.begin(t)
	i.inForce = time.Now()
	if d.during != nil {
		d.during(t)
	}
	time.Sleep(time.Until(i.inForce.Add(d.lasts)))
	i.lifted = time.Now() // by when it is lifted nobody could be refused any more
	end()
	lifted := time.Now()
	healed, missing := l.heal(t, record, lifted)
	stop()
	running.Wait()

	tally := &crowd.Tally{Expectation: i.expectation()}
	for _, a := range record.all() {
		tally.Add(a)
	}
	l.results.add(row{d.name, tally, healed.Sub(lifted)})
	assert.Zero(t, tally.Wrong(), "wrong answers; the fault came at %s and went at %s\n%s\n%s",
		i.began.Format("05.000"), i.lifted.Format("05.000"), tally.Words(), tally.Statuses())
	assert.Less(t, healed.Sub(lifted), recovery, "recovery")
	require.Empty(t, missing, "the gateways do not recover")
}

// heal waits until every role got its true answer from every gateway since the
// moment, no call from before it is under way, and nobody was refused for a
// while. It answers since when, and what is missing when its patience is over.
func (l *lane) heal(t *testing.T, r *record, since time.Time) (well time.Time, missing string) {
	t.Helper()
	for deadline := since.Add(patience); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		if well, missing = r.wellSince(len(l.gateways), since); missing != "" || time.Since(well) < calm {
			continue
		}
		// What is known can still be growing too old after the store is back, and
		// what hung until now can still be taken for an outage.
		if l.crowd.Waits(since) {
			missing = "the last answers from before"
			continue
		}
		if age := l.age(t); age < settled {
			return well, ""
		}
		missing = "fresh knowledge"
	}
	return time.Now(), missing
}

// age is how old the oldest knowledge of the gateways is.
func (l *lane) age(t *testing.T) time.Duration {
	t.Helper()
	oldest := 0.0
	for _, gateway := range l.gateways {
		age, err := fleet.Metric(gateway, "caddy_dcr_replica_age_seconds")
		require.NoError(t, err)
		oldest = max(oldest, age)
	}
	return time.Duration(min(oldest, patience.Seconds()) * float64(time.Second))
}

// record keeps all answers of a case.
type record struct {
	mu      sync.Mutex
	answers []crowd.Answer
}

func (r *record) add(a crowd.Answer) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.answers = append(r.answers, a)
}

func (r *record) all() []crowd.Answer {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.answers
}

// wellSince answers when the last call that was sent after the moment was
// refused, or the first of some role succeeded if that was later; and which
// role has not succeeded anywhere yet.
func (r *record) wellSince(gateways int, since time.Time) (well time.Time, missing string) {
	first := map[string]time.Time{}
	well = since
	later := func(at time.Time) {
		if at.After(well) {
			well = at
		}
	}
	for _, a := range r.all() {
		if a.Sent.Before(since) {
			continue
		}
		name := fmt.Sprintf("%s at gateway %d", a.Role, a.Gateway+1)
		if !a.True() {
			later(a.Done())
		} else if at, ok := first[name]; !ok || a.Done().Before(at) {
			first[name] = a.Done()
		}
	}
	for _, role := range crowd.Roles {
		for gateway := range gateways {
			name := fmt.Sprintf("%s at gateway %d", role, gateway+1)
			at, ok := first[name]
			if !ok {
				return well, name
			}
			later(at)
		}
	}
	return well, ""
}
