// Package fleet starts gateways that share one store.
package fleet

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/caddy-dcr/caddy-dcr/tests/harness"
)

// Call is the target of an honest call of a protected API.
const Call = "/api/v2/REF30/configuration"

// Config says what a fleet is like.
type Config struct {
	// Stores are the argument of the `store` option of each gateway, such as
	// "redis redis://127.0.0.1:6379"; empty is a file of its own.
	Stores []string
	// Staleness is how long the gateways go on without their store.
	Staleness time.Duration
	// Options are further lines of the dcr block.
	Options string
}

// All gateways of a fleet have one name as an issuer, as those behind one load
// balancer do.
const template = `{
	admin localhost:{ADMIN}
	auto_https off
	storage file_system {DIR}/caddy
	dcr {
		issuer http://fleet.test
		store STORE
		allow_http
		staleness STALENESS
		node_name NODE
		OPTIONS
	}
}

http://127.0.0.1:{HTTP} {
	dcr_issuer
	dcr_proxy rest_v2 BACKEND
}
`

// Prepare makes the gateways and starts none of them.
func Prepare(tb testing.TB, config Config) []*harness.Gateway {
	tb.Helper()
	backend := mirror(tb)
	var gateways []*harness.Gateway
	for i, store := range config.Stores {
		if store == "" {
			store = "bolt {DIR}/dcr"
		}
		gateways = append(gateways, harness.Prepare(tb, harness.Config{Caddyfile: strings.NewReplacer(
			"STORE", store, "STALENESS", config.Staleness.String(), "NODE", Name(i),
			"OPTIONS", config.Options, "BACKEND", backend,
		).Replace(template)}))
	}
	return gateways
}

// Start makes and starts the gateways.
func Start(tb testing.TB, config Config) []*harness.Gateway {
	tb.Helper()
	gateways := Prepare(tb, config)
	for _, gateway := range gateways {
		gateway.Run()
	}
	return gateways
}

// Name is what gateway number i calls itself.
func Name(i int) string { return fmt.Sprintf("gateway-%d", i+1) }

// mirror starts a protected API that answers who called, as the gateway says.
func mirror(tb testing.TB) string {
	tb.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, r.Header.Get("X-DCR-Client-ID"))
	}))
	tb.Cleanup(server.Close)
	return strings.TrimPrefix(server.URL, "http://")
}
