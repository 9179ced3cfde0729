package lifecycle

import (
	"fmt"
	"net/http"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/caddy-dcr/caddy-dcr/plugins/storetest/redistest"
	"github.com/caddy-dcr/caddy-dcr/tests/faults/fleet"
	"github.com/caddy-dcr/caddy-dcr/tests/harness"
)

// slack is how many more goroutines, files or connections may be there for
// reasons of their own: an idle connection, a timer that fires.
const slack = 4

// holdings is what a process has in hand.
type holdings struct{ goroutines, files, connections int }

func (w *world) holdings(t *testing.T, server *redistest.Server) holdings {
	t.Helper()
	answer := send(visitor, http.MethodGet, "http://"+w.Admin+"/debug/pprof/goroutine?debug=1", "")
	require.NoError(t, answer.err)
	var h holdings
	_, err := fmt.Sscanf(answer.Body, "goroutine profile: total %d", &h.goroutines)
	require.NoError(t, err, answer.Body)
	files, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", w.PID()))
	require.NoError(t, err)
	h.files = len(files)
	if server != nil {
		h.connections = connections(server)
	}
	return h
}

func (h holdings) noMoreThan(other holdings) bool {
	return h.goroutines <= other.goroutines+slack && h.files <= other.files+slack && h.connections <= other.connections+slack
}

func TestManyReloadsLeaveNothingBehind(t *testing.T) {
	t.Parallel()
	for _, store := range stores {
		t.Run(store.name, func(t *testing.T) {
			t.Parallel()
			var server *redistest.Server
			argument := store.start
			if store.name == "redis" {
				server = redistest.Start(t, redistest.Options{})
				argument = func(testing.TB) string { return "redis " + server.URL() }
			}
			w := newWorld(t, settings{store: argument(t)})
			w.mustReload(t, w.running)
			w.hold(t, 5).finish(t)
			before := w.holdings(t, server)
			for round := range 6 {
				for _, c := range changes {
					next := w.running
					c.change(&next, round)
					answer := w.reload(next)
					require.Equal(t, http.StatusOK, answer.Status, "%+v", answer)
				}
				for _, c := range broken {
					next := w.running
					c.change(&next, w.backend.address)
					answer := w.reload(next)
					require.Equal(t, http.StatusBadRequest, answer.Status, "%+v", answer)
				}
			}
			if server != nil {
				// A store keeps as many idle connections as it once needed, so
				// it has to close before they can be counted.
				first := w.running
				w.mustReload(t, settings{store: stores[0].start(t)})
				harness.Eventually(t, "for the store to close", func() bool { return connections(server) == 0 })
				w.running = first
			}
			w.mustReload(t, w.running)
			assert.Equal(t, http.StatusOK, w.Do(http.MethodGet, fleet.Call, "", w.devices.known.Bearer()).Status)
			after := w.holdings(t, server)
			for deadline := time.Now().Add(patience); !after.noMoreThan(before) && time.Now().Before(deadline); time.Sleep(100 * time.Millisecond) {
				after = w.holdings(t, server)
			}
			assert.True(t, after.noMoreThan(before), "before %+v, after %+v", before, after)
		})
	}
}
