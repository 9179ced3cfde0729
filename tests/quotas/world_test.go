package quotas

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/caddy-dcr/caddy-dcr/internal/management"
	"github.com/caddy-dcr/caddy-dcr/internal/state"
	"github.com/caddy-dcr/caddy-dcr/plugins"
	"github.com/caddy-dcr/caddy-dcr/plugins/boltstore"
	"github.com/caddy-dcr/caddy-dcr/plugins/redisstore"
	"github.com/caddy-dcr/caddy-dcr/plugins/storetest/redistest"
	"github.com/caddy-dcr/caddy-dcr/tests/faults/fleet"
	"github.com/caddy-dcr/caddy-dcr/tests/harness"
)

const template = `{
	admin localhost:{ADMIN}
	auto_https off
	storage file_system {DIR}/caddy
	servers {
		trusted_proxies static 127.0.0.1/32
	}
	dcr {
		issuer http://quotas.test
		store STORE
		allow_http
		node_name NODE
		OPTIONS
	}
}

http://127.0.0.1:{HTTP} {
	dcr_issuer
}
`

// world is one gateway over a file, or two over one Redis.
type world struct {
	gateways []*harness.Gateway
	stores   []string
	redis    *redistest.Server // nil with the embedded store
	app      string
}

// everywhere runs the test for one gateway with the embedded store and for two
// over Redis.
func everywhere(t *testing.T, options string, test func(t *testing.T, w *world)) {
	t.Helper()
	t.Parallel()
	t.Run("embedded", func(t *testing.T) {
		t.Parallel()
		test(t, start(t, nil, 1, options))
	})
	t.Run("redis, two gateways", func(t *testing.T) {
		t.Parallel()
		test(t, start(t, redistest.Start(t, redistest.Options{}), 2, options))
	})
}

func start(t *testing.T, redis *redistest.Server, gateways int, options string) *world {
	t.Helper()
	w := &world{redis: redis}
	for i := range gateways {
		store := "bolt {DIR}/dcr"
		if redis != nil {
			store = "redis " + redis.URL()
		}
		w.stores = append(w.stores, store)
		g := harness.Prepare(t, harness.Config{Caddyfile: w.caddyfile(i, options)})
		g.Run()
		w.gateways = append(w.gateways, g)
	}
	w.app = w.gateways[0].CreateApp(harness.App{Scopes: []string{"api:client:v2"}})
	return w
}

func (w *world) caddyfile(i int, options string) string {
	return strings.NewReplacer("STORE", w.stores[i], "NODE", fleet.Name(i), "OPTIONS", options).Replace(template)
}

// gateway is the one whose turn it is.
func (w *world) gateway(turn int) *harness.Gateway { return w.gateways[turn%len(w.gateways)] }

func (w *world) statement() string { return w.gateways[0].IssueStatement(w.app) }

// register sends one registration, from the address.
func (w *world) register(turn int, statement, address string, headers ...string) harness.Answer {
	return w.gateway(turn).PostRegister(fmt.Sprintf(`{"software_statement":%q}`, statement),
		append(headers, "X-Forwarded-For: "+address)...)
}

// mustRegister is register for a registration that the test takes for granted.
func (w *world) mustRegister(t *testing.T, turn int, statement, address string, headers ...string) harness.Credentials {
	t.Helper()
	answer := w.register(turn, statement, address, headers...)
	require.Equal(t, http.StatusCreated, answer.Status, answer.Body)
	var c harness.Credentials
	require.NoError(t, json.Unmarshal([]byte(answer.Body), &c))
	return c
}

// refused checks the client endpoint's form of a 429.
func refused(t *testing.T, answer harness.Answer) {
	t.Helper()
	require.Equal(t, http.StatusTooManyRequests, answer.Status, answer.Body)
	require.Equal(t, "too_many_requests", answer.JSON(t)["error"], "never an invalid_…")
	require.Regexp(t, `^[1-9][0-9]*$`, answer.Header.Get("Retry-After"))
	require.Equal(t, "no-store", answer.Header.Get("Cache-Control"))
}

// reload has every gateway take up other options.
func (w *world) reload(t *testing.T, options string) {
	t.Helper()
	for i, g := range w.gateways {
		g.Configure(harness.Config{Caddyfile: w.caddyfile(i, options)})
		result := g.Reload()
		require.Zero(t, result.Status, result.Stderr)
	}
	harness.Reconnect()
}

// census asks a gateway for the last count, or nil.
func census(t *testing.T, g *harness.Gateway) *management.Census {
	t.Helper()
	response, err := admin.Get("http://" + g.Admin + "/dcr/census")
	require.NoError(t, err)
	defer response.Body.Close()
	if response.StatusCode == http.StatusNotFound {
		return nil
	}
	require.Equal(t, http.StatusOK, response.StatusCode)
	var c management.Census
	require.NoError(t, json.NewDecoder(response.Body).Decode(&c))
	return &c
}

var admin = http.Client{Timeout: 15 * time.Second}

// counted waits until every gateway knows of so many live clients.
func (w *world) counted(t *testing.T, live uint64) {
	t.Helper()
	for _, g := range w.gateways {
		harness.Eventually(t, fmt.Sprintf("for %d live clients to be counted", live), func() bool {
			c := census(t, g)
			return c != nil && c.Live == live
		})
	}
}

// metric sums the samples whose labels hold the text, over all gateways.
func (w *world) metric(t *testing.T, name, labels string) float64 {
	t.Helper()
	var sum float64
	for _, g := range w.gateways {
		lines, err := fleet.Metrics(g, name)
		require.NoError(t, err)
		for _, line := range lines {
			var value float64
			if strings.Contains(line, labels) {
				_, err := fmt.Sscan(line[strings.LastIndex(line, " ")+1:], &value)
				require.NoError(t, err, line)
			}
			sum += value
		}
	}
	return sum
}

// inStore opens the store beside the gateways; one with the embedded store is
// down meanwhile.
func (w *world) inStore(t *testing.T, do func(plugins.Store)) {
	t.Helper()
	if w.redis != nil {
		store, err := redisstore.Open(redisstore.Config{Addresses: []string{w.redis.URL()}})
		require.NoError(t, err)
		defer store.Close()
		do(store)
		return
	}
	w.gateways[0].Stop()
	store, err := boltstore.Open(filepath.Join(w.gateways[0].Dir, "dcr", "dcr.db"))
	require.NoError(t, err)
	do(store)
	require.NoError(t, store.Close())
	w.gateways[0].Run()
}

// age makes clients look as if they had been registered and last used so long
// ago, and the uses on record since then.
func (w *world) age(t *testing.T, by time.Duration, ids ...string) {
	t.Helper()
	then := time.Now().Add(-by).UnixMilli()
	w.inStore(t, func(store plugins.Store) {
		records := state.Records{Store: store}
		for _, text := range ids {
			id := uuid.MustParse(text)
			c, err := records.Client(t.Context(), id)
			require.NoError(t, err)
			c.CreatedAt, c.LastUsed = then, 0
			key := "c/" + base64.RawURLEncoding.EncodeToString(id[:])
			require.NoError(t, store.Put(t.Context(), plugins.Write{Key: key}))
			require.NoError(t, records.PutClient(t.Context(), c))
		}
		require.NoError(t, records.PutCensus(t.Context(), state.Census{BeganAt: then, FinishedAt: then, Since: then, By: "the past"}, state.Census{}, time.Hour))
	})
}

// forgetCensus takes away what was counted.
func (w *world) forgetCensus(t *testing.T) {
	t.Helper()
	w.inStore(t, func(store plugins.Store) {
		require.NoError(t, store.Put(t.Context(), plugins.Write{Key: "census"}))
	})
}
