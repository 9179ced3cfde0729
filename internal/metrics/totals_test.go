package metrics_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/caddy-dcr/caddy-dcr/internal/explain"
	"github.com/caddy-dcr/caddy-dcr/internal/guard"
	"github.com/caddy-dcr/caddy-dcr/internal/metrics"
	"github.com/caddy-dcr/caddy-dcr/internal/oauth"
	"github.com/caddy-dcr/caddy-dcr/internal/registration"
)

func TestTotalsAreWhatWasCounted(t *testing.T) {
	m := metrics.New()
	assert.Empty(t, m.Totals().Refused, "nothing was refused yet")
	m.Registered(registration.Registered, time.Now(), metrics.Trace{})
	m.Registered(registration.StatementInvalid, time.Now(), metrics.Trace{})
	m.TokenRequested(oauth.TokenIssued, time.Now(), metrics.Trace{})
	m.TokenRequested(oauth.TokenIssued, time.Now(), metrics.Trace{})
	m.TokenRequested(oauth.ClientRevoked, time.Now(), metrics.Trace{})
	for _, profile := range []string{"esm", "rest_v2"} {
		p := m.ForProfile(profile)
		p.Decided(guard.Allowed, time.Time{}, metrics.Trace{})
		p.Decided(guard.OpenRoute, time.Time{}, metrics.Trace{})
		p.Decided(guard.TokenExpired, time.Time{}, metrics.Trace{})
	}
	m.Observer().EntryApplied(2*time.Millisecond, 1)
	m.Observer().EntryApplied(time.Minute, 3)

	total := m.Totals()
	assert.EqualValues(t, 1, total.Registered)
	assert.EqualValues(t, 2, total.Issued)
	assert.EqualValues(t, 4, total.Passed)
	assert.Equal(t, map[metrics.Refusal]uint64{
		{By: explain.Registration, Reason: "statement_invalid"}: 1,
		{By: explain.Tokens, Reason: "client_revoked"}:          1,
		{By: explain.Guard, Reason: "token_expired"}:            2,
	}, total.Refused)
	var counted []metrics.LagBucket
	for _, b := range total.Lag {
		if b.Count > 0 {
			counted = append(counted, b)
		}
	}
	assert.Equal(t, []metrics.LagBucket{{Seconds: 2.5e-3, Count: 1}, {Seconds: 0, Count: 1}}, counted)
}
