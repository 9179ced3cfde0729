package quotas

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/caddy-dcr/caddy-dcr/tests/harness"
)

func reaping(mode string) string {
	return "census 1s\n\t\treaper {\n\t\t\tunused 60d\n\t\t\tmode " + mode + "\n\t\t}"
}

func TestUnusedClientsAreSeenFirstAndRemovedThen(t *testing.T) {
	everywhere(t, "census off", func(t *testing.T, w *world) {
		statement := w.statement()
		gone := w.mustRegister(t, 0, statement, "192.0.2.1")
		returning := w.mustRegister(t, 0, statement, "192.0.2.1")
		young := w.mustRegister(t, 0, statement, "192.0.2.1")
		w.age(t, 90*24*time.Hour, gone.ClientID, returning.ClientID)

		w.reload(t, reaping("observe"))
		unused := func(n uint64) func() bool {
			return func() bool { c := census(t, w.gateways[0]); return c != nil && c.Unused == n && c.By != "the past" }
		}
		harness.Eventually(t, "for two to be found unused", unused(2))
		w.gateways[0].Token(returning)
		harness.Eventually(t, "for one to have come back", unused(1))
		for _, c := range []harness.Credentials{gone, young} {
			shown(t, w.gateways[0], c.ClientID)
		}
		assert.Zero(t, w.metric(t, "caddy_dcr_reaped_clients_total", ""), "so far it only looks")

		w.reload(t, reaping("remove"))
		harness.Eventually(t, "for the unused one to go", func() bool { return w.gateways[0].DCR("client", "show", gone.ClientID).Status != 0 })
		w.counted(t, 2)
		assert.EqualValues(t, 1, w.metric(t, "caddy_dcr_reaped_clients_total", `"removed"`))
		for i := range w.gateways {
			w.gateway(i).Token(returning)
			w.gateway(i).Token(young)
			answer := w.gateway(i).PostToken(gone.Form())
			assert.Equal(t, http.StatusBadRequest, answer.Status)
			assert.Equal(t, "invalid_client", answer.JSON(t)["error"], "which is true, and says: register again")
		}
		again := w.mustRegister(t, 0, statement, "192.0.2.1")
		assert.NotEqual(t, gone.ClientID, again.ClientID)
		w.gateways[0].Token(again)
	})
}

// A store that was restored knows of no use since its backup.
func TestNothingIsReapedBeforeUsesAreOnRecordForLongEnough(t *testing.T) {
	everywhere(t, "census off", func(t *testing.T, w *world) {
		c := w.mustRegister(t, 0, w.statement(), "192.0.2.1")
		w.age(t, 90*24*time.Hour, c.ClientID)
		w.forgetCensus(t)
		w.reload(t, reaping("remove"))
		w.counted(t, 1)
		began := census(t, w.gateways[0]).BeganAt
		harness.Eventually(t, "for another census", func() bool { return census(t, w.gateways[0]).BeganAt.After(began) })
		assert.Zero(t, census(t, w.gateways[0]).Unused)
		w.gateways[0].Token(c)
	})
}
