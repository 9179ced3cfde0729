package gateway

import (
	"net/http"
	"regexp"
	"strconv"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var sample = regexp.MustCompile(`(?m)^(caddy_dcr_[a-z0-9_]+)(?:\{[^}]*\})? ([0-9.e+-]+)$`)

// counters adds up the samples of each metric of ours.
func counters(t *testing.T, w *world) map[string]float64 {
	t.Helper()
	answer := w.Do(http.MethodGet, "/metrics", "")
	require.Equal(t, http.StatusOK, answer.Status)
	sums := map[string]float64{}
	for _, match := range sample.FindAllStringSubmatch(answer.Body, -1) {
		value, err := strconv.ParseFloat(match[2], 64)
		require.NoError(t, err)
		sums[match[1]] += value
	}
	return sums
}

func TestTheMetricsMoveWithTheTraffic(t *testing.T) {
	overStores(t, settings{site: "\tmetrics /metrics\n"}, func(t *testing.T, w *world) {
		before := counters(t, w)
		_, client, token := w.Enroll(v2App())
		w.Do(http.MethodGet, v2Call, "", token.Bearer())
		w.Do(http.MethodGet, v2Call, "")
		after := counters(t, w)
		moved := 0
		for name, value := range after {
			if value > before[name] {
				moved++
			}
		}
		assert.GreaterOrEqual(t, moved, 3, "registrations, tokens and decisions are counted: %v", after)

		body := w.Do(http.MethodGet, "/metrics", "").Body
		for _, secret := range []string{client.ClientID, client.ClientSecret, token.AccessToken, channel} {
			assert.NotContains(t, body, secret, "no label takes what a client can choose")
		}
	})
}
