package throttle_test

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/caddy-dcr/caddy-dcr/internal/throttle"
)

func TestLimitsThatCouldNotBeKeptAreRefused(t *testing.T) {
	for name, test := range map[string]struct {
		limit throttle.Limit
		want  string
	}{
		"no rate":               {throttle.Limit{Rate: 0, Burst: 1}, "rate: got 0 a second"},
		"a rate below zero":     {throttle.Limit{Rate: -1, Burst: 1}, "rate: got -1 a second"},
		"a rate of one a week":  {throttle.Limit{Rate: 1.0 / 604800, Burst: 1}, "rate: got"},
		"a rate without end":    {throttle.Limit{Rate: math.Inf(1), Burst: 1}, "rate: got +Inf"},
		"a rate that is none":   {throttle.Limit{Rate: math.NaN(), Burst: 1}, "rate: got NaN"},
		"room for nothing":      {throttle.Limit{Rate: 1}, "burst: got room for 0"},
		"room for too many":     {throttle.Limit{Rate: 1, Burst: 1 << 40}, "burst: got room for"},
		"a burst far below one": {throttle.Ahead(1, -2), "burst: got room for -1"},
	} {
		t.Run(name, func(t *testing.T) {
			assert.ErrorContains(t, test.limit.Validate(), test.want)
		})
	}
	assert.NoError(t, throttle.Ahead(1, 10).Validate())
	assert.NoError(t, throttle.Ahead(1.0/3600, 0).Validate())
}

func TestExtremeLimitsAreKept(t *testing.T) {
	for _, limit := range []throttle.Limit{{Rate: 1.0 / 86400, Burst: 100_000}, {Rate: 1e6, Burst: 100_000}} {
		assert.NoError(t, limit.Validate())
		c := newClock()
		table := throttle.NewTable(limit, 10, c.now)
		granted := 0
		for table.Take(caller(1)).OK {
			granted++
		}
		assert.Equal(t, limit.Burst, granted, "%+v", limit)
		c.wait(time.Duration(float64(time.Second)/limit.Rate) + time.Nanosecond)
		assert.True(t, table.Take(caller(1)).OK)
		assert.False(t, table.Take(caller(1)).OK)
	}
}
