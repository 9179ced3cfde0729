// Package profiles tests the descriptions of the protected APIs as an operator
// and a reviewer meet them: by request, as golden JSON, and in the docs.
package profiles

import (
	"flag"
	"testing"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/caddy-dcr/caddy-dcr/plugins"
	_ "github.com/caddy-dcr/caddy-dcr/plugins/degradation"
	_ "github.com/caddy-dcr/caddy-dcr/plugins/esm"
	_ "github.com/caddy-dcr/caddy-dcr/plugins/proxymvpd"
	_ "github.com/caddy-dcr/caddy-dcr/plugins/restv1"
	_ "github.com/caddy-dcr/caddy-dcr/plugins/restv2"
	_ "github.com/caddy-dcr/caddy-dcr/plugins/sdk"
	_ "github.com/caddy-dcr/caddy-dcr/plugins/temppass"
	_ "github.com/caddy-dcr/caddy-dcr/tests/profiles/catalog"
)

// update rewrites the golden files and the tables in the docs.
var update = flag.Bool("update", false, "write testdata and the tables of docs/apis anew")

// profile is everything that a profile of ours offers.
type profile interface {
	plugins.Profile
	caddy.Validator
	caddyfile.Unmarshaler
	Options() []string
}

// names lists the profiles in the order in which people read about them.
var names = []string{"temp_pass", "degradation", "proxy_mvpd", "esm", "rest_v2", "rest_v1", "sdk"}

// load makes a profile from the lines of its block, as the guard would.
func load(t *testing.T, name string, lines ...string) profile {
	t.Helper()
	info, err := caddy.GetModule("dcr.profiles." + name)
	require.NoError(t, err)
	loaded, ok := info.New().(profile)
	require.True(t, ok, "%T lacks a method", info.New())

	text := name + " {\n"
	for _, line := range lines {
		text += "\t" + line + "\n"
	}
	require.NoError(t, loaded.UnmarshalCaddyfile(caddyfile.NewTestDispenser(text+"}")))
	require.NoError(t, loaded.Validate())
	return loaded
}

func TestTheNamespaceHoldsExactlyTheListedProfiles(t *testing.T) {
	var registered []string
	for _, info := range caddy.GetModules("dcr.profiles") {
		registered = append(registered, info.ID.Name())
	}
	// catalog is the example of docs/apis/README.md, a stranger's profile.
	assert.ElementsMatch(t, append([]string{"catalog"}, names...), registered)
}

func TestAProfileIsNamedLikeItsModule(t *testing.T) {
	for _, name := range names {
		assert.Equal(t, name, load(t, name).API().Name)
	}
}

func TestTheScopeOptionReplacesTheScopesOfEveryProtectedRoute(t *testing.T) {
	for _, name := range names {
		for _, route := range load(t, name, "scope our:read our:write").API().Routes {
			if route.Open {
				assert.Empty(t, route.Scopes, "%s %s", name, route.Path)
				continue
			}
			assert.Equal(t, []string{"our:read", "our:write"}, route.Scopes, "%s %s", name, route.Path)
		}
		for _, route := range load(t, name).API().Routes {
			assert.NotContains(t, route.Scopes, "our:read", "the option of one instance reached another")
		}
	}
}

func TestTheDescriptionCanBeChangedWithoutReachingAnother(t *testing.T) {
	for _, name := range names {
		loaded := load(t, name)
		loaded.API().Routes[0].Path = "/elsewhere"
		assert.NotEqual(t, "/elsewhere", loaded.API().Routes[0].Path, name)
	}
}
