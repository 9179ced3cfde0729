package boltstore

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestModuleFindsItsFile(t *testing.T) {
	t.Setenv("DCR_TEST_STATE", "/srv/state")
	here, err := os.Getwd()
	require.NoError(t, err)
	for _, test := range []struct{ name, path, want string }{
		{"nothing is Caddy's data directory", "", filepath.Join(caddy.AppDataDir(), "dcr", "dcr.db")},
		{"a file is itself", "/var/lib/x.db", "/var/lib/x.db"},
		{"a directory holds the file", "/var/lib/dcr", "/var/lib/dcr/dcr.db"},
		{"a relative path is made absolute", "state", filepath.Join(here, "state", "dcr.db")},
		{"a placeholder is replaced", "{env.DCR_TEST_STATE}/a.db", "/srv/state/a.db"},
	} {
		t.Run(test.name, func(t *testing.T) {
			m := Module{Path: test.path}
			require.NoError(t, m.Provision(caddy.Context{}))
			assert.Equal(t, test.want, m.file)
			assert.Equal(t, "bolt:"+test.want, m.StoreKey())
			dump, err := json.Marshal(m)
			require.NoError(t, err)
			assert.NotContains(t, string(dump), "/srv/state", "what a placeholder holds stays out of dumps")
		})
	}
	for name, path := range map[string]string{
		"an unknown placeholder": "{no.such}/x", "an empty placeholder": "{env.DCR_TEST_NOTHING}",
	} {
		t.Run(name+" is refused by name", func(t *testing.T) {
			m := Module{Path: path}
			require.ErrorContains(t, m.Provision(caddy.Context{}), "bolt store: path: ")
		})
	}
}

func TestModuleOpensItsStore(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "deep", "state")
	m := Module{Path: dir}
	require.NoError(t, m.Provision(caddy.Context{}))
	require.NoDirExists(t, dir, "provisioning touches no disk")
	s, err := m.OpenStore()
	require.NoError(t, err)
	require.NoError(t, s.Close())
	assert.FileExists(t, filepath.Join(dir, "dcr.db"))

	bad := Module{file: filepath.Join(dir, "dcr.db", "below-a-file.db")}
	s, err = bad.OpenStore()
	require.ErrorContains(t, err, bad.file)
	assert.True(t, s == nil, "no typed nil in the interface")
}

func TestCaddyfile(t *testing.T) {
	for _, test := range []struct{ name, input, path, err string }{
		{"alone", "bolt", "", ""},
		{"with a path", "bolt /var/lib/dcr", "/var/lib/dcr", ""},
		{"with an empty block", "bolt /x {\n}", "/x", ""},
		{"with an empty path", `bolt ""`, "", "store bolt: path is empty, at Testfile:1"},
		{"with two paths", "bolt /a /b", "", `store bolt: one path expected, got "/b" too, at Testfile:1`},
		{"with an option", "bolt /a {\n\tsync off\n}", "", `store bolt: unknown option "sync"; it takes a path and no options, at Testfile:2`},
	} {
		t.Run(test.name, func(t *testing.T) {
			var m Module
			err := m.UnmarshalCaddyfile(caddyfile.NewTestDispenser(test.input))
			if test.err != "" {
				require.EqualError(t, err, test.err)
				return
			}
			require.NoError(t, err)
			assert.Equal(t, test.path, m.Path)
		})
	}
}
