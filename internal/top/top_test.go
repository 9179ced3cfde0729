package top_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/caddy-dcr/caddy-dcr/internal/top"
)

var noon = time.Date(2025, 11, 24, 12, 0, 0, 0, time.UTC)

// at reads metrics of so many seconds after noon.
func at(t *testing.T, seconds int, text string) top.Reading {
	t.Helper()
	r, err := top.Read(strings.NewReader(text+"# TYPE caddy_dcr_configurations_total counter\ncaddy_dcr_configurations_total 1\n"), noon.Add(time.Duration(seconds)*time.Second))
	require.NoError(t, err)
	require.True(t, r.OfGateway())
	return r
}

func metrics(allowed, expired, unavailable, registered, invalid int, buckets [3]int) string {
	return fmt.Sprintf(`# TYPE caddy_dcr_decisions_total counter
caddy_dcr_decisions_total{outcome="allowed",profile="rest_v2",reason="allowed"} %d
caddy_dcr_decisions_total{outcome="refused",profile="rest_v2",reason="token_expired"} %d
caddy_dcr_decisions_total{outcome="unavailable",profile="rest_v2",reason="state_unavailable"} %d
# TYPE caddy_dcr_registrations_total counter
caddy_dcr_registrations_total{outcome="registered"} %d
caddy_dcr_registrations_total{outcome="statement_invalid"} %d
# TYPE caddy_dcr_decision_duration_seconds histogram
caddy_dcr_decision_duration_seconds_bucket{profile="rest_v2",le="0.001"} %d
caddy_dcr_decision_duration_seconds_bucket{profile="rest_v2",le="0.002"} %d
caddy_dcr_decision_duration_seconds_bucket{profile="rest_v2",le="+Inf"} %d
caddy_dcr_decision_duration_seconds_sum{profile="rest_v2"} 1
caddy_dcr_decision_duration_seconds_count{profile="rest_v2"} %[8]d
# TYPE caddy_dcr_replica_age_seconds gauge
caddy_dcr_replica_age_seconds %[1]d
# TYPE caddy_dcr_store_breaker_open gauge
caddy_dcr_store_breaker_open{calls="read"} 0
caddy_dcr_store_breaker_open{calls="write"} %[5]d
`, allowed, expired, unavailable, registered, invalid, buckets[0], buckets[1], buckets[2])
}

func TestThePictureIsOfTheTimeBetween(t *testing.T) {
	before := at(t, 0, metrics(1000, 10, 0, 5, 0, [3]int{100, 100, 100}))
	after := at(t, 10, metrics(1200, 30, 10, 15, 1, [3]int{150, 250, 300}))
	p := top.Between([]top.Reading{before}, []top.Reading{after})
	assert.Equal(t, 10.0, p.Seconds)
	assert.Equal(t, 1, p.Gateways)
	require.Len(t, p.Profiles, 1)
	rest := p.Profiles[0]
	assert.Equal(t, "rest_v2", rest.Name)
	assert.InDelta(t, 23.0, rest.Requests, 1e-9)
	assert.InDelta(t, 2.0, rest.Refused, 1e-9)
	assert.InDelta(t, 1.0, rest.Unavailable, 1e-9)
	assert.InDelta(t, 0.0015, *rest.Decision.P50, 1e-9, "50 below 1 ms, 100 to 2 ms, 50 above")
	assert.InDelta(t, 0.002, *rest.Decision.P99, 1e-9, "what is beyond the last bound is that bound")
	assert.Nil(t, rest.Backend.P50, "nothing was measured")
	assert.Equal(t, []top.Refusal{
		{Where: "rest_v2", Reason: "token_expired", Rate: 2}, {Where: "rest_v2", Reason: "state_unavailable", Rate: 1},
		{Where: "registration", Reason: "statement_invalid", Rate: 0.1},
	}, p.Refusals)
	assert.InDelta(t, 1.1, p.Registrations.Requests, 1e-9)
	assert.InDelta(t, 0.1, p.Registrations.Refused, 1e-9)
	assert.True(t, p.BreakerOpen)
	assert.Equal(t, 1200.0, *p.ReplicaAge)
}

func TestAFleetIsAddedUp(t *testing.T) {
	before := []top.Reading{at(t, 0, metrics(0, 0, 0, 0, 0, [3]int{})), at(t, 0, metrics(500, 0, 0, 0, 0, [3]int{})), {}}
	after := []top.Reading{at(t, 10, metrics(100, 0, 0, 0, 0, [3]int{10, 10, 10})), at(t, 10, metrics(50, 20, 0, 0, 0, [3]int{10, 10, 10})), at(t, 10, "")}
	p := top.Between(before, after)
	assert.Equal(t, 2, p.Gateways)
	assert.Equal(t, 1, p.Away, "the third did not answer the first time")
	assert.InDelta(t, 17.0, p.Profiles[0].Requests, 1e-9, "the second was started anew, and counts from zero")
	assert.InDelta(t, 0.0005, *p.Profiles[0].Decision.P50, 1e-9)
	assert.Equal(t, 100.0, *p.ReplicaAge, "the oldest")
}

// Scripts read it.
func TestThePictureAsJSON(t *testing.T) {
	p50, p99, age := 0.001, 0.002, 0.5
	times := top.Times{P50: &p50, P99: &p99}
	text, err := json.Marshal(top.Picture{
		At: noon, Seconds: 2, Gateways: 1, Away: 1, Profiles: []top.Profile{{Name: "esm", Requests: 3, Refused: 2, Unavailable: 1, Decision: times}},
		Refusals:      []top.Refusal{{Where: "esm", Reason: "token_absent", Rate: 2}},
		Registrations: top.Issuing{Requests: 1, Took: times}, Kills: 1, KillLag: times, ReplicaAge: &age, StoreErrors: 1, BreakerOpen: true,
	})
	require.NoError(t, err)
	both := `{"p50_seconds":0.001,"p99_seconds":0.002}`
	assert.JSONEq(t, `{"at":"2025-11-24T12:00:00Z","seconds":2,"gateways":1,"away":1,"profiles":[{"profile":"esm","requests_per_second":3,
		"refused_per_second":2,"unavailable_per_second":1,"decision":`+both+`,"backend":{}}],
		"refusals":[{"where":"esm","reason":"token_absent","per_second":2}],
		"registrations":{"requests_per_second":1,"refused_per_second":0,"unavailable_per_second":0,"took":`+both+`},
		"tokens":{"requests_per_second":0,"refused_per_second":0,"unavailable_per_second":0,"took":{}},
		"kills":1,"kill_lag":`+both+`,"replica_age_seconds":0.5,"store_errors_per_second":1,"breaker_open":true}`, string(text))
}

func TestWhatIsNoGateway(t *testing.T) {
	r, err := top.Read(strings.NewReader("# TYPE go_goroutines gauge\ngo_goroutines 5\n"), noon)
	require.NoError(t, err)
	assert.False(t, r.OfGateway())
	_, err = top.Read(strings.NewReader("<html>\n"), noon)
	assert.Error(t, err)
	assert.Zero(t, top.Between(nil, nil).Gateways)
}
