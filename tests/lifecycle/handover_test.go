package lifecycle

import (
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/caddy-dcr/caddy-dcr/plugins/storetest/redistest"
	"github.com/caddy-dcr/caddy-dcr/tests/faults/fleet"
	"github.com/caddy-dcr/caddy-dcr/tests/harness"
)

// connections counts those that a gateway has to the server.
func connections(server *redistest.Server) int {
	ours := -1 // the one that asks
	for range strings.Lines(server.Do("CLIENT", "LIST")) {
		ours++
	}
	return ours
}

// The state is the same and the way to it another, so that nothing may be lost
// although the gateway cannot know that.
func TestAReloadToAnotherAddressOfTheSameRedisLosesNothing(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t, redistest.Options{})
	port := strconv.Itoa(server.Port)
	w := newWorld(t, settings{store: "redis redis://127.0.0.1:" + port, options: "node_name gateway-1"})
	held := w.hold(t, 5)
	half := w.begin(t, "/o/client/register", "application/json", w.registration())
	handled := w.handled(t)
	counts, load := w.scrape(t), w.gather(t)
	for pool := range 4 {
		next := w.running
		next.store = "redis redis://localhost:" + port + " {\npool_size " + strconv.Itoa(10+pool) + "\n}"
		w.mustReload(t, next)
		load.more(t)
	}
	load.end(t)
	counts.end(t)
	assert.EqualValues(t, load.calls.Load(), w.handled(t)-handled, "requests that reached the gateway, and were lost there")
	half.finish(t, http.StatusCreated)
	held.finish(t)

	harness.Eventually(t, "for the connections of the configurations before to end", func() bool {
		return connections(server) <= 10+4
	})
	// The last of them has left the list of gateways, and the one that runs
	// bears the same name.
	victim := w.Register(w.devices.statement)
	r, err := fleet.Revoke(w.Gateway, victim.ClientID)
	require.NoError(t, err)
	require.Len(t, r.Nodes, 1)
	assert.Equal(t, "gateway-1", r.Nodes[0].Name)
	assert.True(t, r.Applied)
	assert.Equal(t, "1", server.Do("EXISTS", "dcr:node/gateway-1"), "the gateway's own report")
}

func TestAReloadToAnotherRedisTakesItsStateFromThere(t *testing.T) {
	t.Parallel()
	before, after := redistest.Start(t, redistest.Options{}), redistest.Start(t, redistest.Options{})
	w := newWorld(t, settings{store: "redis " + before.URL()})
	application := w.CreateApp(fleet.App())
	held := w.hold(t, 5)
	half := w.begin(t, "/o/client/register", "application/json", w.registration())
	first := w.running
	w.mustReload(t, settings{store: "redis " + after.URL()})

	half.finish(t, http.StatusCreated)
	held.finish(t)
	answer := w.Do(http.MethodGet, fleet.Call, "", w.devices.known.Bearer())
	assert.Equal(t, http.StatusUnauthorized, answer.Status, "the new store's keys have not signed this token")
	assert.NotContains(t, w.MustDCR("app", "list"), application)
	_, _, token := w.Enroll(fleet.App())
	assert.Equal(t, http.StatusOK, w.Do(http.MethodGet, fleet.Call, "", token.Bearer()).Status)
	harness.Eventually(t, "for every connection to the old server to end", func() bool { return connections(before) == 0 })

	w.mustReload(t, first)
	assert.Equal(t, http.StatusOK, w.Do(http.MethodGet, fleet.Call, "", w.devices.known.Bearer()).Status)
	assert.Contains(t, w.MustDCR("app", "list"), application)
}

// A reload that fails late has started servers for a moment, over a store that
// nobody is going to use.
func TestAReloadToAnotherRedisThatFailsKeepsTheState(t *testing.T) {
	t.Parallel()
	before, after := redistest.Start(t, redistest.Options{}), redistest.Start(t, redistest.Options{})
	w := newWorld(t, settings{store: "redis " + before.URL()})
	for range 3 {
		answer := w.reload(settings{store: "redis " + after.URL(), sites: "http://" + w.backend.address + " {\nrespond hello\n}"})
		require.Equal(t, http.StatusBadRequest, answer.Status, "%+v", answer)
		assert.Contains(t, answer.Body, "address already in use")
		assert.Equal(t, http.StatusOK, w.Do(http.MethodGet, fleet.Call, "", w.devices.known.Bearer()).Status)
		w.mayBeManaged(t)
	}
	harness.Eventually(t, "for every connection to the other server to end", func() bool { return connections(after) == 0 })
	w.Token(w.devices.client)
}
