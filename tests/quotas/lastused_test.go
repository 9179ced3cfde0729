package quotas

import (
	"encoding/json"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/caddy-dcr/caddy-dcr/internal/management"
	"github.com/caddy-dcr/caddy-dcr/plugins/storetest/redistest"
	"github.com/caddy-dcr/caddy-dcr/tests/harness"
)

const notes = "caddy_dcr_last_used_notes_total"

func shown(t *testing.T, g *harness.Gateway, id string) management.Client {
	t.Helper()
	var c management.Client
	require.NoError(t, json.Unmarshal([]byte(g.MustDCR("client", "show", id, "--json")), &c))
	return c
}

func date(ago time.Duration) string { return time.Now().Add(-ago).UTC().Format(time.DateOnly) }

func TestTheDayOfTheLastTokenIsShown(t *testing.T) {
	everywhere(t, "census off", func(t *testing.T, w *world) {
		c := w.mustRegister(t, 0, w.statement(), "192.0.2.1")
		assert.Equal(t, date(0), shown(t, w.gateways[0], c.ClientID).LastUsed)
		const ago = 50 * 24 * time.Hour
		w.age(t, ago, c.ClientID)
		assert.Equal(t, date(ago), shown(t, w.gateways[0], c.ClientID).LastUsed)

		for i := range 6 {
			w.gateway(i).Token(c)
			harness.Eventually(t, "for the use to be noted", func() bool { return shown(t, w.gateways[0], c.ClientID).LastUsed == date(0) })
		}
		assert.EqualValues(t, 1, w.metric(t, notes, `"written"`), "once a day")
		assert.EqualValues(t, 1, w.metric(t, notes, ""))
		assert.Equal(t, date(ago), shown(t, w.gateways[0], c.ClientID).CreatedAt.Format(time.DateOnly))
		assert.Contains(t, w.gateways[0].MustDCR("client", "list"), date(0))
	})
}

func TestANoteThatFailsFailsNoRequest(t *testing.T) {
	t.Parallel()
	redis := redistest.Start(t, redistest.Options{})
	w := start(t, redis, 1, "census off")
	statement := w.statement()
	c := w.mustRegister(t, 0, statement, "192.0.2.1")
	w.age(t, 50*24*time.Hour, c.ClientID)
	redis.Do("CONFIG", "SET", "min-replicas-to-write", "1") // from now on it takes no writes
	require.NotEqual(t, http.StatusCreated, w.register(0, statement, "192.0.2.1").Status)
	for range 3 {
		w.gateways[0].Token(c)
	}
	harness.Eventually(t, "for the notes to fail", func() bool { return w.metric(t, notes, `"failed"`) == 3 })
	redis.Do("CONFIG", "SET", "min-replicas-to-write", "0")
	harness.Eventually(t, "for the next request to make the note", func() bool {
		w.gateways[0].Token(c)
		return w.metric(t, notes, `"written"`) == 1
	})
	assert.Equal(t, date(0), shown(t, w.gateways[0], c.ClientID).LastUsed)
}
