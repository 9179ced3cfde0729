package metrics

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/caddy-dcr/caddy-dcr/internal/throttle"
)

func TestRefusalsOfTheThrottleAreCountedByWhoseBucketWasEmpty(t *testing.T) {
	m := New()
	before := m.ForThrottled("esm")
	before.Refused(throttle.ByClient)
	m.ForThrottled("esm").Refused(throttle.ByClient) // a reload asks again
	m.ForThrottled("issuer").Refused(throttle.ByAddress)
	assert.EqualValues(t, 2, count(t, m, "throttled_total", "client", "esm"))
	assert.Zero(t, count(t, m, "throttled_total", "address", "esm"))
	assert.EqualValues(t, 1, count(t, m, "throttled_total", "address", "issuer"))
	m.CountedWithoutStore()
	assert.EqualValues(t, 1, count(t, m, "throttle_fallbacks_total"))
}

func TestWhatAThrottleHasEvictedStaysCountedWhenItIsGone(t *testing.T) {
	m := New()
	now := time.Unix(1000, 0)
	table := throttle.NewTable(throttle.Limit{Rate: 1, Burst: 1}, 1, func() time.Time { return now })
	untrack := m.TrackThrottle(table)
	for n := range 100 {
		table.Take(throttle.Key(n))
	}
	assert.EqualValues(t, table.Cap(), count(t, m, "throttle_devices"))
	evicted := count(t, m, "throttle_evictions_total")
	assert.EqualValues(t, 100-table.Cap(), evicted)
	untrack()
	assert.Zero(t, count(t, m, "throttle_devices"))
	assert.Equal(t, evicted, count(t, m, "throttle_evictions_total"))
}
