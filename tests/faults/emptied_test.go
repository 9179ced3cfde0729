package faults

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/caddy-dcr/caddy-dcr/plugins/storetest/redistest"
	"github.com/caddy-dcr/caddy-dcr/tests/faults/fleet"
	"github.com/caddy-dcr/caddy-dcr/tests/harness"
)

// backup is every key of a Redis, as DUMP gives them.
type backup []struct{ key, ttl, value string }

func (w *wire) backup() backup {
	w.t.Helper()
	var all backup
	for _, key := range w.do("KEYS", "*") {
		ttl := w.do("PTTL", key)[0]
		if strings.HasPrefix(ttl, "-") {
			ttl = "0"
		}
		value, err := w.try("DUMP", key)
		if err == nil && len(value) == 1 { // else it has expired meanwhile
			all = append(all, struct{ key, ttl, value string }{key, ttl, value[0]})
		}
	}
	return all
}

// restore puts everything back at one moment, as starting Redis on its old
// files does. Key by key, a gateway could read the new half of the old state.
func (w *wire) restore(all backup) {
	w.t.Helper()
	w.do("MULTI")
	for _, one := range all {
		w.do("RESTORE", one.key, one.ttl, one.value, "REPLACE")
	}
	w.do("EXEC")
}

// emptied is a store whose data are gone, and come back from a backup. Every
// client of the fleet would have to register again if the gateways believed
// what they see.
func emptied(t *testing.T, r *results) {
	redis := redistest.Start(t, redistest.Options{})
	store := "redis " + redis.URL()
	l := open(t, r, []string{store, store}, "")
	sufferAll(t, l, []disorder{
		{name: "redis is emptied (FLUSHALL), and restored", lasts: long, begin: func(t *testing.T) func() {
			admin := dial(t, redis.Addr())
			saved := admin.backup()
			admin.do("FLUSHALL")
			return func() { admin.restore(saved) }
		}},
		{name: "redis crashes, comes back without its data, and is restored", lasts: long, begin: func(t *testing.T) func() {
			saved := dial(t, redis.Addr()).backup()
			redis.Restart()
			return func() { dial(t, redis.Addr()).restore(saved) }
		}},
	})
}

// renewed is an emptied store in which a gateway that starts just then makes
// keys of its own, as one that is scaled out does.
func renewed(t *testing.T, r *results) {
	redis := redistest.Start(t, redistest.Options{})
	store := "redis " + redis.URL()
	l := open(t, r, []string{store, store}, "")
	l.suffer(t, disorder{
		name: "redis is emptied, a gateway starts over it, and it is restored", lasts: long, begin: func(t *testing.T) func() {
			admin := dial(t, redis.Addr())
			saved := admin.backup()
			admin.do("FLUSHALL")
			stranger := fleet.Start(t, fleet.Config{Stores: []string{store}, Staleness: staleness})[0]
			return func() {
				stranger.Stop()
				require.NotEmpty(t, admin.do("KEYS", "*"), "the gateway that started made keys of its own")
				admin.restore(saved)
			}
		},
	})
}

// What is registered in an emptied store would be lost as soon as the right one
// is back.
func TestAnEmptiedStoreTakesNoRegistrations(t *testing.T) {
	t.Parallel()
	redis := redistest.Start(t, redistest.Options{})
	g := fleet.Start(t, fleet.Config{Stores: []string{"redis " + redis.URL()}, Staleness: time.Minute})[0]
	application, _, token := g.Enroll(fleet.App())
	body, err := json.Marshal(map[string]string{"software_statement": g.IssueStatement(application)})
	require.NoError(t, err)

	admin := dial(t, redis.Addr())
	saved := admin.backup()
	admin.do("FLUSHALL")
	var answer harness.Answer
	harness.Eventually(t, "for the gateway to find out", func() bool {
		answer = g.PostRegister(string(body))
		return answer.Status != http.StatusCreated
	})
	assert.Equal(t, http.StatusServiceUnavailable, answer.Status, answer.Body)
	assert.NotEmpty(t, answer.Header.Get("Retry-After"))
	assert.Equal(t, http.StatusOK, g.Do(http.MethodGet, fleet.Call, "", token.Bearer()).Status, "known tokens pass")

	admin.restore(saved)
	harness.Eventually(t, "for the gateway to believe the store again", func() bool { return g.PostRegister(string(body)).Status == http.StatusCreated })
}
