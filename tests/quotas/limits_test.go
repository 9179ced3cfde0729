package quotas

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/caddy-dcr/caddy-dcr/tests/harness"
)

func TestAStatementsRateHoldsForAllGateways(t *testing.T) {
	everywhere(t, `quotas {
			statement {
				rate 10/d
			}
		}`, func(t *testing.T, w *world) {
		one, other := w.statement(), w.statement()
		var last harness.Credentials
		for i := range 10 {
			last = w.mustRegister(t, i, one, fmt.Sprintf("192.0.2.%d", i+1))
		}
		for i := range 2 {
			refused(t, w.register(i, one, "198.51.100.1"))
		}
		w.mustRegister(t, 0, other, "198.51.100.1")
		for _, g := range w.gateways {
			g.Token(last) // who has a client is not touched
		}
		const name = "caddy_dcr_quota_checks_total"
		assert.EqualValues(t, 2, w.metric(t, name, `quota="statement_rate",result="refused"`))
		assert.EqualValues(t, 3, w.metric(t, name, `quota="statement_rate",result="near"`), "8, 9 and 10 of 10")
		assert.EqualValues(t, 2, w.metric(t, "caddy_dcr_registrations_total", `outcome="throttled"`))
		assert.EqualValues(t, w.metric(t, "caddy_dcr_events_total", `event="quota_near"`), w.metric(t, "caddy_dcr_events_total", `event="quota_reached"`))
		assert.Positive(t, w.metric(t, "caddy_dcr_events_total", `event="quota_reached"`))
		assert.Contains(t, w.gateways[0].Log(), "a quota of registrations is nearly used up")
	})
}

func TestAnApplicationsRateCountsAllOfItsStatements(t *testing.T) {
	everywhere(t, `quotas {
			application {
				rate 4/d
			}
		}`, func(t *testing.T, w *world) {
		for i := range 4 {
			w.mustRegister(t, i, w.statement(), "192.0.2.1")
		}
		refused(t, w.register(1, w.statement(), "192.0.2.1"))
		w.app = w.gateways[0].CreateApp(harness.App{Scopes: []string{"api:client:v2"}})
		w.mustRegister(t, 1, w.statement(), "192.0.2.1")
	})
}

func TestAnAddressIsLimitedAndUsesUpNothingOfOthers(t *testing.T) {
	everywhere(t, `quotas {
			address {
				rate 3/d
			}
			statement {
				rate 8/d
			}
		}`, func(t *testing.T, w *world) {
		statement := w.statement()
		for i := range 3 {
			w.mustRegister(t, i, statement, "2001:db8:1:2::"+fmt.Sprint(i+1))
		}
		for i := range 10 {
			refused(t, w.register(i, statement, "2001:db8:1:2:ffff::"+fmt.Sprint(i+1)))
		}
		for i := range 5 {
			w.mustRegister(t, i, statement, fmt.Sprintf("192.0.2.%d", i+1))
		}
		refused(t, w.register(0, statement, "192.0.2.77"))
	})
}

func TestLiveClientsAreLimitedAsCounted(t *testing.T) {
	everywhere(t, `quotas {
			application {
				live 5
			}
		}
		census 1s`, func(t *testing.T, w *world) {
		statement := w.statement()
		w.counted(t, 0)
		var clients []harness.Credentials
		for range 5 {
			clients = append(clients, w.mustRegister(t, 0, statement, "192.0.2.1"))
		}
		refused(t, w.register(0, statement, "192.0.2.1"))
		w.counted(t, 5)
		for i := range 2 {
			refused(t, w.register(i, statement, "192.0.2.1"))
		}
		w.gateways[0].MustDCR("client", "revoke", clients[0].ClientID)
		w.counted(t, 4)
		w.mustRegister(t, 1, statement, "192.0.2.1")
		w.counted(t, 5)
		refused(t, w.register(0, statement, "192.0.2.1"))
	})
}

func TestAReloadForgetsNoQuota(t *testing.T) {
	everywhere(t, `quotas {
			statement {
				rate 2/d
			}
		}`, func(t *testing.T, w *world) {
		statement := w.statement()
		for i := range 2 {
			w.mustRegister(t, i, statement, "192.0.2.1")
		}
		w.reload(t, `quotas {
			statement {
				rate 2/d
			}
		}
		enforce_platforms`)
		refused(t, w.register(0, statement, "192.0.2.1"))
		refused(t, w.register(1, statement, "192.0.2.1"))
	})
}

func TestWithoutQuotasNobodyIsRefused(t *testing.T) {
	everywhere(t, "", func(t *testing.T, w *world) {
		statement := w.statement()
		for i := range 50 {
			require.Equal(t, http.StatusCreated, w.register(i, statement, "192.0.2.1").Status)
		}
		assert.Zero(t, w.metric(t, "caddy_dcr_quota_checks_total", ""))
	})
}
