package caddymodule

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/caddy-dcr/caddy-dcr/internal/console"
	"github.com/caddy-dcr/caddy-dcr/internal/explain"
	"github.com/caddy-dcr/caddy-dcr/internal/metrics"
)

func TestTheConsoleShowsTheLastHourByMinute(t *testing.T) {
	expired := metrics.Refusal{By: explain.Guard, Reason: "token_expired"}
	unknown := metrics.Refusal{By: explain.Tokens, Reason: "client_unknown"}
	now := metrics.Totals{Registered: 100, Refused: map[metrics.Refusal]uint64{expired: 1000}, Lag: []metrics.LagBucket{{Seconds: 0.001, Count: 5}, {Seconds: 0.01}, {}}}
	h := history{totals: func() metrics.Totals { return now }}
	began := time.Now().Add(-2 * time.Hour)
	h.mark(began)
	h.mark(began.Add(time.Second)) // another configuration's, a moment later
	now = metrics.Totals{Registered: 103, Issued: 9, Refused: map[metrics.Refusal]uint64{expired: 1002}, Lag: now.Lag}
	h.mark(began.Add(time.Minute))
	now = metrics.Totals{
		Registered: 104, Issued: 9, Refused: map[metrics.Refusal]uint64{expired: 1002, unknown: 5},
		Lag: []metrics.LagBucket{{Seconds: 0.001, Count: 7}, {Seconds: 0.01, Count: 1}, {}},
	}

	f := h.figures()
	assert.Equal(t, began, f.Since)
	assert.Len(t, f.Registered, figureSteps)
	assert.Equal(t, []uint64{0, 3, 1}, f.Registered[figureSteps-3:])
	assert.Equal(t, []uint64{0, 9, 0}, f.Issued[figureSteps-3:])
	assert.Equal(t, []uint64{0, 2, 5}, f.Refused[figureSteps-3:])
	assert.Equal(t, []console.Reason{{By: "token", Name: "client_unknown", Count: 5}, {By: "guard", Name: "token_expired", Count: 2}}, f.Reasons)
	assert.EqualValues(t, 3, f.Lag.Count)
	assert.Equal(t, time.Millisecond, f.Lag.Median)
	assert.Equal(t, 10*time.Millisecond, f.Lag.Slowest)
	assert.False(t, f.Lag.Beyond)

	for i := range 3 * figureSteps {
		h.mark(began.Add(time.Duration(i+2) * time.Minute))
	}
	f = h.figures()
	assert.Len(t, h.marks, figureSteps)
	assert.Empty(t, f.Reasons, "what is longer ago than an hour is forgotten")
	assert.Equal(t, make([]uint64, figureSteps), f.Refused)
}

func TestALagBeyondTheLargestBucketIsSaidToBe(t *testing.T) {
	var lag console.Lag
	lagBetween([]metrics.LagBucket{{Seconds: 0.001}, {Seconds: 10}, {}}, []metrics.LagBucket{{Seconds: 0.001}, {Seconds: 10}, {Count: 1}}, &lag)
	assert.Equal(t, console.Lag{Count: 1, Median: 10 * time.Second, Slowest: 10 * time.Second, Beyond: true}, lag)
}
