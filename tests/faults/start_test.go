package faults

import (
	"net/http"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/caddy-dcr/caddy-dcr/plugins/storetest/redistest"
	"github.com/caddy-dcr/caddy-dcr/tests/faults/fleet"
	"github.com/caddy-dcr/caddy-dcr/tests/harness"
)

func TestAGatewayStartsWithoutItsStoreAndHealsWhenItComes(t *testing.T) {
	t.Parallel()
	redis := redistest.Start(t, redistest.Options{Persist: true})
	store := "redis " + redis.URL()
	first := fleet.Start(t, fleet.Config{Stores: []string{store}, Staleness: staleness})[0]
	_, client, token := first.Enroll(fleet.App())
	first.Stop()
	redis.Kill()

	began := time.Now()
	g := fleet.Start(t, fleet.Config{Stores: []string{store}, Staleness: staleness})[0]
	t.Logf("started without its store in %s", time.Since(began).Round(time.Millisecond))
	for name, ask := range map[string]func() harness.Answer{
		"a token request": func() harness.Answer { return g.PostToken(client.Form()) },
		"a registration":  func() harness.Answer { return g.PostRegister(`{"software_statement":"a.b.c"}`) },
		"a good token":    func() harness.Answer { return g.Do(http.MethodGet, fleet.Call, "", token.Bearer()) },
	} {
		sent := time.Now()
		answer := ask()
		assert.Equal(t, http.StatusServiceUnavailable, answer.Status, "%s: %s", name, answer.Body)
		seconds, err := strconv.Atoi(answer.Header.Get("Retry-After"))
		assert.True(t, err == nil && seconds >= 1, "%s: Retry-After %q", name, answer.Header.Get("Retry-After"))
		assert.Less(t, time.Since(sent), recovery, name)
	}

	redis.Restart()
	came := time.Now()
	harness.Eventually(t, "for the gateway to heal", func() bool {
		return g.PostToken(client.Form()).Status == http.StatusCreated
	})
	t.Logf("healed in %s", time.Since(came).Round(time.Millisecond))
	assert.Less(t, time.Since(came), recovery)
	require.Equal(t, http.StatusOK, g.Do(http.MethodGet, fleet.Call, "", token.Bearer()).Status)
}
