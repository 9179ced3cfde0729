package gateway

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestAClientSeenFromManyDevicesIsToldOf(t *testing.T) {
	options := "spread {\n\t\t\tdevices 10\n\t\t}\n"
	from := func(n int) string { return fmt.Sprintf("X-Forwarded-For: 198.51.%d.%d", n/256, n%256) }
	overStores(t, settings{options: options, global: behindProxy, site: "\tmetrics /metrics\n"}, func(t *testing.T, w *world) {
		spread := func() float64 { return counters(t, w)["caddy_dcr_clients_spread_total"] }
		_, client, _ := w.Enroll(v2App())
		for n := range 30 {
			assert.Equal(t, http.StatusCreated, w.PostToken(client.Form(), from(n)).Status)
		}
		assert.EqualValues(t, 1, spread(), "credentials that many devices have")
		assert.Contains(t, w.Log(), "a client is seen from very many devices")
		assert.Contains(t, w.Log(), client.ClientID)

		_, _, token := w.Enroll(v2App())
		for n := 0; n < 20_000 && spread() < 2; n++ {
			for range 200 {
				w.Do(http.MethodGet, v2Call, "", token.Bearer(), from(n))
				n++
			}
		}
		assert.EqualValues(t, 2, spread(), "a token that many devices have")
	})
}

// Addresses that a client makes up are no devices.
func TestAClientCannotMakeAnotherLookSpread(t *testing.T) {
	w := newWorld(t, "", settings{options: "spread {\n\t\t\tdevices 10\n\t\t}\n", site: "\tmetrics /metrics\n"})
	_, client, _ := w.Enroll(v2App())
	for n := range 100 {
		w.PostToken(client.Form(), fmt.Sprintf("X-Forwarded-For: 198.51.100.%d", n))
	}
	assert.Zero(t, counters(t, w)["caddy_dcr_clients_spread_total"])
}
