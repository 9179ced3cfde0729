package metrics

import (
	"errors"
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/caddy-dcr/caddy-dcr/internal/state"
	"github.com/caddy-dcr/caddy-dcr/plugins"
)

type replicaDouble struct {
	age                 time.Duration
	never               bool
	applications, kills int
	seq                 uint64
}

func (r *replicaDouble) Age() (time.Duration, bool)       { return r.age, !r.never }
func (r *replicaDouble) Sizes() (applications, kills int) { return r.applications, r.kills }
func (r *replicaDouble) Position() plugins.Position       { return plugins.Position{Seq: r.seq} }
func gauges(t *testing.T, m *Metrics) (values [4]float64) {
	t.Helper()
	for i, name := range []string{"replica_age_seconds", "replica_applications", "replica_kills", "feed_position"} {
		values[i] = count(t, m, name)
	}
	return values
}

func TestTheGaugesShowTheReplicasAsTheyAreNow(t *testing.T) {
	m := New()
	assert.NotContains(t, gather(t, m), "replica_age_seconds", "without a replica every number is a lie")

	first := &replicaDouble{never: true}
	untrackFirst := m.TrackReplica(first)
	assert.Equal(t, [4]float64{math.Inf(1), 0, 0, 0}, gauges(t, m), "never loaded")

	*first = replicaDouble{age: 90 * time.Second, applications: 3, kills: 2, seq: 41}
	assert.Equal(t, [4]float64{90, 3, 2, 41}, gauges(t, m))

	untrackSecond := m.TrackReplica(&replicaDouble{age: time.Second, applications: 5, kills: 7, seq: 4})
	assert.Equal(t, [4]float64{90, 5, 7, 4}, gauges(t, m), "the oldest age, the newest state")

	untrackFirst()
	untrackFirst()
	assert.Equal(t, [4]float64{1, 5, 7, 4}, gauges(t, m))
	untrackSecond()
	assert.NotContains(t, gather(t, m), "replica_age_seconds")
}

func TestTheTokenCachesAreSummedUp(t *testing.T) {
	m := New()
	assert.Zero(t, count(t, m, "token_cache_entries"))
	size := 4
	untrack := m.TrackTokenCache(func() int { return size }, 10)
	m.TrackTokenCache(func() int { return 100 }, 200)
	assert.EqualValues(t, 210, count(t, m, "token_cache_capacity"))
	assert.EqualValues(t, 104, count(t, m, "token_cache_entries"))
	size = 5
	assert.EqualValues(t, 105, count(t, m, "token_cache_entries"))
	untrack()
	untrack()
	assert.EqualValues(t, 100, count(t, m, "token_cache_entries"))

	m.TokenFound()
	m.TokenFound()
	m.TokenNotFound()
	assert.EqualValues(t, 2, count(t, m, "token_cache_lookups_total", "hit"))
	assert.EqualValues(t, 1, count(t, m, "token_cache_lookups_total", "miss"))
}

func TestAReplicasDoingsAreCounted(t *testing.T) {
	m := New()
	observer := m.Observer()
	observer.EntryApplied(time.Second, 0)
	assert.Zero(t, count(t, m, "revocation_lag_seconds"), "an entry without a kill revokes nothing")
	observer.EntryApplied(3*time.Millisecond, 12)
	assert.EqualValues(t, 1, count(t, m, "revocation_lag_seconds"), "an act counts once")
	lag := gather(t, m)["revocation_lag_seconds"].GetMetric()[0].GetHistogram()
	assert.InDelta(t, 0.003, lag.GetSampleSum(), 1e-9)

	for i, reason := range state.SnapshotReasons {
		observer.SnapshotLoaded(reason, time.Second)
		assert.EqualValues(t, 1, count(t, m, "snapshot_loads_total", string(reason)))
		assert.EqualValues(t, i+1, count(t, m, "snapshot_load_duration_seconds"))
	}
	observer.FollowFailed(errors.New("x"))
	assert.EqualValues(t, 1, count(t, m, "follow_failures_total"))
}
