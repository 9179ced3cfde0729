package faults

import (
	"encoding/json"
	"net/http"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/caddy-dcr/caddy-dcr/plugins/storetest/redistest"
	"github.com/caddy-dcr/caddy-dcr/tests/faults/fleet"
	"github.com/caddy-dcr/caddy-dcr/tests/harness"
)

// condition is what a gateway says of its readiness.
type condition struct {
	code         int
	Why          string   `json:"why"`
	StoreAnswers *bool    `json:"store_answers"`
	Age          *float64 `json:"replica_age_seconds"`
}

// ready asks the gateway, which must be live whatever it says.
func ready(t *testing.T, g *harness.Gateway) condition {
	t.Helper()
	ask := func(what string) (c condition) {
		response, err := http.Get("http://" + g.Admin + "/dcr/health/" + what)
		require.NoError(t, err)
		defer response.Body.Close()
		c.code = response.StatusCode
		require.NoError(t, json.NewDecoder(response.Body).Decode(&c))
		return c
	}
	require.Equal(t, http.StatusOK, ask("live").code, "a restart would not help")
	return ask("ready")
}

// becomes waits until the gateway says so, and answers what it says then.
func becomes(t *testing.T, g *harness.Gateway, what string, code int) condition {
	t.Helper()
	var c condition
	harness.Eventually(t, "for a gateway to be "+what, func() bool {
		c = ready(t, g)
		return c.code == code
	})
	return c
}

func TestAGatewayIsLiveInEveryStateAndReadyInSome(t *testing.T) {
	t.Parallel()
	redis := redistest.Start(t, redistest.Options{Persist: true})
	redis.Kill()
	g := fleet.Start(t, fleet.Config{Stores: []string{"redis " + redis.URL()}, Staleness: staleness})[0]
	c := ready(t, g)
	assert.Equal(t, http.StatusServiceUnavailable, c.code, "it has never heard of the store")
	assert.Contains(t, c.Why, "not loaded")
	assert.False(t, *c.StoreAnswers)
	assert.Nil(t, c.Age)

	redis.Restart()
	c = becomes(t, g, "ready", http.StatusOK)
	require.NotNil(t, c.Age)
	assert.True(t, *c.StoreAnswers)
	_, client, token := g.Enroll(fleet.App())

	redis.Pause()
	hung := time.Now()
	passes := g.Do(http.MethodGet, fleet.Call, "", token.Bearer()).Status
	if c = ready(t, g); time.Since(hung) < staleness-settled {
		assert.Equal(t, []int{http.StatusOK, http.StatusOK}, []int{passes, c.code}, "known tokens pass: %s", c.Why)
	}
	c = becomes(t, g, "out of date", http.StatusServiceUnavailable)
	assert.Contains(t, c.Why, "staleness")
	assert.Greater(t, *c.Age, staleness.Seconds())
	harness.Eventually(t, "for requests to find out that the store does not answer", func() bool {
		g.PostToken(client.Form())
		return !*ready(t, g).StoreAnswers || time.Since(hung) > patience
	})
	redis.Resume()
	well := time.Now()
	becomes(t, g, "ready again", http.StatusOK)
	assert.Less(t, time.Since(well), recovery)
}

// Whoever spreads the load has to learn of the end while there still is a
// gateway that serves what comes.
func TestAGatewayThatIsAskedToStopIsNotReadyAnyMoreAndServes(t *testing.T) {
	t.Parallel()
	g := harness.Start(t, harness.Config{Global: "shutdown_delay 4s", Site: "dcr_issuer"})
	_, client, _ := g.Enroll(fleet.App())
	require.Equal(t, http.StatusOK, ready(t, g).code)
	asked := time.Now()
	require.NoError(t, syscall.Kill(g.PID(), syscall.SIGTERM))
	c := becomes(t, g, "not ready", http.StatusServiceUnavailable)
	assert.Equal(t, "the gateway is shutting down", c.Why)
	served := g.PostToken(client.Form()).Status
	if time.Since(asked) < 4*time.Second {
		assert.Equal(t, http.StatusCreated, served)
	}
}
