package throttle_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/caddy-dcr/caddy-dcr/internal/throttle"
)

func TestCallersAreToldHowTheyStand(t *testing.T) {
	c := newClock()
	table := throttle.NewTable(published(), 10, c.now)
	fields := throttle.NewFields(throttle.ByAddress, published())
	told := func(r throttle.Result) string {
		h := http.Header{}
		fields.Tell(h, r)
		assert.Equal(t, `"address";q=11;w=11`, h.Get("RateLimit-Policy"))
		assert.Equal(t, []string{h.Get("RateLimit")}, h.Values("RateLimit"))
		return h.Get("RateLimit")
	}
	assert.Equal(t, `"address";r=10;t=1`, told(table.Take(caller(1))))
	for range 9 {
		table.Take(caller(1))
	}
	assert.Equal(t, `"address";r=0;t=1`, told(table.Take(caller(1))), "the next comes in a second")
	c.wait(100 * time.Millisecond)
	refused := table.Take(caller(1))
	assert.Equal(t, `"address";r=0;t=1`, told(refused))
	assert.EqualValues(t, 1, throttle.Seconds(refused.RetryAfter))
	c.wait(3 * time.Second)
	assert.Equal(t, `"address";r=2;t=9`, told(table.Take(caller(1))), "the rest, once all is there again")
}

func TestPolicyIsWhatABucketGrantsInTheTimeThatItTakesToFill(t *testing.T) {
	for want, limit := range map[string]throttle.Limit{
		`"client";q=11;w=11`:  throttle.Ahead(1, 10),
		`"client";q=11;w=22`:  throttle.Ahead(0.5, 10),
		`"client";q=1;w=1`:    throttle.Ahead(1, 0),
		`"client";q=100;w=1`:  throttle.Ahead(100, 10),
		`"client";q=12;w=5`:   throttle.Ahead(2.4, 10),
		`"client";q=2;w=3600`: throttle.Ahead(2.0/3600, 1),
	} {
		h := http.Header{}
		throttle.NewFields(throttle.ByClient, limit).Tell(h, throttle.Result{OK: true})
		assert.Equal(t, want, h.Get("RateLimit-Policy"), "%+v", limit)
	}
}

func TestFieldsOfTwoAnswersAreApart(t *testing.T) {
	fields := throttle.NewFields(throttle.ByAddress, published())
	one, other := http.Header{}, http.Header{}
	fields.Tell(one, throttle.Result{OK: true, Remaining: 1})
	fields.Tell(other, throttle.Result{OK: true, Remaining: 2})
	one.Add("RateLimit-Policy", `"theirs";q=1`)
	one["Ratelimit-Policy"][0] = "changed by a handler"
	assert.Contains(t, one.Get("RateLimit"), "r=1", "an answer of the backend adds to the one and not to the other")
	assert.Equal(t, []string{`"address";q=11;w=11`}, other.Values("RateLimit-Policy"))
	assert.LessOrEqual(t, testing.AllocsPerRun(1000, func() { fields.Tell(one, throttle.Result{Remaining: 5}) }), 2.0)
}

func TestSecondsAreNeverTooFew(t *testing.T) {
	for wait, want := range map[time.Duration]int64{0: 0, 1: 1, time.Second: 1, time.Second + 1: 2} {
		assert.Equal(t, want, throttle.Seconds(wait), wait)
	}
}
