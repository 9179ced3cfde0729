package metrics

import (
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/assert"

	"github.com/caddy-dcr/caddy-dcr/internal/guard"
)

func TestEveryReasonIsCountedForItsProfileAlone(t *testing.T) {
	m := New()
	p, other := m.ForProfile("rest_v2"), m.ForProfile("esm")
	for _, reason := range guard.Reasons {
		outcome := string(DecisionOutcomeOf(reason))
		p.Decided(reason, time.Time{}, Trace{ID: uuid.UUID{1}})
		p.Decided(reason, time.Time{}, Trace{ID: uuid.UUID{1}})
		other.Decided(reason, time.Time{}, Trace{ID: uuid.UUID{1}})
		assert.EqualValues(t, 2, count(t, m, "decisions_total", outcome, "rest_v2", string(reason)))
		assert.EqualValues(t, 1, count(t, m, "decisions_total", outcome, "esm", string(reason)))
	}
	assert.Zero(t, count(t, m, "decision_duration_seconds", "rest_v2"), "none was timed")
}

func TestEveryReasonHasAnOutcome(t *testing.T) {
	cases := []struct {
		reason guard.Reason
		want   DecisionOutcome
	}{
		{guard.Allowed, DecisionAllowed},
		{guard.OpenRoute, DecisionAllowed},
		{guard.TokenAbsent, DecisionRefused},
		{guard.ApplicationRevoked, DecisionRefused},
		{guard.Throttled, DecisionRefused},
		{guard.StateUnavailable, DecisionUnavailable},
		{"no reason at all", DecisionUnavailable},
	}
	for _, c := range cases {
		assert.Equal(t, c.want, DecisionOutcomeOf(c.reason), c.reason)
	}
	for _, reason := range guard.Reasons {
		assert.Contains(t, DecisionOutcomes, DecisionOutcomeOf(reason), reason)
	}
}

func TestAProfileOfTheSameNameKeepsItsCounters(t *testing.T) {
	m := New()
	first := m.ForProfile("rest_v2")
	first.Decided(guard.Allowed, time.Time{}, Trace{ID: uuid.UUID{1}})
	assert.Same(t, first, m.ForProfile("rest_v2"), "a reload asks for it again")
	assert.NotSame(t, first, m.ForProfile("esm"))
	assert.EqualValues(t, 1, count(t, m, "decisions_total", "allowed", "rest_v2", "allowed"))
}

func TestASampleOfTheDecisionsIsTimed(t *testing.T) {
	m := New()
	p := m.ForProfile("rest_v2")
	// That none of these, or all, are in a sample of one in 16 is less likely
	// than a broken processor.
	const decisions = 4000
	timed := 0
	for range decisions {
		begun := p.Begin()
		if !begun.IsZero() {
			timed++
		}
		p.Decided(guard.Allowed, begun, Trace{ID: uuid.UUID{1}})
	}
	assert.Greater(t, timed, 0)
	assert.Less(t, timed, decisions/2)
	assert.EqualValues(t, timed, count(t, m, "decision_duration_seconds", "rest_v2"))
	assert.EqualValues(t, decisions, count(t, m, "decisions_total", "allowed", "rest_v2", "allowed"), "all are counted")
}

func TestCountingIsSafeForConcurrentUse(t *testing.T) {
	m := New()
	const workers, each = 8, 500
	var all sync.WaitGroup
	for range workers {
		all.Go(func() {
			for range each {
				p := m.ForProfile("rest_v2")
				p.Decided(guard.TokenExpired, p.Begin(), Trace{ID: uuid.UUID{1}})
				m.TokenFound()
			}
		})
	}
	gather(t, m)
	all.Wait()
	assert.EqualValues(t, workers*each, count(t, m, "decisions_total", "refused", "rest_v2", "token_expired"))
	assert.EqualValues(t, workers*each, count(t, m, "token_cache_lookups_total", "hit"))
}
