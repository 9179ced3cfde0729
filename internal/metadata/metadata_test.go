package metadata_test

import (
	"encoding/json"
	"flag"
	"net/url"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/caddy-dcr/caddy-dcr/internal/metadata"
	"github.com/caddy-dcr/caddy-dcr/plugins"
)

var update = flag.Bool("update", false, "write the golden files instead of comparing with them")

func golden(t *testing.T, name string, document any) {
	t.Helper()
	got, err := json.MarshalIndent(document, "", "  ")
	require.NoError(t, err)
	file := filepath.Join("testdata", name)
	if *update {
		require.NoError(t, os.WriteFile(file, append(got, '\n'), 0o644))
		return
	}
	want, err := os.ReadFile(file)
	require.NoError(t, err)
	assert.Equal(t, string(want), string(got)+"\n", "if the change is meant, run the test with -update")
}

func TestTheServersDocumentHasItsGoldenForm(t *testing.T) {
	at := metadata.Endpoints{Token: "https://a/t", Keys: "https://a/k", Registration: "https://a/g", Revocation: "https://a/v", Introspection: "https://a/i"}
	golden(t, "server.json", metadata.OfServer("https://a", at, []string{"analytics:client", "api:client:v2"}))
}

func TestTheWellKnownNameStandsBeforeThePath(t *testing.T) {
	for identifier, want := range map[string]string{
		"https://sp.example.com":           "/.well-known/oauth-authorization-server",
		"https://sp.example.com/":          "/.well-known/oauth-authorization-server",
		"https://sp.example.com/tenant1":   "/.well-known/oauth-authorization-server/tenant1",
		"https://sp.example.com/a/b/":      "/.well-known/oauth-authorization-server/a/b",
		"https://sp.example.com:8443/a%20": "/.well-known/oauth-authorization-server/a ",
	} {
		parsed, err := url.Parse(identifier)
		require.NoError(t, err)
		assert.Equal(t, want, metadata.Path(metadata.AtServer, parsed), identifier)
	}
}

func TestTheResourcesDocumentHasItsGoldenForm(t *testing.T) {
	api := plugins.API{
		Title: "Entitlement Service Monitoring", QueryToken: "access_token",
		Routes: []plugins.Route{{Scopes: []string{"b", "a"}}, {Open: true}, {Scopes: []string{"b"}}},
	}
	golden(t, "resource.json", metadata.OfResource("https://mgmt.example.com/esm", "https://sp.example.com", api))
	golden(t, "resource_bare.json", metadata.OfResource("https://mgmt.example.com", "https://sp.example.com", plugins.API{}))
}

func TestAnAddressHasNoSlashAtItsEnd(t *testing.T) {
	for prefix, want := range map[string]string{"/": "", "/esm/": "/esm", "/api/v2/": "/api/v2", "/a": "/a"} {
		assert.Equal(t, want, metadata.OfPrefix(prefix))
	}
}
