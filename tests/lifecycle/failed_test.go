package lifecycle

import (
	"fmt"
	"net"
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/caddy-dcr/caddy-dcr/tests/harness"
)

// broken are the reloads that a gateway refuses, from the first look at the
// text to the moment when everything but one thing runs already.
var broken = []struct {
	name   string
	change func(s *settings, busy string)
	says   string
}{
	{"an unknown option", func(s *settings, _ string) { s.options += "\nlifetime 1h" }, `unknown option \"lifetime\"`},
	{"an issuer that is none", func(s *settings, _ string) { s.issuer = "gateway.test" }, `issuer: got \"gateway.test\"`},
	{"a lifetime that is too long", func(s *settings, _ string) { s.options += "\ntokens {\nlifetime 48h\n}" }, "lifetime: got 48h"},
	{"a route without a scope", func(s *settings, _ string) { s.site += "\ndcr_guard /x/* {\nroute GET /x/y\n}" }, "routes[0].scopes"},
	{"keys that are not there", func(s *settings, _ string) { s.options += "\ntrusted_issuer other {\nkey /dev/null/key.pem\n}" }, "key.pem"},
	{"a throttled route without a throttle", func(s *settings, _ string) { s.site += "\ndcr_guard /x/* {\nroute GET /x/y {\nopen\nthrottle\n}\n}" }, "write throttle there"},
	{"a port in use", func(s *settings, busy string) { s.sites += "\nhttp://" + busy + " {\nrespond hello\n}" }, "address already in use"},
	{"a store that cannot be opened", func(s *settings, _ string) { s.store = "bolt /dev/null/dcr" }, "opening the store"},
	{"another name, and a port in use", func(s *settings, busy string) {
		s.options += "\nnode_name another"
		s.sites += "\nhttp://" + busy + " {\nrespond hello\n}"
	}, "address already in use"},
}

func TestAReloadThatFailsChangesNothing(t *testing.T) {
	t.Parallel()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { taken.Close() })
	for _, store := range stores {
		t.Run(store.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, settings{store: store.start(t)})
			for _, c := range broken {
				t.Run(c.name, func(t *testing.T) {
					held := w.hold(t, 5)
					half := w.begin(t, "/o/client/register", "application/json", w.registration())
					handled := w.handled(t)
					counts, load := w.scrape(t), w.gather(t)
					next := w.running
					c.change(&next, taken.Addr().String())
					for range 3 {
						answer := w.reload(next)
						require.NoError(t, answer.err)
						require.Equal(t, http.StatusBadRequest, answer.Status)
						require.Contains(t, answer.Body, c.says)
						load.more(t)
					}
					w.mayBeManaged(t)
					load.end(t)
					counts.end(t)
					assert.EqualValues(t, load.calls.Load(), w.handled(t)-handled, "requests that reached the gateway, and were lost there")
					half.finish(t, http.StatusCreated)
					held.finish(t)
				})
			}
			w.mustReload(t, w.running)
			w.mayBeManaged(t)
		})
	}
}

// mayBeManaged uses the management API, which after a failed reload belongs to
// the configuration that failed, for the one that runs.
func (w *world) mayBeManaged(t *testing.T) {
	t.Helper()
	application := w.CreateApp(harness.App{Name: fmt.Sprintf("made in %s", t.Name())[:40], Scopes: []string{"api:client:v2"}})
	assert.Contains(t, w.MustDCR("app", "list"), application)
	assert.NotEmpty(t, w.IssueStatement(application))
	assert.Contains(t, w.MustDCR("routes"), "/api/v2/")
}

func TestTheCommandSaysWhyAReloadFailed(t *testing.T) {
	t.Parallel()
	w := newWorld(t, settings{store: stores[0].start(t)})
	good := w.Gateway.Reload()
	require.Zero(t, good.Status, good.Stderr)
	next := w.running
	next.issuer = "gateway.test"
	w.Configure(harness.Config{Caddyfile: w.caddyfile(next)})
	bad := w.Gateway.Reload()
	assert.Equal(t, 1, bad.Status)
	assert.Regexp(t, `issuer: got \\"gateway.test\\", want an https URL.*, at \S*Caddyfile:\d+`, bad.Stderr)
	w.mayBeManaged(t)
}
