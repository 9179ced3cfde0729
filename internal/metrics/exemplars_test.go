package metrics

import (
	"testing"
	"time"

	"github.com/google/uuid"
	dto "github.com/prometheus/client_model/go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/caddy-dcr/caddy-dcr/internal/guard"
)

var traceOne, traceTwo = uuid.UUID{1}, uuid.UUID{2}

func traceOf(e *dto.Exemplar) string {
	for _, label := range e.GetLabel() {
		if label.GetName() == "trace_id" {
			return label.GetValue()
		}
	}
	return ""
}

// tracesIn are the traces of the buckets.
func tracesIn(h *dto.Histogram) []string {
	var traces []string
	for _, bucket := range h.GetBucket() {
		if trace := traceOf(bucket.GetExemplar()); trace != "" {
			traces = append(traces, trace)
		}
	}
	return traces
}

func TestTheFirstRefusalAndEachSixteenthAfterItLeaveTheirTrace(t *testing.T) {
	m := New()
	p := m.ForProfile("rest_v2")
	refused := func() string {
		child := find(gather(t, m)["decisions_total"], "refused", "rest_v2", "token_expired")
		require.NotNil(t, child)
		return traceOf(child.GetCounter().GetExemplar())
	}
	assert.Empty(t, refused())
	p.Decided(guard.TokenExpired, time.Time{}, traceOne)
	assert.Equal(t, traceOne.String(), refused())
	for range timedOneIn - 1 {
		p.Decided(guard.TokenExpired, time.Time{}, traceTwo)
	}
	assert.Equal(t, traceOne.String(), refused())
	p.Decided(guard.TokenExpired, time.Time{}, traceTwo)
	assert.Equal(t, traceTwo.String(), refused())
	assert.EqualValues(t, timedOneIn+1, count(t, m, "decisions_total", "refused", "rest_v2", "token_expired"), "each is counted once")
}

func TestWhatTookLongLeavesItsTraceAndNothingElseDoes(t *testing.T) {
	m := New()
	p := m.ForProfile("rest_v2")
	timed := func(name string) []string {
		return tracesIn(gather(t, m)[name].GetMetric()[0].GetHistogram())
	}
	p.Decided(guard.Allowed, time.Time{}, traceOne)
	p.Decided(guard.Allowed, time.Now().Add(time.Hour), traceOne)
	assert.Empty(t, timed("decision_duration_seconds"))
	p.Decided(guard.Allowed, time.Now().Add(-slowDecision), traceOne)
	assert.Equal(t, []string{traceOne.String()}, timed("decision_duration_seconds"))

	p.Answered(time.Now().Add(time.Hour), traceTwo)
	assert.Empty(t, timed("upstream_duration_seconds"))
	p.Answered(time.Now().Add(-slowAnswer), traceTwo)
	assert.Equal(t, []string{traceTwo.String()}, timed("upstream_duration_seconds"))
	assert.EqualValues(t, 2, count(t, m, "upstream_duration_seconds", "rest_v2"), "all are counted")
}
