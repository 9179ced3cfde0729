package gateway

import (
	"fmt"
	"strings"
	"testing"

	"github.com/caddy-dcr/caddy-dcr/plugins/storetest/redistest"
	"github.com/caddy-dcr/caddy-dcr/tests/harness"
)

// stores are the stores that every test of this package runs over.
var stores = []struct {
	name string
	// start answers the argument of the `store` option; empty is the embedded one.
	start func(testing.TB) string
}{
	{"embedded", func(testing.TB) string { return "" }},
	{"redis", func(tb testing.TB) string { return "redis " + redistest.Start(tb, redistest.Options{}).URL() }},
}

// world is a gateway before one backend for each protected API.
type world struct {
	*harness.Gateway
	backends map[string]*harness.Backend
}

// settings are what a test wants to be different.
type settings struct {
	options string            // further lines of the dcr block
	global  string            // further lines of the global options
	profile map[string]string // block of a profile's dcr_proxy
	issuer  string            // block of dcr_issuer
	site    string            // further lines of the site
}

// profiles are the names of the protected APIs, as dcr_proxy takes them.
var profiles = []string{"temp_pass", "degradation", "proxy_mvpd", "esm", "rest_v1", "rest_v2", "sdk"}

// overStores runs the test once for each store.
func overStores(t *testing.T, s settings, test func(t *testing.T, w *world)) {
	t.Helper()
	for _, store := range stores {
		t.Run(store.name, func(t *testing.T) {
			test(t, newWorld(t, store.start(t), s))
		})
	}
}

func newWorld(t *testing.T, store string, s settings) *world {
	t.Helper()
	w := &world{backends: map[string]*harness.Backend{}}
	var site strings.Builder
	fmt.Fprintf(&site, "dcr_issuer {\n\t\t%s\n\t}\n", s.issuer)
	for _, profile := range profiles {
		backend := harness.StartBackend(t, profile)
		w.backends[profile] = backend
		fmt.Fprintf(&site, "\tdcr_proxy %s %s {\n\t\t%s\n\t}\n", profile, backend.Addr, s.profile[profile])
	}
	site.WriteString(s.site)
	w.Gateway = harness.Start(t, harness.Config{Store: store, Options: s.options, Global: s.global, Site: site.String()})
	return w
}

// forget drops what the backends have recorded.
func (w *world) forget() {
	for _, backend := range w.backends {
		backend.Forget()
	}
}

// untouched fails the test when any backend saw anything.
func (w *world) untouched(t *testing.T) {
	t.Helper()
	for name, backend := range w.backends {
		if seen := backend.Seen(); len(seen) > 0 {
			t.Errorf("backend %s was reached: %+v", name, seen)
		}
	}
}
