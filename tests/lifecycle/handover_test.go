package lifecycle

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/caddy-dcr/caddy-dcr/plugins/storetest/redistest"
	"github.com/caddy-dcr/caddy-dcr/tests/faults/fleet"
	"github.com/caddy-dcr/caddy-dcr/tests/harness"
)

// clients are the ids of the connections to the server, but that which asks.
func clients(server *redistest.Server) []string {
	var ids []string
	for line := range strings.Lines(server.Do("CLIENT", "LIST")) {
		if id, _, _ := strings.Cut(line, " "); !strings.Contains(line, "cmd=client") {
			ids = append(ids, id)
		}
	}
	return ids
}

// connections counts those that a gateway has to the server.
func connections(server *redistest.Server) int { return len(clients(server)) }

// deletions is how often something was deleted on the server, in its words.
func deletions(server *redistest.Server) string {
	_, after, _ := strings.Cut(server.Do("INFO", "commandstats"), "cmdstat_del:")
	calls, _, _ := strings.Cut(after, ",")
	return calls
}

// The state is the same and the way to it another, so that nothing may be lost
// although the gateway cannot know that.
func TestAReloadToAnotherAddressOfTheSameRedisLosesNothing(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t, redistest.Options{})
	port := strconv.Itoa(server.Port)
	// A census deletes its lease, and deletions are counted below.
	w := newWorld(t, settings{store: "redis redis://127.0.0.1:" + port, options: "node_name gateway-1\ncensus off"})
	held := w.hold(t, 5)
	half := w.begin(t, "/o/client/register", "application/json", w.registration())
	handled := w.handled(t)
	counts, load := w.scrape(t), w.gather(t)
	var old []string
	deleted := deletions(server)
	for pool := range 4 {
		old = clients(server)
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

	require.NotEmpty(t, old)
	harness.Eventually(t, "for the connections of the configurations before to end", func() bool {
		return !slices.ContainsFunc(clients(server), func(id string) bool { return slices.Contains(old, id) })
	})
	// What ended bears the name of the one that runs, and must not take it off
	// the list of those that others wait for, not even for a moment.
	assert.Equal(t, deleted, deletions(server))
	assert.Contains(t, server.Do("GET", "dcr:nodes"), "gateway-1")
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
