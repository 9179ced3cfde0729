package redisstore

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/caddy-dcr/caddy-dcr/plugins"
	"github.com/caddy-dcr/caddy-dcr/plugins/storetest/redistest"
)

func TestCollectRemovesOnlyWhatHasExpired(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t, redistest.Options{})
	s := mustOpen(t, Config{Addresses: []string{server.URL()}})
	const each = 1500
	for _, kind := range []struct {
		name string
		ttl  time.Duration
	}{{"dead", time.Millisecond}, {"later", time.Hour}, {"ever", 0}, {"anew", time.Millisecond}} {
		writes := make([]plugins.Write, each)
		for i := range writes {
			writes[i] = plugins.Write{Key: fmt.Sprintf("r/%s/%d", kind.name, i), Value: []byte("v"), TTL: kind.ttl}
		}
		_, err := s.Append(t.Context(), writes...)
		require.NoError(t, err)
		if kind.name == "anew" {
			for i := range writes {
				writes[i].TTL = 0
			}
			_, err = s.Append(t.Context(), writes...)
			require.NoError(t, err)
		}
	}
	removed := 0
	require.Eventually(t, func() bool {
		n, err := s.Collect(t.Context())
		require.NoError(t, err)
		removed += n
		return removed >= each
	}, patience, time.Millisecond)
	for range 3 {
		n, err := s.Collect(t.Context())
		require.NoError(t, err)
		removed += n
	}
	assert.Equal(t, each, removed)
	assert.Equal(t, fmt.Sprint(3*each), server.Do("HLEN", s.names.records()))
}

func TestDiagnose(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name    string
		options redistest.Options
		want    []string
	}{
		{"an append-only file is enough", redistest.Options{Persist: true}, nil},
		{"snapshots are enough", redistest.Options{Args: []string{"--save", "900", "1"}}, nil},
		{"nothing on disk", redistest.Options{}, []string{"keeps nothing on disk"}},
		{"eviction", redistest.Options{Persist: true, Args: []string{"--maxmemory-policy", "allkeys-lru"}}, []string{"set maxmemory-policy noeviction"}},
		{"both", redistest.Options{Args: []string{"--maxmemory-policy", "volatile-ttl"}}, []string{"volatile-ttl", "keeps nothing on disk"}},
		{
			"snapshots that must not be asked for",
			redistest.Options{User: "dcr", Password: "x", Rules: leastRights},
			[]string{"could not be asked"},
		},
		{
			"snapshots that may be asked for",
			redistest.Options{User: "dcr", Password: "x", Rules: leastRights + " +config|get", Args: []string{"--save", "900", "1"}},
			nil,
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			server := redistest.Start(t, test.options)
			s := mustOpen(t, Config{Addresses: []string{server.URL()}, Username: test.options.User, Password: test.options.Password})
			findings, err := s.Diagnose(t.Context())
			require.NoError(t, err)
			require.Len(t, findings, len(test.want), "%v", findings)
			for i, want := range test.want {
				assert.Contains(t, findings[i], want)
				assert.True(t, strings.HasPrefix(findings[i], "Redis ") && strings.HasSuffix(findings[i], "."))
			}
		})
	}
}

func TestDiagnoseLooksAtEveryServerOfACluster(t *testing.T) {
	t.Parallel()
	c := redistest.StartCluster(t, redistest.Options{})
	s := mustOpen(t, Config{Addresses: urls(c.Addrs()[:1]), Cluster: true})
	findings, err := s.Diagnose(t.Context())
	require.NoError(t, err)
	assert.Len(t, findings, len(c.Nodes))
	for i := range 300 {
		require.NoError(t, s.Put(t.Context(), plugins.Write{Key: fmt.Sprint(i), Value: []byte("v")}))
	}
	for _, node := range c.Nodes {
		assert.NotEqual(t, "0", node.Do("DBSIZE"), "plain keys spread over all servers")
	}
}
