package redisstore

import (
	"crypto/rand"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/caddy-dcr/caddy-dcr/plugins"
	"github.com/caddy-dcr/caddy-dcr/plugins/storetest"
	"github.com/caddy-dcr/caddy-dcr/plugins/storetest/redistest"
)

// leastRights is what the package's documentation says.
const leastRights = "~dcr:* resetchannels -@all +evalsha +eval +time +info +echo +get +mget +set +del +scan " +
	"+hget +hmget +hset +hdel +hincrby +hscan +xadd +xrange +xread"

// clusterRights are what a Cluster needs besides.
const clusterRights = " +cluster|slots +asking"

// fresh is the configuration with room of its own in the database.
func fresh(c Config) Config {
	c.KeyPrefix = "dcr:" + rand.Text()[:6] + ":"
	return c
}

func mustOpen(t testing.TB, c Config) *Store {
	t.Helper()
	s, err := Open(c)
	require.NoError(t, err)
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// conform runs both suites over a server.
func conform(t *testing.T, c Config) {
	t.Helper()
	t.Run("one", func(t *testing.T) {
		t.Parallel()
		storetest.Run(t, func(t *testing.T) plugins.Store { return mustOpen(t, fresh(c)) })
	})
	t.Run("shared", func(t *testing.T) {
		t.Parallel()
		storetest.RunShared(t, func(t *testing.T) (a, b plugins.Store) {
			one := fresh(c)
			return mustOpen(t, one), mustOpen(t, one)
		})
	})
}

func TestConformanceStandalone(t *testing.T) {
	t.Parallel()
	s := redistest.Start(t, redistest.Options{})
	conform(t, Config{Addresses: []string{s.URL()}})
}

func TestConformanceUnixSocket(t *testing.T) {
	t.Parallel()
	s := redistest.Start(t, redistest.Options{UnixSocket: true})
	conform(t, Config{Addresses: []string{s.URL()}})
}

func TestConformanceTLSWithLeastRights(t *testing.T) {
	t.Parallel()
	s := redistest.Start(t, redistest.Options{
		TLS: true, ClientCerts: true, User: "dcr", Password: "s3cret", Rules: leastRights,
	})
	conform(t, Config{
		Addresses: []string{s.URL()}, Username: "dcr", Password: "s3cret",
		TLS: &TLS{CA: s.Certs.CA, Cert: s.Certs.ClientCert, Key: s.Certs.ClientKey},
	})
}

func TestConformanceSentinel(t *testing.T) {
	t.Parallel()
	set := redistest.StartSentinels(t, 1, redistest.Options{})
	conform(t, Config{Addresses: urls(set.Addrs()), SentinelMaster: set.MasterName, WaitReplicas: 1})
}

func TestConformanceClusterWithLeastRights(t *testing.T) {
	t.Parallel()
	c := redistest.StartCluster(t, redistest.Options{User: "dcr", Password: "s3cret", Rules: leastRights + clusterRights})
	conform(t, Config{Addresses: urls(c.Addrs()), Username: "dcr", Password: "s3cret", Cluster: true})
}

func urls(addrs []string) []string {
	all := make([]string, len(addrs))
	for i, addr := range addrs {
		all[i] = "redis://" + addr
	}
	return all
}
