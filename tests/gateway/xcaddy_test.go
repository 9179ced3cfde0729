package gateway

import (
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/caddy-dcr/caddy-dcr/tests/harness"
)

// The recipe is for people whose Caddy is not ours: it must work from a clean
// module of xcaddy's own making.
func TestTheRecipeForXcaddyBuildsACaddyWithTheModule(t *testing.T) {
	tools := t.TempDir()
	install := exec.Command("make", "-s", "-C", harness.Root(), "xcaddy")
	output, err := install.CombinedOutput()
	require.NoError(t, err, "%s", output)
	found, err := filepath.Glob(filepath.Join(harness.Root(), ".cache", "bin", "xcaddy-*"))
	require.NoError(t, err)
	require.Len(t, found, 1)
	require.NoError(t, os.Symlink(found[0], filepath.Join(tools, "xcaddy")))

	recipe := blocks(t, "xcaddy.md")
	require.Len(t, recipe, 1, "the recipe stands alone")
	binary := filepath.Join(tools, "caddy")
	script := strings.ReplaceAll(recipe[0], "bin/caddy", binary)
	output, err = follow(script, tools, "GOPROXY="+moduleProxy(t))
	require.NoError(t, err, "%s\n%s", script, output)

	modules, err := exec.Command(binary, "list-modules").Output()
	require.NoError(t, err)
	for _, module := range []string{
		"dcr", "http.handlers.dcr_issuer", "http.handlers.dcr_guard", "dcr.stores.bolt", "dcr.stores.redis",
		"dcr.profiles.rest_v2", "admin.api.dcr",
	} {
		assert.Contains(t, strings.Fields(string(modules)), module)
	}
}

// moduleProxy is the machine's own module proxy, but for our own modules, which
// it answers for as the public one does while a folder is no module of its own:
// Go asks for caddymodule first. Proxies that keep to what they know say
// "forbidden" to that, and end the build.
func moduleProxy(t *testing.T) string {
	t.Helper()
	output, err := exec.Command("go", "env", "GOPROXY").Output()
	require.NoError(t, err)
	first, _, _ := strings.Cut(strings.TrimSpace(string(output)), ",")
	first, _, _ = strings.Cut(first, "|")
	upstream, err := url.Parse(first)
	require.NoError(t, err)
	require.Contains(t, upstream.Scheme, "http", "GOPROXY names no proxy to ask")
	forward := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(upstream) }}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/github.com/caddy-dcr/") {
			http.NotFound(w, r)
			return
		}
		forward.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	return server.URL
}

// follow runs the recipe in the checkout, with our tools first on the path.
func follow(script, tools string, environment ...string) ([]byte, error) {
	command := exec.Command("bash", "-euo", "pipefail", "-c", script)
	command.Dir = harness.Root()
	// By default xcaddy trims paths, which compiles all of Caddy once more.
	command.Env = append(os.Environ(), "PATH="+tools+":"+os.Getenv("PATH"), "XCADDY_GO_BUILD_FLAGS=-buildvcs=false")
	command.Env = append(command.Env, environment...)
	return command.CombinedOutput()
}
