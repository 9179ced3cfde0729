package moves

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/caddy-dcr/caddy-dcr/plugins/storetest/redistest"
	"github.com/caddy-dcr/caddy-dcr/tests/faults/fleet"
	"github.com/caddy-dcr/caddy-dcr/tests/harness"
)

// A gateway moves from its file to Redis, and from there to another file, while
// clients register, get tokens, call, and are killed. Nothing that was
// acknowledged is lost, and no client is told anything but the truth.
func TestAGatewayMovesToRedisAndBackUnderLoad(t *testing.T) {
	redis := redistest.Start(t, redistest.Options{})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusOK) }))
	t.Cleanup(server.Close)
	backend := strings.TrimPrefix(server.URL, "http://")
	config := func(store string) harness.Config {
		return harness.Config{Store: store, Options: "tokens {\nformat opaque\n}", Site: "dcr_issuer\ndcr_proxy rest_v2 " + backend}
	}
	embedded, there := config("bolt {DIR}/first.db"), config("redis "+redis.URL())
	g := harness.Start(t, embedded)
	application := g.CreateApp(fleet.App())
	x := begin(g, g.IssueStatement(application))
	time.Sleep(time.Second)

	g.Configure(there)
	clash := there
	clash.Site += "\n}\nhttp://" + backend + " {\nrespond hello"

	moved := func() {
		t.Helper()
		began := time.Now()
		assert.Contains(t, g.MustDCR("store", "move", g.Caddyfile()), "both stores are alike")
		t.Logf("copied in %s", time.Since(began))
	}
	moved()
	assert.Contains(t, g.MustDCR("store", "status"), "alike")

	// A reload that fails is taken back, and leaves the stores alike.
	g.Configure(clash)
	failed := g.Reload()
	require.NotZero(t, failed.Status)
	assert.Contains(t, failed.Stderr, "address already in use")
	harness.Eventually(t, "for the gateway to be back with the first store", func() bool {
		return strings.Contains(g.MustDCR("store", "status"), "alike")
	})

	g.Configure(there)
	require.Zero(t, g.Reload().Status)
	time.Sleep(time.Second)
	harness.Eventually(t, "for the move to be finished", func() bool { return strings.Contains(g.MustDCR("store", "status"), "idle") })
	assert.Contains(t, g.MustDCR("audit", "verify"), "one whole chain")

	// And back, into another file.
	g.Configure(config("bolt {DIR}/second.db"))
	moved()
	require.Zero(t, g.Reload().Status)
	time.Sleep(time.Second)
	harness.Eventually(t, "for the move to be finished", func() bool { return strings.Contains(g.MustDCR("store", "status"), "idle") })
	x.end()
	x.nothingLost(t)
	assert.Contains(t, g.MustDCR("audit", "verify"), "one whole chain")
	assert.Contains(t, g.MustDCR("app", "list"), application)

	// What was left is out of date, and nobody works with it by mistake.
	g.Configure(embedded)
	old := g.Reload()
	assert.NotZero(t, old.Status)
	assert.Contains(t, old.Stderr, "has moved from this store to another one")
	assert.Contains(t, g.MustDCR("app", "list"), application)
	g.Configure(there)
	again := g.DCR("store", "move", g.Caddyfile())
	assert.Equal(t, 1, again.Status)
	assert.Contains(t, again.Stderr, "not empty")
}

// Until the reload the first store is the one that counts, whatever happens to
// the process.
func TestACrashDuringAMoveLosesNothing(t *testing.T) {
	redis := redistest.Start(t, redistest.Options{})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusOK) }))
	t.Cleanup(server.Close)
	config := func(store string) harness.Config {
		return harness.Config{
			Store: store, Options: "tokens {\nformat opaque\n}", Site: "dcr_issuer\ndcr_proxy rest_v2 " + strings.TrimPrefix(server.URL, "http://"),
		}
	}
	g := harness.Start(t, config("bolt {DIR}/first.db"))
	application := g.CreateApp(fleet.App())
	x := begin(g, g.IssueStatement(application))
	g.Configure(config("redis " + redis.URL()))
	g.MustDCR("store", "move", g.Caddyfile())
	time.Sleep(500 * time.Millisecond)
	g.Kill()
	x.end()

	// What the crash left half-way is not taken for the whole.
	other := harness.Prepare(t, config("redis "+redis.URL()))
	result := other.Caddy("run", "--config", other.Caddyfile(), "--adapter", "caddyfile")
	assert.NotZero(t, result.Status)
	assert.Contains(t, result.Stderr, "was not finished")

	g.Configure(config("bolt {DIR}/first.db"))
	g.Run()
	x.nothingLost(t)
}
