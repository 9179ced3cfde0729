package explain

import (
	"fmt"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/caddy-dcr/caddy-dcr/plugins/storetest/redistest"
	"github.com/caddy-dcr/caddy-dcr/tests/faults/fleet"
	"github.com/caddy-dcr/caddy-dcr/tests/harness"
)

const sharing = "explain {\n\t\tstore 1h\n\t}"

// known asks until the refusal is in the store, where it goes aside from the
// request.
func known(t *testing.T, g *harness.Gateway, trace string) {
	t.Helper()
	harness.Eventually(t, "for the store to have the refusal", func() bool { return g.DCR("explain", trace).Status == 0 })
}

func TestEachGatewayExplainsTheRefusalsOfTheOthers(t *testing.T) {
	store := "redis " + redistest.Start(t, redistest.Options{}).URL()
	gateways := fleet.Start(t, fleet.Config{Stores: []string{store, store}, Staleness: time.Minute, Options: sharing})
	one, other := gateways[0], gateways[1]
	_, client, token := one.Enroll(v2App())
	trace := one.Do(http.MethodGet, call("OTHER"), "", token.Bearer()).Header.Get("X-DCR-Trace")
	known(t, other, trace)
	x, text := explanation(t, other, trace)
	assert.Equal(t, fleet.Name(0), x.Gateway, "it says who refused")
	assert.Equal(t, "channel_not_assigned", x.Reason)
	assert.Contains(t, text, client.ClientID)
	assert.NotContains(t, text, token.AccessToken)

	one.Kill()
	_, text = explanation(t, other, trace)
	assert.Contains(t, text, "channel_not_assigned", "it outlives the gateway")
}

func TestWithoutTheOptionARefusalStaysWhereItWas(t *testing.T) {
	store := "redis " + redistest.Start(t, redistest.Options{}).URL()
	gateways := fleet.Start(t, fleet.Config{Stores: []string{store, store}, Staleness: time.Minute})
	trace := gateways[0].Do(http.MethodGet, call(channel), "").Header.Get("X-DCR-Trace")
	known(t, gateways[0], trace)
	assert.Equal(t, 1, gateways[1].DCR("explain", trace).Status)
}

func TestARefusalInTheStoreOutlivesARestart(t *testing.T) {
	for _, store := range stores {
		t.Run(store.name, func(t *testing.T) {
			w := newWorld(t, store.start(t), sharing, "\tmetrics /metrics\n")
			trace := w.Do(http.MethodGet, call(channel), "").Header.Get("X-DCR-Trace")
			harness.Eventually(t, "for the refusal to be stored", func() bool { return shared(t, w, "stored") == 1 })
			w.Kill()
			w.Run()
			x, _ := explanation(t, w.Gateway, trace)
			assert.Equal(t, "token_absent", x.Reason)
		})
	}
}

// A flood of refusals must not fill the store, nor take a client's from it.
func TestAFloodOfRefusalsDoesNotReachTheStore(t *testing.T) {
	w := newWorld(t, stores[1].start(t), "explain {\n\t\tsize 100\n\t\tstore 1h 2\n\t}", "\tmetrics /metrics\n")
	_, _, token := w.Enroll(v2App())
	const flood = 600
	began := time.Now()
	for range flood {
		w.Do(http.MethodGet, call(channel), "")
	}
	trace := w.Do(http.MethodGet, call("OTHER"), "", token.Bearer()).Header.Get("X-DCR-Trace")
	harness.Eventually(t, "for every refusal to be stored or held", func() bool {
		return shared(t, w, "stored")+shared(t, w, "held") == flood+1
	})
	// One a second is for strangers, and ten may be saved up.
	assert.LessOrEqual(t, shared(t, w, "stored"), int(time.Since(began).Seconds())+12)
	w.Kill()
	w.Run()
	x, _ := explanation(t, w.Gateway, trace)
	assert.Equal(t, "channel_not_assigned", x.Reason)
}

// shared reads how many refusals that became of.
func shared(t *testing.T, w *world, outcome string) int {
	t.Helper()
	page := w.Do(http.MethodGet, "/metrics", "").Body
	found := regexp.MustCompile(fmt.Sprintf(`(?m)^caddy_dcr_refusals_shared_total\{outcome=%q\} (\S+)$`, outcome)).FindStringSubmatch(page)
	require.Len(t, found, 2, "no such series in %d lines", strings.Count(page, "\n"))
	count, err := strconv.ParseFloat(found[1], 64)
	require.NoError(t, err)
	return int(count)
}
