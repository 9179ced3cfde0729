package redisstore

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/caddy-dcr/caddy-dcr/plugins"
	"github.com/caddy-dcr/caddy-dcr/plugins/storetest/redistest"
)

// about picks the findings of one aspect.
func about(findings []plugins.Finding, aspect plugins.Aspect) []plugins.Finding {
	return slices.DeleteFunc(slices.Clone(findings), func(f plugins.Finding) bool { return f.Aspect != aspect })
}

func TestExamine(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name    string
		options redistest.Options
		aspect  plugins.Aspect
		says    string
		do      string // empty is all well
	}{
		{"its version", redistest.Options{}, plugins.StoreVersion, "has version", ""},
		{"an append-only file", redistest.Options{Persist: true}, plugins.StorePersistence, "append-only", ""},
		{"snapshots", redistest.Options{Args: []string{"--save", "900", "1"}}, plugins.StorePersistence, "saves snapshots", ""},
		{"nothing on disk", redistest.Options{}, plugins.StorePersistence, "nothing on disk", "appendonly yes"},
		{"no eviction", redistest.Options{}, plugins.StoreEviction, "evicts nothing", ""},
		{"eviction", redistest.Options{Args: []string{"--maxmemory-policy", "allkeys-lru"}}, plugins.StoreEviction, "(allkeys-lru)", "noeviction"},
		{"memory without end", redistest.Options{}, plugins.StoreMemory, "no maxmemory", ""},
		{"memory to spare", redistest.Options{Args: []string{"--maxmemory", "1gb"}}, plugins.StoreMemory, "of 1024 MiB", ""},
		{"memory that is nearly used up", redistest.Options{Args: []string{"--maxmemory", "1mb"}}, plugins.StoreMemory, "of 1 MiB", "more memory"},
		{"the default user's rights", redistest.Options{}, plugins.StoreRights, "may do all", ""},
		{"the least rights", redistest.Options{User: "dcr", Password: "x", Rules: leastRights}, plugins.StoreRights, "may do all", ""},
		{"the machine itself", redistest.Options{}, plugins.StoreTransport, "on this machine", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			server := redistest.Start(t, test.options)
			s := mustOpen(t, Config{Addresses: []string{server.URL()}, Username: test.options.User, Password: test.options.Password})
			findings, err := s.Examine(t.Context())
			require.NoError(t, err)
			found := about(findings, test.aspect)
			require.Len(t, found, 1, "%+v", findings)
			assert.Contains(t, found[0].Says, test.says)
			assert.Contains(t, found[0].Do, test.do)
			assert.Equal(t, test.do == "", found[0].Do == "", found[0].Do)
			assert.Equal(t, "0", server.Do("DBSIZE"), "nothing stays behind")
		})
	}
}

// Each command of the least rights is missed when it is not there; none that
// the documentation asks for goes untried.
func TestARightThatIsMissingIsNamed(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t, redistest.Options{User: "dcr", Password: "x", Rules: leastRights})
	s := mustOpen(t, Config{Addresses: []string{server.URL()}, Username: "dcr", Password: "x"})
	var tried []string
	for _, r := range needed {
		tried = append(tried, "+"+r.command)
		if r.command == "info" {
			continue // without it nothing can be examined, which Examine says as an error
		}
		server.Do("ACL", "SETUSER", "dcr", "-"+r.command)
		findings, err := s.Examine(t.Context())
		require.NoError(t, err, r.command)
		found := about(findings, plugins.StoreRights)[0]
		assert.True(t, strings.HasSuffix(found.Says, ": "+r.command), found.Says)
		assert.Equal(t, "ACL SETUSER <user> ~dcr:* +"+r.command, found.Do)
		server.Do("ACL", "SETUSER", "dcr", "+"+r.command)
		assert.Equal(t, "0", server.Do("DBSIZE"), r.command)
	}
	granted := strings.Fields(leastRights)[3:]
	assert.ElementsMatch(t, granted, tried)
	for _, path := range []string{"doc.go", "../../docs/operations.md"} {
		page, err := os.ReadFile(path)
		require.NoError(t, err)
		for _, command := range tried {
			assert.Contains(t, string(page), command, path)
		}
	}
}

func TestRightsOnOtherKeysOnlyAreNotEnough(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t, redistest.Options{User: "dcr", Password: "x", Rules: strings.Replace(leastRights, "~dcr:*", "~other:*", 1)})
	s := mustOpen(t, Config{Addresses: []string{server.URL()}, Username: "dcr", Password: "x"})
	findings, err := s.Examine(t.Context())
	require.NoError(t, err)
	found := about(findings, plugins.StoreRights)[0]
	assert.Contains(t, found.Says, "not on the keys dcr:*")
	assert.NotEmpty(t, found.Do)
}

func TestClearTextThroughANetworkIsNamed(t *testing.T) {
	for address, wants := range map[string]string{
		"redis://127.0.0.1:6379": "", "redis://localhost": "", "redis://[::1]:6379": "", "unix:///run/redis.sock": "",
		"rediss://redis.example.com": "", "redis://redis.example.com": "redis.example.com:6379", "redis://10.0.0.7:6380": "10.0.0.7:6380",
	} {
		s := mustOpen(t, Config{Addresses: []string{address}})
		found := s.transport()
		assert.Equal(t, wants == "", found.Do == "", address)
		assert.Contains(t, found.Says, wants)
	}
}

func TestExamineLooksAtEveryServerOfACluster(t *testing.T) {
	t.Parallel()
	c := redistest.StartCluster(t, redistest.Options{User: "dcr", Password: "s3cret", Rules: leastRights + clusterRights})
	s := mustOpen(t, Config{Addresses: urls(c.Addrs()[:1]), Cluster: true, Username: "dcr", Password: "s3cret"})
	findings, err := s.Examine(t.Context())
	require.NoError(t, err)
	assert.Len(t, about(findings, plugins.StoreVersion), len(c.Nodes))
	rights := about(findings, plugins.StoreRights)
	require.Len(t, rights, 1)
	assert.Empty(t, rights[0].Do)
	for _, node := range c.Nodes {
		node.Do("ACL", "SETUSER", "dcr", "-asking")
	}
	findings, err = s.Examine(t.Context())
	require.NoError(t, err)
	assert.Equal(t, "ACL SETUSER <user> ~dcr:* +asking", about(findings, plugins.StoreRights)[0].Do)
}
