package metrics

import (
	"testing"
	"time"

	"github.com/google/uuid"
	dto "github.com/prometheus/client_model/go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/caddy-dcr/caddy-dcr/internal/guard"
	"github.com/caddy-dcr/caddy-dcr/internal/oauth"
	"github.com/caddy-dcr/caddy-dcr/internal/registration"
)

var traceOne, traceTwo = Trace{ID: uuid.UUID{1}}, Trace{ID: uuid.UUID{2}}

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
	assert.Equal(t, traceOne.ID.String(), refused())
	for range oneInTraced - 1 {
		p.Decided(guard.TokenExpired, time.Time{}, traceTwo)
	}
	assert.Equal(t, traceOne.ID.String(), refused())
	p.Decided(guard.TokenExpired, time.Time{}, traceTwo)
	assert.Equal(t, traceTwo.ID.String(), refused())
	assert.EqualValues(t, oneInTraced+1, count(t, m, "decisions_total", "refused", "rest_v2", "token_expired"), "each is counted once")
}

func TestWhatTookLongLeavesItsTraceAndOfTheRestOneInASecond(t *testing.T) {
	second := time.Now().Truncate(time.Second).Add(time.Hour) // they took no time, so to say
	for _, tc := range []struct {
		name    string
		slow    time.Duration
		observe func(m *Metrics, begun time.Time, trace Trace)
	}{
		{"registration_duration_seconds", slowCall, func(m *Metrics, begun time.Time, trace Trace) {
			m.Registered(registration.Registered, begun, trace)
		}},
		{"token_duration_seconds", slowCall, func(m *Metrics, begun time.Time, trace Trace) {
			m.TokenRequested(oauth.TokenIssued, begun, trace)
		}},
		{"decision_duration_seconds", slowDecision, func(m *Metrics, begun time.Time, trace Trace) {
			m.ForProfile("rest_v2").Decided(guard.Allowed, begun, trace)
		}},
		{"upstream_duration_seconds", slowAnswer, func(m *Metrics, begun time.Time, trace Trace) {
			m.ForProfile("rest_v2").Answered(begun, trace)
		}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			m := New()
			m.ForProfile("rest_v2")
			timed := func() []string { return tracesIn(gather(t, m)[tc.name].GetMetric()[0].GetHistogram()) }
			tc.observe(m, second, traceOne)
			tc.observe(m, second.Add(time.Millisecond), traceTwo)
			assert.Equal(t, []string{traceOne.ID.String()}, timed(), "the first of the second")
			tc.observe(m, second.Add(time.Second), traceTwo)
			assert.Equal(t, []string{traceTwo.ID.String()}, timed(), "the first of the next")
			slow := time.Now().Add(-tc.slow)
			tc.observe(m, slow, traceOne)
			tc.observe(m, slow, traceOne)
			assert.Contains(t, timed(), traceOne.ID.String(), "each slow one")
			family := gather(t, m)[tc.name].GetMetric()[0].GetHistogram()
			assert.EqualValues(t, 5, family.GetSampleCount(), "all are counted")
			assert.NotNil(t, family.Schema, "there are native buckets too")
		})
	}
}

func TestWhatCameOfARequestLeavesItsTraceUnlessItIsTheUsual(t *testing.T) {
	m := New()
	of := func(name, outcome string) string {
		return traceOf(find(gather(t, m)[name], outcome).GetCounter().GetExemplar())
	}
	m.Registered(registration.Registered, time.Now(), traceOne)
	m.Registered(registration.StatementInvalid, time.Now(), traceTwo)
	m.TokenRequested(oauth.TokenIssued, time.Now(), traceOne)
	m.TokenRequested(oauth.SecretWrong, time.Now(), traceTwo)
	assert.Empty(t, of("registrations_total", "registered"))
	assert.Equal(t, traceTwo.ID.String(), of("registrations_total", "statement_invalid"))
	assert.Empty(t, of("tokens_total", "issued"))
	assert.Equal(t, traceTwo.ID.String(), of("tokens_total", "secret_wrong"))
}

func TestATraceOfOpenTelemetryComesFirstAndOursBesideIt(t *testing.T) {
	m := New()
	both := Trace{ID: uuid.UUID{1}, Span: [16]byte{0xab, 15: 0xcd}}
	m.TokenRequested(oauth.SecretWrong, time.Now(), both)
	labels := map[string]string{}
	for _, label := range find(gather(t, m)["tokens_total"], "secret_wrong").GetCounter().GetExemplar().GetLabel() {
		labels[label.GetName()] = label.GetValue()
	}
	assert.Equal(t, map[string]string{"trace_id": "ab0000000000000000000000000000cd", "dcr_trace": both.ID.String()}, labels)
}
