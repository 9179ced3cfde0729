package metrics

import (
	"math"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/assert"

	"github.com/caddy-dcr/caddy-dcr/internal/census"
	"github.com/caddy-dcr/caddy-dcr/internal/quota"
	"github.com/caddy-dcr/caddy-dcr/internal/reaper"
	"github.com/caddy-dcr/caddy-dcr/internal/state"
)

func TestTheGaugesShowTheLastCensus(t *testing.T) {
	m := New()
	assert.NotContains(t, gather(t, m), "census_age_seconds", "nobody counts")
	var last *state.Census
	now := time.UnixMilli(1764000000000)
	untrack := m.TrackCensus(func() *state.Census { return last }, func() time.Time { return now }, demoListed)
	assert.Equal(t, math.Inf(1), count(t, m, "census_age_seconds"))
	assert.NotContains(t, gather(t, m), "live_clients", "a number that nobody knows is not zero")

	last = &state.Census{
		BeganAt: now.UnixMilli() - 90_000, FinishedAt: now.UnixMilli() - 30_000,
		Live: map[string]uint64{"iOS": 5, "Other": 2, "VIDAA": 4}, Stopped: 3, Unused: 7, Removed: 4,
		Applications: map[uuid.UUID]state.ApplicationCount{demo: {Live: 6, Stopped: 3}, uuid.New(): {Live: 1}},
		Statements:   map[uuid.UUID]uint64{uuid.New(): 4, uuid.New(): 3},
		Networks:     map[state.Network]uint64{1: 2, 2: 5}, NetworksShort: 9,
	}
	for name, want := range map[string]float64{
		"address_clients_undercount": 9, "census_age_seconds": 30, "census_duration_seconds": 60, "stopped_clients": 3, "unused_clients": 3,
	} {
		assert.Equal(t, want, count(t, m, name), name)
	}
	for platform, want := range map[string]float64{"iOS": 5, "Other": 6, "Roku": 0} {
		assert.Equal(t, want, count(t, m, "live_clients", platform), platform)
	}
	assert.EqualValues(t, 6, count(t, m, "most_live_clients", string(ByApplication)))
	assert.EqualValues(t, 4, count(t, m, "most_live_clients", string(ByStatement)))
	assert.EqualValues(t, 5, count(t, m, "most_live_clients", string(ByAddress)))

	assert.EqualValues(t, 6, count(t, m, "application_live_clients", "demo"))
	assert.EqualValues(t, 1, count(t, m, "application_live_clients", Unlisted))

	last = &state.Census{}
	assert.Zero(t, count(t, m, "most_live_clients", string(ByStatement)))
	untrack()
	assert.NotContains(t, gather(t, m), "census_age_seconds")
}

func TestCensusesAndReapingAreCountedByTheirOutcome(t *testing.T) {
	m := New()
	for _, outcome := range census.Outcomes {
		m.CensusEnded(outcome, time.Second)
		assert.EqualValues(t, 1, count(t, m, "censuses_total", string(outcome)))
	}
	for _, outcome := range reaper.Outcomes {
		m.ClientReaped(outcome)
		assert.EqualValues(t, 1, count(t, m, "reaped_clients_total", string(outcome)))
	}
}

func TestQuotasAreCountedByKindAndResult(t *testing.T) {
	m := New()
	for _, kind := range quota.Kinds {
		for _, result := range quota.Results {
			m.QuotaChecked(kind, result)
			assert.EqualValues(t, 1, count(t, m, "quota_checks_total", string(kind), string(result)))
		}
	}
	m.RegistrationReused()
	assert.EqualValues(t, 1, count(t, m, "reused_registrations_total"))
}
