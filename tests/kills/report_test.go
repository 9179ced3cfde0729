package kills

import (
	"fmt"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/caddy-dcr/caddy-dcr/internal/management"
	"github.com/caddy-dcr/caddy-dcr/tests/faults/fleet"
	"github.com/caddy-dcr/caddy-dcr/tests/harness"
)

// bound is how long the throwing of a switch waits for other gateways, twice
// and more for a busy machine.
const bound = 5 * time.Second

func TestTheAnswerNamesTheGatewaysAndWhenTheyAppliedIt(t *testing.T) {
	t.Parallel()
	w := fleetOfTwo(t)
	lags := w.lags(t)
	r := w.kill(t, "channel", "CH1")
	for _, node := range r.Nodes {
		assert.Greater(t, node.AfterMilliseconds, 0.0)
		assert.Less(t, node.AfterMilliseconds, float64(bound.Milliseconds()))
	}
	for i, lag := range w.lags(t) {
		assert.Equal(t, lags[i]+1, lag, "caddy_dcr_revocation_lag_seconds of gateway %d", i+1)
	}

	text := w.first().MustDCR("revoke", "channel", "CH2")
	assert.Regexp(t, `^channel CH2 is revoked\nGATEWAY +APPLIED\ngateway-1 +after [0-9.]+ ms\ngateway-2 +after [0-9.]+ ms\n$`, text)
	text = w.first().MustDCR("unrevoke", "channel", "CH2")
	assert.Regexp(t, `^channel CH2 is back\nGATEWAY +APPLIED\ngateway-1 +after [0-9.]+ ms\ngateway-2 +after [0-9.]+ ms\n$`, text)
}

// lags counts what caddy_dcr_revocation_lag_seconds has observed.
func (w *world) lags(t *testing.T) []float64 {
	t.Helper()
	var counts []float64
	for _, g := range w.gateways {
		count, err := fleet.Metric(g, "caddy_dcr_revocation_lag_seconds_count")
		require.NoError(t, err)
		counts = append(counts, count)
	}
	return counts
}

func TestTheAdminAPIAnswersTheSame(t *testing.T) {
	t.Parallel()
	w := fleetOfTwo(t)
	admin := *w.gateways[1]
	admin.URL = "http://" + admin.Admin
	answer := admin.Do(http.MethodPost, "/dcr/kills", `{"kind":"channel","id":"CH1","reason":"rights dispute","by":"ann"}`,
		"Content-Type: application/json")
	require.Equal(t, http.StatusOK, answer.Status, answer.Body)
	body := answer.JSON(t)
	assert.Equal(t, true, body["applied"])
	kill := body["kill"].(map[string]any)
	assert.Equal(t, []any{"channel", "CH1", "rights dispute", "ann"}, []any{kill["kind"], kill["id"], kill["reason"], kill["by"]})
	for i, node := range body["nodes"].([]any) {
		node := node.(map[string]any)
		assert.Equal(t, fleet.Name(i), node["name"])
		assert.Equal(t, true, node["applied"])
		assert.Greater(t, node["after_ms"], 0.0)
	}
	answer = admin.Do(http.MethodDelete, "/dcr/kills/channel/CH1", "")
	require.Equal(t, http.StatusOK, answer.Status, answer.Body)
	assert.NotEmpty(t, answer.JSON(t)["kill"].(map[string]any)["lifted_at"])
	for target, status := range map[string]int{
		"/dcr/kills/channel/CH1":   http.StatusNotFound,
		"/dcr/kills/client/" + one: http.StatusBadRequest,
	} {
		assert.Equal(t, status, admin.Do(http.MethodDelete, target, "").Status, target)
	}
	assert.Equal(t, http.StatusBadRequest, admin.Do(http.MethodPost, "/dcr/kills", `{"kind":"channel","name":"CH1"}`).Status)
}

// one is a UUID that nothing has.
const one = "11111111-2222-4333-8444-555555555555"

func TestAGatewayThatHangsIsNamedAndObeysWhenItComesBack(t *testing.T) {
	t.Parallel()
	w := fleetOfTwo(t)
	p := w.admit(t, w.issue(t, w.common), "", "CH1")
	hung := w.gateways[1].PID()
	require.NoError(t, syscall.Kill(hung, syscall.SIGSTOP))
	began := time.Now()
	result := w.first().DCR("revoke", "client", p.client.ClientID)
	lasted := time.Since(began)
	json := w.first().DCR("revoke", "client", p.client.ClientID, "--json")
	require.NoError(t, syscall.Kill(hung, syscall.SIGCONT))

	assert.Equal(t, 1, result.Status, result.Stdout)
	assert.Regexp(t, `\ngateway-1 +after [0-9.]+ ms\ngateway-2 +not yet; seen [0-9:]{8}\n`, result.Stdout)
	assert.Contains(t, result.Stderr, "it is stored, but not every gateway has confirmed it in time")
	assert.GreaterOrEqual(t, lasted, 2*time.Second, "it waits for the gateway")
	assert.Less(t, lasted, bound)
	assert.Equal(t, 1, json.Status, "so does who asks again")
	again := w.revocation(t, json)
	assert.True(t, again.Already)
	assert.False(t, again.Applied)

	clientDead.check(t, oauth, p.callTempPass(w.first(), p.known))
	harness.Eventually(t, "for the gateway that hung to refuse", func() bool {
		return p.callTempPass(w.gateways[1], p.known).Status == http.StatusForbidden
	})
	assert.Equal(t, hung, w.gateways[1].PID(), "without a restart")
	harness.Eventually(t, "for the gateway to confirm it", func() bool {
		return w.first().DCR("revoke", "client", p.client.ClientID).Status == 0
	})
}

func TestAGatewayThatLeftIsNotWaitedFor(t *testing.T) {
	t.Parallel()
	w := fleetOfTwo(t)
	w.gateways[1].Stop()
	began := time.Now()
	names := w.throw(t, "channel", "CH1")
	assert.Less(t, time.Since(began), bound)
	assert.Equal(t, "gateway-1 applied", names)
}

// throw tells what became of a switch in one line.
func (w *world) throw(t *testing.T, kind, id string) string {
	t.Helper()
	result := w.first().DCR("revoke", kind, id, "--json")
	r := w.revocation(t, result)
	assert.Equal(t, r.Applied, result.Status == 0)
	return tell(r)
}

func tell(r management.Revocation) string {
	var told []string
	for _, node := range r.Nodes {
		told = append(told, fmt.Sprintf("%s %s", node.Name, map[bool]string{true: "applied", false: "not"}[node.Applied]))
	}
	return strings.Join(told, ", ")
}
