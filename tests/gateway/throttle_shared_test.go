package gateway

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/caddy-dcr/caddy-dcr/plugins/storetest/redistest"
	"github.com/caddy-dcr/caddy-dcr/tests/harness"
)

func TestGatewaysThatShareAStoreShareTheBuckets(t *testing.T) {
	redis := redistest.Start(t, redistest.Options{})
	options := settings{options: fmt.Sprintf(three, "shared"), site: "\tmetrics /metrics\n"}
	gateways := []*world{newWorld(t, "redis "+redis.URL(), options), newWorld(t, "redis "+redis.URL(), options)}

	granted := 0
	for n := range 20 {
		if gateways[n%2].Do(http.MethodGet, navigation, "").Status == http.StatusOK {
			granted++
		}
	}
	assert.Equal(t, 3, granted, "together")
	for _, w := range gateways {
		assert.Zero(t, counters(t, w)["caddy_dcr_throttle_fallbacks_total"])
	}

	redis.Kill()
	for _, w := range gateways {
		granted, _ := w.drain(t)
		assert.Equal(t, 3, granted, "each for itself, but no more than that")
		assert.GreaterOrEqual(t, counters(t, w)["caddy_dcr_throttle_fallbacks_total"], 4.0)
		assert.Equal(t, 1, strings.Count(w.Log(), "each gateway throttles by itself"), "said once")
	}

	redis.Restart()
	for _, w := range gateways {
		harness.Eventually(t, "for the gateway to count in the store again", func() bool {
			w.Do(http.MethodGet, navigation, "")
			return strings.Contains(w.Log(), "the gateways throttle together")
		})
	}
	gateways[0].drain(t)
	assert.Equal(t, http.StatusTooManyRequests, gateways[1].Do(http.MethodGet, navigation, "").Status, "together again")
}

// A store that does not answer must not keep a request waiting for longer than
// the throttle's patience, which is far below every time-out of the store.
func TestAStoreThatHangsDoesNotThrottle(t *testing.T) {
	redis := redistest.Start(t, redistest.Options{})
	w := newWorld(t, "redis "+redis.URL(), settings{options: fmt.Sprintf(three, "shared")})
	require.Equal(t, http.StatusOK, w.Do(http.MethodGet, navigation, "").Status)
	redis.Pause()
	defer redis.Resume()
	granted, _ := w.drain(t)
	assert.Equal(t, 3, granted)
}
