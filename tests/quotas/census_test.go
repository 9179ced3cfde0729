package quotas

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/caddy-dcr/caddy-dcr/internal/management"
	"github.com/caddy-dcr/caddy-dcr/internal/state"
	"github.com/caddy-dcr/caddy-dcr/plugins"
	"github.com/caddy-dcr/caddy-dcr/plugins/storetest/redistest"
	"github.com/caddy-dcr/caddy-dcr/tests/faults/fleet"
	"github.com/caddy-dcr/caddy-dcr/tests/harness"
)

func TestEveryGatewayShowsTheSameCensus(t *testing.T) {
	everywhere(t, "census 1s", func(t *testing.T, w *world) {
		statement := w.statement()
		for i := range 7 {
			w.mustRegister(t, i, statement, "192.0.2.1", "User-Agent: Roku/DVP-12.0")
		}
		w.mustRegister(t, 0, statement, "192.0.2.1", "User-Agent: AppleTV/tvOS/17")
		doomed := w.mustRegister(t, 0, statement, "192.0.2.1", "User-Agent: Roku/DVP-12.0")
		w.gateways[0].MustDCR("client", "revoke", doomed.ClientID)
		w.counted(t, 8)
		for _, g := range w.gateways {
			harness.Eventually(t, "for the killed client to be counted apart", func() bool { return census(t, g).Stopped == 1 })
			c := census(t, g)
			assert.EqualValues(t, 7, c.Platforms["Roku"])
			require.Len(t, c.Applications, 1)
			assert.Equal(t, w.app, c.Applications[0].ID.String())
			assert.Equal(t, "black box", c.Applications[0].Name)
			assert.Contains(t, g.MustDCR("client", "census"), w.app)
			var app management.Application
			require.NoError(t, json.Unmarshal([]byte(g.MustDCR("app", "show", w.app, "--json")), &app))
			require.NotNil(t, app.Clients)
			assert.EqualValues(t, 8, app.Clients.Live)
			assert.EqualValues(t, 1, app.Clients.Stopped)
			assert.Equal(t, time.Now().UTC().Format(time.DateOnly), app.Clients.LastUsed)
			lines, err := fleet.Metrics(g, "caddy_dcr_live_clients")
			require.NoError(t, err)
			assert.Contains(t, lines, `caddy_dcr_live_clients{platform="Roku"} 7`)
			lines, err = fleet.Metrics(g, "caddy_dcr_most_live_clients")
			require.NoError(t, err)
			assert.Contains(t, lines, `caddy_dcr_most_live_clients{of="application"} 8`)
		}
	})
}

// Whoever counts may die at any moment, and leaves its lease behind then.
func TestAnotherGatewayGoesOnCountingWhenOneDies(t *testing.T) {
	t.Parallel()
	w := start(t, redistest.Start(t, redistest.Options{}), 2, "census 1s")
	statement := w.statement()
	for i := range 3 {
		w.mustRegister(t, i, statement, "192.0.2.1")
	}
	w.counted(t, 3)
	victim := 0
	if census(t, w.gateways[0]).By == fleet.Name(1) {
		victim = 1
	}
	w.gateways[victim].Kill()
	w.inStore(t, func(store plugins.Store) {
		records := state.Records{Store: store}
		harness.Eventually(t, "for the dead gateway to look as if it counted", func() bool {
			mine, err := records.TakeLease(t.Context(), "census", fleet.Name(victim), 15*time.Second)
			require.NoError(t, err)
			return mine
		})
	})
	w.mustRegister(t, 1-victim, statement, "192.0.2.1")
	survivor := w.gateways[1-victim]
	harness.Eventually(t, "for the survivor to count", func() bool { return census(t, survivor).Live == 4 })
	assert.Equal(t, fleet.Name(1-victim), census(t, survivor).By)
}

func TestNoCensusIsTakenWhereNobodyWantsOne(t *testing.T) {
	everywhere(t, "census off", func(t *testing.T, w *world) {
		w.mustRegister(t, 0, w.statement(), "192.0.2.1")
		result := w.gateways[0].DCR("client", "census")
		assert.Equal(t, 1, result.Status)
		assert.Contains(t, result.Stderr, "not counted")
		assert.NotContains(t, w.gateways[0].MustDCR("app", "show", w.app), "Clients")
		assert.Zero(t, w.metric(t, "caddy_dcr_censuses_total", ""))
		lines, err := fleet.Metrics(w.gateways[0], "caddy_dcr_census_age_seconds")
		require.NoError(t, err)
		assert.Empty(t, lines, "an age of what nobody wants would alarm somebody")
	})
}

func TestAReloadKeepsWhatWasCounted(t *testing.T) {
	everywhere(t, "census 1h", func(t *testing.T, w *world) {
		w.counted(t, 0)
		before := census(t, w.gateways[0])
		w.reload(t, "census 2h")
		assert.Equal(t, before, census(t, w.gateways[0]))
	})
}
