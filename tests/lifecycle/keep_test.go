package lifecycle

import (
	"encoding/base64"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/caddy-dcr/caddy-dcr/plugins/storetest/redistest"
	"github.com/caddy-dcr/caddy-dcr/tests/faults/fleet"
	"github.com/caddy-dcr/caddy-dcr/tests/harness"
)

// misses counts the tokens that the gateway had to look at more closely.
func (w *world) misses(t *testing.T) float64 {
	t.Helper()
	counters, err := w.counters()
	require.NoError(t, err)
	value, there := counters[`caddy_dcr_token_cache_lookups_total{result="miss"}`]
	require.True(t, there, "%v", counters)
	return value
}

func TestAReloadKeepsTheKnownTokens(t *testing.T) {
	t.Parallel()
	w := newWorld(t, settings{store: stores[0].start(t)})
	call := func() {
		assert.Equal(t, http.StatusOK, w.Do(http.MethodGet, fleet.Call, "", w.devices.known.Bearer()).Status)
	}
	call()
	before, first := w.misses(t), w.running
	for _, c := range changes {
		if strings.Contains(c.name, "cache") || strings.Contains(c.name, "name of") || strings.Contains(c.name, "key for") {
			continue // what these change is what the table depends on
		}
		next := first
		c.change(&next, 0)
		w.mustReload(t, next)
		call()
		assert.InDelta(t, before, w.misses(t), 0, "tokens that are not known any more after a change of %s", c.name)
	}
}

func TestAReloadToAnotherAlgorithmKeepsTheTokensOfTheOneBefore(t *testing.T) {
	t.Parallel()
	w := newWorld(t, settings{store: stores[0].start(t)})
	for _, algorithm := range []string{"RS256", "EdDSA", "HS256"} {
		w.mustReload(t, settings{store: w.running.store, options: "tokens {\nalgorithm " + algorithm + "\n}"})
		fresh := w.Token(w.devices.client)
		head, err := base64.RawURLEncoding.DecodeString(strings.Split(fresh.AccessToken, ".")[0])
		require.NoError(t, err)
		assert.Contains(t, string(head), `"alg":"`+algorithm+`"`)
		for _, token := range []harness.Token{w.devices.known, fresh} {
			assert.Equal(t, http.StatusOK, w.Do(http.MethodGet, fleet.Call, "", token.Bearer()).Status, algorithm)
		}
	}
}

// What outlives a reload must not go on writing to a log that is closed.
func TestTheStateIsLoggedWhereTheRunningConfigurationLogs(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t, redistest.Options{})
	to := func(name string) string { return "log {\noutput file {DIR}/" + name + "\n}" }
	w := newWorld(t, settings{store: "redis " + server.URL(), global: to("first.log")})
	w.mustReload(t, settings{store: w.running.store, global: to("second.log")})
	server.Kill()
	harness.Eventually(t, "for the log to say that the store is away", func() bool {
		text, err := os.ReadFile(filepath.Join(w.Dir, "second.log"))
		return err == nil && strings.Contains(string(text), "cannot be kept up to date")
	})
}
