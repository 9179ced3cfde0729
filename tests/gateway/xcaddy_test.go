package gateway

import (
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
	output, err = follow(script, tools)
	if err != nil && strings.Contains(string(output), "caddymodule: reading ") {
		// Go asks its proxy first whether the folder is a module of its own. A
		// proxy that answers with an error instead of a no ends it; by then
		// whatever else is needed has been downloaded.
		output, err = follow(script, tools, "GOPROXY=off")
	}
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

// follow runs the recipe in the checkout, with our tools first on the path.
func follow(script, tools string, environment ...string) ([]byte, error) {
	command := exec.Command("bash", "-euo", "pipefail", "-c", script)
	command.Dir = harness.Root()
	// By default xcaddy trims paths, which compiles all of Caddy once more.
	command.Env = append(os.Environ(), "PATH="+tools+":"+os.Getenv("PATH"), "XCADDY_GO_BUILD_FLAGS=-buildvcs=false")
	command.Env = append(command.Env, environment...)
	return command.CombinedOutput()
}
