package kills

import (
	"cmp"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/caddy-dcr/caddy-dcr/internal/management"
	"github.com/caddy-dcr/caddy-dcr/plugins/storetest/redistest"
	"github.com/caddy-dcr/caddy-dcr/tests/faults/fleet"
	"github.com/caddy-dcr/caddy-dcr/tests/harness"
)

// world is one gateway over a store of its own, or several over one. Kills are
// thrown at the first and looked for at each.
type world struct {
	gateways []*harness.Gateway
	// common is an application for every channel.
	common string
	// doomed and partner are issuers of statements whom the gateways trust.
	doomed, partner *issuer
}

// settings say what a test's gateways are like.
type settings struct {
	store    string // the argument of the `store` option; empty is a file
	gateways int    // how many; zero is one
	options  string // further lines of the dcr block
	name     string // of all of them; empty gives each its own
}

const template = `{
	admin localhost:{ADMIN}
	auto_https off
	storage file_system {DIR}/caddy
	dcr {
		issuer http://kills.test
		store STORE
		allow_http
		node_name NODE
		OPTIONS
	}
}

http://127.0.0.1:{HTTP} {
	dcr_issuer
	dcr_proxy temp_pass BACKEND
	dcr_proxy rest_v2 BACKEND
}
`

// start starts the gateways and registers the common application.
func start(t *testing.T, s settings) *world {
	t.Helper()
	w := &world{doomed: newIssuer(t, "doomed.example"), partner: newIssuer(t, "partner.example")}
	if s.store == "" {
		s.store = "bolt {DIR}/dcr"
	}
	backend := harness.StartBackend(t, "backend")
	for i := range max(1, s.gateways) {
		g := harness.Prepare(t, harness.Config{Caddyfile: strings.NewReplacer(
			"STORE", s.store, "NODE", cmp.Or(s.name, fleet.Name(i)), "BACKEND", backend.Addr,
			"OPTIONS", s.options+w.doomed.trust()+w.partner.trust(),
		).Replace(template)})
		g.Run()
		w.gateways = append(w.gateways, g)
	}
	w.common = w.first().CreateApp(app())
	w.gather(t)
	return w
}

// fleetOfTwo is two gateways over one Redis.
func fleetOfTwo(t *testing.T) *world {
	t.Helper()
	return start(t, settings{store: "redis " + redistest.Start(t, redistest.Options{}).URL(), gateways: 2})
}

// everywhere runs the test for one gateway with the embedded store and for two
// over Redis.
func everywhere(t *testing.T, options string, test func(t *testing.T, w *world)) {
	t.Helper()
	t.Parallel()
	t.Run("embedded", func(t *testing.T) {
		t.Parallel()
		test(t, start(t, settings{options: options}))
	})
	t.Run("redis, two gateways", func(t *testing.T) {
		t.Parallel()
		redis := redistest.Start(t, redistest.Options{})
		test(t, start(t, settings{store: "redis " + redis.URL(), gateways: 2, options: options}))
	})
}

// app is an application that may call both APIs for every channel.
func app() harness.App {
	return harness.App{Scopes: []string{"temporary:passes:owner", "api:client:v2"}}
}

func (w *world) first() *harness.Gateway { return w.gateways[0] }

// gather waits until the gateways know of one another.
func (w *world) gather(t *testing.T) {
	t.Helper()
	harness.Eventually(t, "for every gateway to report", func() bool {
		return len(w.revocation(t, w.first().DCR("revoke", "platform", "Tizen", "--json")).Nodes) == len(w.gateways)
	})
}

// kill throws the switch at the first gateway, and wants every gateway to have
// applied it when the command ends.
func (w *world) kill(t *testing.T, kind, id string, flags ...string) management.Revocation {
	t.Helper()
	arguments := append([]string{"revoke", "--reason", "a test of kills", "--json"}, flags...)
	// One key in 64 has an id that begins with a hyphen.
	return w.applied(t, w.first().DCR(append(arguments, "--", kind, id)...))
}

// lift puts the switch back.
func (w *world) lift(t *testing.T, kind, id string) management.Revocation {
	t.Helper()
	return w.applied(t, w.first().DCR("unrevoke", kind, id, "--json"))
}

func (w *world) applied(t *testing.T, result harness.Result) management.Revocation {
	t.Helper()
	require.Zero(t, result.Status, result.Stdout+result.Stderr)
	r := w.revocation(t, result)
	assert.True(t, r.Applied, result.Stdout)
	require.Len(t, r.Nodes, len(w.gateways), result.Stdout)
	for i, node := range r.Nodes {
		assert.Equal(t, fleet.Name(i), node.Name)
		assert.True(t, node.Applied, node.Name)
	}
	return r
}

func (w *world) revocation(t *testing.T, result harness.Result) management.Revocation {
	t.Helper()
	var r management.Revocation
	require.NoError(t, json.Unmarshal([]byte(result.Stdout), &r), result.Stdout+result.Stderr)
	return r
}

// issue waits for a statement, since the key may have been killed just now.
func (w *world) issue(t *testing.T, application string) string {
	t.Helper()
	var result harness.Result
	harness.Eventually(t, "for a statement", func() bool {
		result = w.first().DCR("statement", "issue", application)
		return result.Status == 0
	})
	return strings.TrimSpace(result.Stdout)
}

// ask reads what a command prints as JSON.
func ask[T any](t *testing.T, g *harness.Gateway, arguments ...string) T {
	t.Helper()
	var answer T
	result := g.DCR(append(arguments, "--json")...)
	require.NoError(t, json.Unmarshal([]byte(result.Stdout), &answer), fmt.Sprintf("%v: %+v", arguments, result))
	return answer
}
