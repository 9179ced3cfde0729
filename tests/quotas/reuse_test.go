package quotas

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/caddy-dcr/caddy-dcr/tests/harness"
)

func device(text string) string {
	return "X-Device-Info: " + base64.StdEncoding.EncodeToString([]byte(text))
}

const (
	agent = "User-Agent: TV/1.0"
	model = `{"model":"TV","version":"1","osName":"Tizen","osVersion":"7","connectionType":"wifi","connectionPort":4711}`
)

func TestADeviceThatRegistersAgainGetsWhatItHas(t *testing.T) {
	everywhere(t, "reuse_registrations 1h\n\t\tcensus 1s", func(t *testing.T, w *world) {
		statement := w.statement()
		first := w.mustRegister(t, 0, statement, "192.0.2.1", device(model), agent)
		for i := range 3 {
			assert.Equal(t, first, w.mustRegister(t, i, statement, "192.0.2.1", device(model), agent))
		}
		assert.Equal(t, first, w.mustRegister(t, 1, statement, "192.0.2.1",
			device(`{"osVersion":"7", "osName":"Tizen", "version":"1", "model":"TV", "connectionPort":4712}`), agent))
		for name, other := range map[string]harness.Credentials{
			"another home":      w.mustRegister(t, 1, statement, "192.0.2.2", device(model), agent),
			"another model":     w.mustRegister(t, 1, statement, "192.0.2.1", device(`{"model":"TW"}`), agent),
			"another statement": w.mustRegister(t, 1, w.statement(), "192.0.2.1", device(model), agent),
		} {
			assert.NotEqual(t, first.ClientID, other.ClientID, name)
			assert.NotEqual(t, first.ClientSecret, other.ClientSecret, name)
		}
		for i := range w.gateways {
			w.gateway(i).Token(first)
		}
		assert.EqualValues(t, 4, w.metric(t, "caddy_dcr_reused_registrations_total", ""))
		assert.EqualValues(t, 4, w.metric(t, "caddy_dcr_registered_clients_total", ""))
		w.counted(t, 4)

		w.gateways[0].MustDCR("client", "revoke", first.ClientID)
		second := w.mustRegister(t, 1, statement, "192.0.2.1", device(model), agent)
		assert.NotEqual(t, first.ClientID, second.ClientID, "what is revoked stays so")
		w.gateways[0].Token(second)
		assert.Equal(t, http.StatusBadRequest, w.gateways[0].PostToken(first.Form()).Status)
		assert.Equal(t, second, w.mustRegister(t, 0, statement, "192.0.2.1", device(model), agent))
	})
}

func TestManyTriesAtOneMomentAreOneClient(t *testing.T) {
	everywhere(t, "reuse_registrations 1h", func(t *testing.T, w *world) {
		statement := w.statement()
		const tries = 20
		answers := make([]harness.Answer, tries)
		var all sync.WaitGroup
		for i := range tries {
			all.Go(func() { answers[i] = w.register(i, statement, "192.0.2.1", device(model), agent) })
		}
		all.Wait()
		seen := map[string]bool{}
		for _, answer := range answers {
			require.Equal(t, http.StatusCreated, answer.Status, answer.Body)
			var c harness.Credentials
			require.NoError(t, json.Unmarshal([]byte(answer.Body), &c))
			seen[c.ClientID+c.ClientSecret] = true
		}
		assert.Len(t, seen, 1)
		assert.EqualValues(t, 1, w.metric(t, "caddy_dcr_registered_clients_total", ""))
	})
}

func TestADeviceGetsAClientEachTimeUnlessReuseIsOn(t *testing.T) {
	everywhere(t, "", func(t *testing.T, w *world) {
		statement := w.statement()
		first := w.mustRegister(t, 0, statement, "192.0.2.1", device(model), agent)
		second := w.mustRegister(t, 0, statement, "192.0.2.1", device(model), agent)
		assert.NotEqual(t, first.ClientID, second.ClientID)
		assert.NotEqual(t, first.ClientSecret, second.ClientSecret)
	})
}
