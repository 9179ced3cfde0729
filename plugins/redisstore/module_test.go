package redisstore

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// hush is a secret that no error, key or dump may hold.
const hush = "hu5h-secret"

func TestProvisionResolvesSecretsOutOfSight(t *testing.T) {
	t.Setenv("DCR_TEST_URL", "redis://dcr:"+hush+"@redis.example:7000/3")
	file := filepath.Join(t.TempDir(), "password")
	require.NoError(t, os.WriteFile(file, []byte(hush+"2\n"), 0o600))
	m := Module{Config: Config{
		Addresses: []string{"{env.DCR_TEST_URL}"}, SentinelMaster: "main", SentinelPassword: "{file." + file + "}",
	}}
	require.NoError(t, m.Provision(caddy.Context{}))
	options, err := m.resolved.options()
	require.NoError(t, err)
	assert.Equal(t, []string{"redis.example:7000"}, options.Addrs)
	assert.Equal(t, "dcr", options.Username)
	assert.Equal(t, hush, options.Password)
	assert.Equal(t, hush+"2", options.SentinelPassword, "a secret's file ends in a line break")
	assert.Equal(t, 3, options.DB)
	dump, err := json.Marshal(m)
	require.NoError(t, err)
	assert.NotContains(t, string(dump), hush)
	assert.NotContains(t, m.StoreKey(), hush)
	assert.Contains(t, m.StoreKey(), "redis:redis.example:7000#")
}

func TestProvisionErrorsNameTheFieldAndKeepSecrets(t *testing.T) {
	t.Setenv("DCR_TEST_BROKEN_URL", "redis://dcr:"+hush+"/@redis.example")
	t.Setenv("DCR_TEST_PASSWORD", hush)
	one := []string{"redis://localhost"}
	tlsOne := []string{"rediss://localhost"}
	notPEM := filepath.Join(t.TempDir(), "not.pem")
	require.NoError(t, os.WriteFile(notPEM, []byte(hush), 0o600))
	for _, test := range []struct {
		name   string
		config Config
		want   string
	}{
		{"no address", Config{}, "addresses: none given"},
		{"two addresses of nothing", Config{Addresses: []string{"redis://a", "redis://b"}}, "addresses: more than one needs cluster or sentinel"},
		{"a password that breaks the URL", Config{Addresses: []string{"{env.DCR_TEST_BROKEN_URL}"}}, "address 1: not a URL"},
		{"no scheme", Config{Addresses: []string{"localhost:6379"}}, "address 1: "},
		{"another scheme", Config{Addresses: []string{"http://localhost"}}, "address 1: must begin with redis://"},
		{"no host", Config{Addresses: []string{"redis:///1"}}, "address 1: no host"},
		{"a port beyond the last", Config{Addresses: []string{"redis://localhost:99999"}}, "address 1: the port must be a number from 1 to 65535"},
		{"a user in the address alone", Config{Addresses: []string{"redis://u@localhost"}, Password: hush}, "address 1: a user without a password"},
		{"a database in words", Config{Addresses: []string{"redis://localhost/" + hush}}, "address 1: the path must be the number of a database"},
		{"a query", Config{Addresses: []string{"redis://localhost?password=" + hush}}, "address 1: not a URL"},
		{"a socket with a host", Config{Addresses: []string{"unix://run/redis.sock"}}, "address 1: a socket is written unix:///path"},
		{"mixed schemes", Config{Addresses: []string{"redis://a", "rediss://b"}, Cluster: true}, "address 2: mixes"},
		{"mixed databases", Config{Addresses: []string{"redis://a/1", "redis://b/2"}, SentinelMaster: "m"}, "address 2: another database"},
		{"credentials twice", Config{Addresses: []string{"redis://u:" + hush + "@a"}, Password: hush + "2"}, "address 1: holds credentials"},
		{"a user without password", Config{Addresses: one, Username: "u"}, "password: missing"},
		{"an unknown placeholder", Config{Addresses: one, Password: "{no.such}"}, "password: "},
		{"an empty variable", Config{Addresses: one, Password: "{env.DCR_TEST_NOTHING}"}, "password: "},
		{"a missing secret's file", Config{Addresses: one, Password: "{file./does/not/exist}"}, "password: "},
		{"a password with braces", Config{Addresses: one, Password: "{" + hush + "}"}, "password: a placeholder in it is unknown"},
		{"tls without rediss", Config{Addresses: one, TLS: &TLS{}}, "tls: the addresses must begin with rediss://"},
		{"tls ca is missing", Config{Addresses: tlsOne, TLS: &TLS{CA: "/does/not/exist"}}, "tls: ca: "},
		{"tls ca is no certificate", Config{Addresses: tlsOne, TLS: &TLS{CA: notPEM}}, "tls: ca: "},
		{"tls cert without key", Config{Addresses: tlsOne, TLS: &TLS{Cert: notPEM}}, "tls: cert and key: one is missing"},
		{"tls key is no key", Config{Addresses: tlsOne, TLS: &TLS{Cert: notPEM, Key: notPEM}}, "tls: cert and key: "},
		{"cluster and sentinel", Config{Addresses: one, Cluster: true, SentinelMaster: "m"}, "cluster: a Cluster has no sentinels"},
		{"a database in a cluster", Config{Addresses: []string{"redis://a/1"}, Cluster: true}, "addresses: a Cluster has only database 0"},
		{"sentinel password alone", Config{Addresses: one, SentinelPassword: hush}, "sentinel_password: needs sentinel"},
		{"braces in the prefix", Config{Addresses: one, KeyPrefix: "{dcr}:"}, "key_prefix: "},
		{"a negative pool", Config{Addresses: one, PoolSize: -1}, "pool_size: "},
		{"negative replicas", Config{Addresses: one, WaitReplicas: -1}, "wait_replicas: "},
		{"a long dial_timeout", Config{Addresses: one, DialTimeout: caddy.Duration(time.Minute)}, "dial_timeout: 1m0s"},
		{"a negative read_timeout", Config{Addresses: one, ReadTimeout: -1}, "read_timeout: "},
	} {
		t.Run(test.name, func(t *testing.T) {
			m := Module{Config: test.config}
			err := m.Provision(caddy.Context{})
			require.ErrorContains(t, err, "redis store: "+test.want)
			assert.NotContains(t, err.Error(), hush)
			if _, err = Open(test.config); !strings.HasPrefix(test.config.Password, "{") {
				require.Error(t, err, "a store opened without Caddy checks the same")
			}
		})
	}
}

func TestStoreKeyChangesWithWhateverNeedsAnotherConnection(t *testing.T) {
	keys := map[string]string{}
	for name, config := range map[string]Config{
		"base":         {Addresses: []string{"redis://a"}},
		"address":      {Addresses: []string{"redis://b"}},
		"password":     {Addresses: []string{"redis://a"}, Password: hush},
		"URL password": {Addresses: []string{"redis://:" + hush + "x@a"}},
		"database":     {Addresses: []string{"redis://a/1"}},
		"prefix":       {Addresses: []string{"redis://a"}, KeyPrefix: "x:"},
		"TLS":          {Addresses: []string{"rediss://a"}},
		"TLS name":     {Addresses: []string{"rediss://a"}, TLS: &TLS{ServerName: "x"}},
		"cluster":      {Addresses: []string{"redis://a"}, Cluster: true},
		"sentinel":     {Addresses: []string{"redis://a"}, SentinelMaster: "m"},
		"replicas":     {Addresses: []string{"redis://a"}, WaitReplicas: 1},
	} {
		m := Module{Config: config}
		require.NoError(t, m.Provision(caddy.Context{}))
		assert.NotContains(t, m.StoreKey(), hush)
		assert.NotContains(t, keys, m.StoreKey(), name)
		keys[m.StoreKey()] = name
	}
	same := Module{Config: Config{Addresses: []string{"redis://a"}, KeyPrefix: "dcr:"}}
	require.NoError(t, same.Provision(caddy.Context{}))
	assert.Equal(t, "base", keys[same.StoreKey()], "a default written out is the same store")
}

func TestStoreKeyChangesWithACertificate(t *testing.T) {
	ca := filepath.Join(t.TempDir(), "ca.pem")
	key := func(content string) string {
		require.NoError(t, os.WriteFile(ca, []byte(content), 0o600))
		k, err := keyOf(Config{Addresses: []string{"rediss://a"}, TLS: &TLS{CA: ca}})
		require.NoError(t, err)
		return k
	}
	assert.NotEqual(t, key("one"), key("two"))
}

func TestOpenTouchesNoNetwork(t *testing.T) {
	m := Module{Config: Config{Addresses: []string{"redis://192.0.2.1"}}}
	require.NoError(t, m.Provision(caddy.Context{}))
	s, err := m.OpenStore()
	require.NoError(t, err)
	require.NoError(t, s.Close())
}
