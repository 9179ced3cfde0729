package observability

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/caddy-dcr/caddy-dcr/internal/state"
	"github.com/caddy-dcr/caddy-dcr/plugins"
	"github.com/caddy-dcr/caddy-dcr/plugins/redisstore"
	"github.com/caddy-dcr/caddy-dcr/tests/faults/faultproxy"
	"github.com/caddy-dcr/caddy-dcr/tests/harness"
)

// slow is a second gateway, whose way to Redis can be spoiled.
type slow struct {
	*harness.Gateway
	way *faultproxy.Proxy
}

// joined starts the second gateway, which hears of everything late.
func joined(t *testing.T, w *world) {
	t.Helper()
	way := faultproxy.Start(w.t, w.redis.Addr())
	w.slow = &slow{way: way, Gateway: harness.Prepare(w.t, harness.Config{
		Store: "redis redis://" + way.Addr, Options: "staleness 1m\n\t\tcensus off\n\t\tnode_name slow", Site: "metrics /metrics\n\tdcr_issuer\n",
	})}
	w.slow.Run()
	w.scrape(w.URL, w.slow.URL)
	w.until(t, "for both gateways to be seen", w.healthy, func() bool { return len(w.query("caddy_dcr_feed_position")) == 2 })
	require.NoError(t, way.Set(faultproxy.Fault{Kind: faultproxy.Delay, Delay: 700 * time.Millisecond}))
}

// revocations are thrown while a gateway hears of them late.
func revocations(_ *testing.T, w *world) {
	w.DCR("revoke", "token", uuid.NewString())
}

// fallBehind has the second gateway hear of nothing any more, and the first of
// a hundred changes that change nothing.
func fallBehind(t *testing.T, w *world) {
	t.Helper()
	require.NoError(t, w.slow.way.Set(faultproxy.Fault{Kind: faultproxy.Blackhole, On: faultproxy.Both}))
	w.inStore(t, func(store plugins.Store) {
		for i := range 120 {
			_, err := store.Append(t.Context(), plugins.Write{Key: state.ScopeKey(fmt.Sprintf("nobody:has:%d", i))})
			require.NoError(t, err)
		}
	})
}

// alone ends the second gateway.
func alone(t *testing.T, w *world) {
	t.Helper()
	require.NoError(t, w.slow.way.Set(faultproxy.Fault{}))
	w.slow.Stop()
	w.scrape(w.URL)
}

// meddle writes into the store what no gateway would: an entry that cannot be
// read and is gone at once, a key that is a year older than it was, and, until
// mend, an end of the audit's chain that is none.
func meddle(t *testing.T, w *world) {
	t.Helper()
	w.inStore(t, func(store plugins.Store) {
		garbage := plugins.Write{Key: state.ScopeKey("garbage"), Value: []byte("garbage")}
		_, err := store.Append(t.Context(), garbage, plugins.Write{Key: garbage.Key})
		require.NoError(t, err)

		writes, err := state.ReplaceSigningKeys(nil, aged(t, store))
		require.NoError(t, err)
		_, err = store.Append(t.Context(), writes...)
		require.NoError(t, err)

		head, err := state.Records{Store: store}.AuditHead(t.Context())
		require.NoError(t, err)
		w.chainEnd = head.Raw
		_, err = store.Append(t.Context(), plugins.Write{Key: auditHead, Value: []byte("garbage")})
		require.NoError(t, err)
	})
	require.Zero(t, w.DCR("revoke", "token", uuid.NewString()).Status, "kill switches come first")
}

// auditHead is where the end of the audit's chain stands.
const auditHead = plugins.ReplicaPrefix + "h"

// aged are the keys that sign statements, as if they were a year older.
func aged(t *testing.T, store plugins.Store) []state.SigningKey {
	t.Helper()
	replica := &state.Replica{Store: store, Logger: slog.New(slog.DiscardHandler)}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() { defer close(ended); replica.Run(ctx) }()
	defer func() { stop(); <-ended }()
	harness.Eventually(t, "for the keys to be read", func() bool { return len(replica.Keys()) > 0 })
	var old []state.SigningKey
	const year = 367 * 24 * time.Hour
	for _, key := range replica.Keys() {
		if key.Use == state.KeyForStatements {
			key.CreatedAt -= year.Milliseconds()
			key.SignsFrom -= year.Milliseconds()
			old = append(old, key)
		}
	}
	require.NotEmpty(t, old)
	return old
}

func mend(t *testing.T, w *world) {
	t.Helper()
	w.inStore(t, func(store plugins.Store) {
		_, err := store.Append(t.Context(), plugins.Write{Key: auditHead, Value: w.chainEnd})
		require.NoError(t, err)
	})
	require.Zero(t, w.DCR("app", "create", "--programmer", "Demo", "--name", "After", "--channel", "DemoChannel", "--scope", "api:client:v2").Status)
}

// inStore opens the store beside the gateways.
func (w *world) inStore(t *testing.T, do func(plugins.Store)) {
	t.Helper()
	store, err := redisstore.Open(redisstore.Config{Addresses: []string{w.redis.URL()}})
	require.NoError(t, err)
	defer store.Close()
	do(store)
}

// scrape has Prometheus look at these gateways and at no other.
func (p *prometheus) scrape(urls ...string) {
	p.t.Helper()
	targets := make([]string, len(urls))
	for i, url := range urls {
		targets[i] = `"` + strings.TrimPrefix(url, "http://") + `"`
	}
	p.write("targets.json", `[{"targets": [`+strings.Join(targets, ", ")+`]}]`)
}
