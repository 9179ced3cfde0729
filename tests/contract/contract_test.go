package contract

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/caddy-dcr/caddy-dcr/internal/contract"
	"github.com/caddy-dcr/caddy-dcr/internal/management"
	"github.com/caddy-dcr/caddy-dcr/plugins/storetest/redistest"
	"github.com/caddy-dcr/caddy-dcr/tests/harness"
)

func app(g *harness.Gateway) string {
	return g.CreateApp(harness.App{Domains: []string{"acme.example"}, Scopes: []string{"api:client:v2", "analytics:client"}})
}

func read(t *testing.T, result harness.Result) contract.Report {
	t.Helper()
	var report contract.Report
	require.NoError(t, json.Unmarshal([]byte(result.Stdout), &report), result.Stdout+result.Stderr)
	return report
}

func failures(report contract.Report) (names []string) {
	for _, c := range report.Checks {
		if !c.Passed {
			names = append(names, c.Section+": "+c.Check+": "+c.Why)
		}
	}
	return names
}

func TestAGatewayKeepsItsContract(t *testing.T) {
	for name, config := range map[string]func() harness.Config{
		"embedded": func() harness.Config { return harness.Config{} },
		"redis, opaque tokens, throttled": func() harness.Config {
			return harness.Config{
				Store:   "redis " + redistest.Start(t, redistest.Options{}).URL(),
				Options: "tokens {\n format opaque\n}\nthrottle {\n rate 5\n burst 20\n}",
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			g := harness.Start(t, config())
			id := app(g)
			result := g.DCR("conformance", g.URL, "--app", id, "--json")
			report := read(t, result)
			assert.Empty(t, failures(report))
			assert.Zero(t, result.Status)
			assert.Greater(t, report.Passed, 40)
			assert.Equal(t, report.Passed, len(report.Checks))
			assert.Empty(t, report.Clients, "what was registered is revoked")
			var list management.Clients
			require.NoError(t, json.Unmarshal([]byte(g.MustDCR("client", "list", "--app", id, "--json")), &list))
			for _, c := range list.Clients {
				assert.Equal(t, "client", c.StoppedBy)
			}
		})
	}
}

func TestAStatementOfOnesOwnAndOneProfile(t *testing.T) {
	g := harness.Start(t, harness.Config{Site: "dcr_issuer {\n\t\tstandards off\n\t}"})
	statement := g.IssueStatement(app(g))
	result := g.CaddyWithInput(statement, "dcr", "conformance", g.URL, "--statement", "-", "--profile", "adobe", "--address", "localhost:1")
	assert.Zero(t, result.Status, result.Stdout)
	assert.Contains(t, result.Stdout, " 0 failed\n")
	assert.Contains(t, result.Stderr, "still registered: ")
	for line := range strings.Lines(result.Stdout) {
		assert.LessOrEqual(t, utf8.RuneCountInString(strings.TrimSuffix(line, "\n")), 80, line)
	}
	off := g.CaddyWithInput(statement, "dcr", "conformance", g.URL, "--statement", "-", "--profile", "standards", "--json")
	assert.Equal(t, 1, off.Status)
	report := read(t, off)
	assert.Contains(t, failures(report)[0], "RFC 8414 section 3: the metadata is where it belongs: ")
}

// What meddles between a gateway and its clients is found by the check that is
// about it.
func TestWhatMeddlesIsFound(t *testing.T) {
	g := harness.Start(t, harness.Config{})
	id := app(g)
	for name, c := range map[string]struct {
		meddle func(*http.Response) error
		check  string
	}{
		"a cache": {func(r *http.Response) error { r.Header.Set("Cache-Control", "max-age=60"); return nil }, "an answer with credentials is JSON that nobody keeps"},
		"a proxy that knows 201 is odd": {func(r *http.Response) error {
			if r.StatusCode == http.StatusCreated {
				r.StatusCode = http.StatusOK
			}
			return nil
		}, "a statement registers a client: 201"},
		"a proxy that hides challenges":      {func(r *http.Response) error { r.Header.Del("WWW-Authenticate"); return nil }, "no token is 401, with a challenge"},
		"a proxy that hides what is allowed": {func(r *http.Response) error { r.Header.Del("Allow"); return nil }, "another method is 405, with Allow"},
	} {
		t.Run(name, func(t *testing.T) {
			target, err := url.Parse(g.URL)
			require.NoError(t, err)
			proxy := httputil.NewSingleHostReverseProxy(target)
			proxy.ModifyResponse = c.meddle
			server := httptest.NewServer(proxy)
			defer server.Close()
			result := g.DCR("conformance", server.URL, "--app", id, "--profile", "adobe", "--json")
			assert.Equal(t, 1, result.Status)
			assert.Contains(t, strings.Join(failures(read(t, result)), "\n"), c.check)
		})
	}
	nobody := g.DCR("conformance", "http://127.0.0.1:1", "--app", id, "--json")
	assert.Equal(t, 1, nobody.Status)
	assert.Zero(t, read(t, nobody).Passed)
}
