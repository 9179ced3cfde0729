package quotas

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/caddy-dcr/caddy-dcr/plugins"
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

func TestAnAddresssLiveClientsAreLimitedAsCounted(t *testing.T) {
	const limited = `quotas {
			address {
				live 5
			}
		}
		census 1s`
	everywhere(t, "census 1s", func(t *testing.T, w *world) {
		statement := w.statement()
		w.mustRegister(t, 0, statement, "2001:db8:1:2::1") // nobody wants to know its address yet
		w.reload(t, limited)
		var clients []harness.Credentials
		for i := range 5 {
			clients = append(clients, w.mustRegister(t, 0, statement, fmt.Sprintf("2001:db8:1:2::%x", i+1)))
		}
		refused(t, w.register(0, statement, "2001:db8:1:2::ffff"))
		// A census leaves an address's newest clients to the gateway that has
		// registered them, until the next one.
		filled := func() bool {
			return w.metric(t, "caddy_dcr_most_live_clients", `of="address"`) == float64(5*len(w.gateways))
		}
		harness.Eventually(t, "for all of the address to be counted", filled)
		w.counted(t, 6)
		for i := range 2 {
			refused(t, w.register(i, w.statement(), "2001:db8:1:2::ffff"))
			w.mustRegister(t, i, statement, fmt.Sprintf("2001:db8:1:%d::1", i+3))
		}
		for _, g := range w.gateways {
			g.Token(clients[0]) // who has a client is not touched
		}
		const name = "caddy_dcr_quota_checks_total"
		assert.EqualValues(t, 3, w.metric(t, name, `quota="address_live",result="refused"`))
		assert.EqualValues(t, 2, w.metric(t, name, `quota="address_live",result="near"`), "4 and 5 of 5")
		assert.Positive(t, w.metric(t, "caddy_dcr_events_total", `event="quota_near"`))
		assert.Positive(t, w.metric(t, "caddy_dcr_events_total", `event="quota_reached"`))
		assert.Contains(t, w.gateways[0].Log(), "2001:db8:1:2::/64")

		w.gateways[0].MustDCR("client", "revoke", clients[0].ClientID)
		w.counted(t, 7)
		w.mustRegister(t, 1, statement, "2001:db8:1:2::1")
		w.counted(t, 8)
		harness.Eventually(t, "for the one in its place to be counted", filled)
		refused(t, w.register(0, statement, "2001:db8:1:2::1"))
	})
}

// What a client's record says of its address is a hash by a key that is in no
// answer, and no address.
func TestNoRecordHoldsAnAddress(t *testing.T) {
	everywhere(t, `quotas {
			address {
				live 5
			}
		}
		census 1s`, func(t *testing.T, w *world) {
		c := w.mustRegister(t, 0, w.statement(), "192.0.2.77")
		w.counted(t, 1)
		assert.NotContains(t, w.gateways[0].MustDCR("client", "show", c.ClientID, "--json"), "etwork")
		w.inStore(t, func(store plugins.Store) {
			page, err := store.List(t.Context(), "", "", 1000)
			require.NoError(t, err)
			for ; ; page, err = store.List(t.Context(), "", page.Cursor, 1000) {
				require.NoError(t, err)
				for _, item := range page.Items {
					for _, form := range []string{"192.0.2.77", "\xc0\x00\x02\x4d", "\x4d\x02\x00\xc0"} {
						assert.NotContains(t, item.Key+string(item.Value), form)
					}
				}
				if page.Cursor == "" {
					return
				}
			}
		})
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
