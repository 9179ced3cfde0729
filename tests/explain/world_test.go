package explain

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/caddy-dcr/caddy-dcr/internal/management"
	"github.com/caddy-dcr/caddy-dcr/plugins/storetest/redistest"
	"github.com/caddy-dcr/caddy-dcr/tests/harness"
)

// channel is the one that the applications of these tests serve.
const channel = "REF30"

// stores are the stores that the tests run over.
var stores = []struct {
	name string
	// start answers the argument of the `store` option; empty is the embedded one.
	start func(testing.TB) string
}{
	{"embedded", func(testing.TB) string { return "" }},
	{"redis", func(tb testing.TB) string { return "redis " + redistest.Start(tb, redistest.Options{}).URL() }},
}

// world is a gateway before a backend that nobody may reach whose request is
// refused, or only tried out.
type world struct {
	*harness.Gateway
	backend *harness.Backend
}

func overStores(t *testing.T, test func(t *testing.T, w *world)) {
	t.Helper()
	for _, store := range stores {
		t.Run(store.name, func(t *testing.T) { test(t, newWorld(t, store.start(t), "", "")) })
	}
}

// newWorld starts one with further lines of the dcr block and of the site.
func newWorld(t *testing.T, store, options, site string) *world {
	t.Helper()
	backend := harness.StartBackend(t, "api")
	w := &world{backend: backend}
	w.Gateway = harness.Start(t, harness.Config{
		Store: store, Options: options,
		Site: site + fmt.Sprintf(`
	dcr_issuer
	dcr_proxy rest_v2 %[1]s
	dcr_proxy temp_pass %[1]s
	dcr_proxy sdk %[1]s
	dcr_proxy proxy_mvpd %[1]s {
		allow_ips 192.0.2.0/24
	}
`, backend.Addr),
	})
	return w
}

func v2App() harness.App {
	return harness.App{Programmer: "Demo", Name: "Living room", Channels: []string{channel}, Scopes: []string{"api:client:v2"}}
}

// call is an honest request of API V2 for a channel.
func call(named string) string { return "/api/v2/" + named + "/configuration" }

// explanation asks for what the gateway remembers of an answer, and how a
// person reads it.
func explanation(t *testing.T, g *harness.Gateway, trace string) (x management.Explanation, text string) {
	t.Helper()
	require.NoError(t, json.Unmarshal([]byte(g.MustDCR("explain", trace, "--json")), &x))
	return x, g.MustDCR("explain", trace)
}

// logged finds the access log's line with the trace.
func logged(t *testing.T, g *harness.Gateway, trace string) map[string]any {
	t.Helper()
	var line map[string]any
	harness.Eventually(t, "for the access log to have the trace "+trace, func() bool {
		scanner := bufio.NewScanner(strings.NewReader(g.Log()))
		scanner.Buffer(nil, 1<<20)
		for scanner.Scan() {
			var found map[string]any
			if strings.Contains(scanner.Text(), trace) && json.Unmarshal(scanner.Bytes(), &found) == nil && found["dcr_trace"] == trace {
				line = found
				return true
			}
		}
		return false
	})
	return line
}

func read(file string) string {
	text, _ := os.ReadFile(file) // there is none yet
	return string(text)
}
