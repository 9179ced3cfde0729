package redisstore

import (
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/caddy-dcr/caddy-dcr/plugins/storetest/redistest"
)

// recovery is how long a store may take that is well again.
const recovery = 5 * time.Second

// recovers waits until every call works, in the time that is promised. Those
// that requests and followers make come first, since the others look for every
// server anew.
func recovers(t *testing.T, s *Store) {
	t.Helper()
	well := time.Now()
	calls := every(s)
	for _, name := range append([]string{"follow", "get", "put", "take", "append"}, slices.Sorted(maps.Keys(calls))...) {
		call := calls[name]
		for err := call(t.Context()); err != nil; err = call(t.Context()) {
			require.Less(t, time.Since(well), recovery, "%s: %v", name, err)
			time.Sleep(50 * time.Millisecond)
		}
	}
	t.Logf("every call works after %s", time.Since(well).Round(time.Millisecond))
}

// inCluster runs a test over a Cluster whose primaries have a replica each, as
// a user of few rights, without waiting for replicas, and with.
func inCluster(t *testing.T, run func(t *testing.T, c *redistest.Cluster, s *Store)) {
	t.Helper()
	for name, replicas := range map[string]int{"no replica": 0, "one replica": 1} {
		t.Run("waiting for "+name, func(t *testing.T) {
			t.Parallel()
			c := redistest.StartCluster(t, redistest.Options{User: "dcr", Password: "s3cret", Rules: leastRights + clusterRights + " +wait"})
			c.Replicate(t)
			s := mustOpen(t, Config{Addresses: urls(c.Addrs()), Username: "dcr", Password: "s3cret", Cluster: true, WaitReplicas: replicas})
			heal(t, s)
			run(t, c, s)
		})
	}
}

func TestAReplicaThatIsPromotedIsFound(t *testing.T) {
	t.Parallel()
	inCluster(t, func(t *testing.T, c *redistest.Cluster, s *Store) {
		for _, key := range []string{s.names.stream(), s.names.plain("k")} {
			before := c.Holder(t, key)
			for i, node := range c.Nodes {
				if node == before {
					c.Replicas[i].Do("CLUSTER", "FAILOVER")
					c.WaitForFailover(t, c.Replicas[i])
				}
			}
			recovers(t, s)
		}
	})
}

func TestAReplicaThatIsPromotedAfterACrashIsFound(t *testing.T) {
	t.Parallel()
	inCluster(t, func(t *testing.T, c *redistest.Cluster, s *Store) {
		before := c.Holder(t, s.names.stream())
		for i, node := range c.Nodes {
			if node == before {
				node.Kill()
				c.WaitForFailover(t, c.Replicas[i])
				if s.config.WaitReplicas > 0 {
					node.Restart() // as the new primary's replica
				}
			}
		}
		recovers(t, s)
	})
}

// A slot is on the move for as long as its keys take. Those that have moved
// already are found where they are, and so is the slot once it has moved.
func TestKeysOnTheMoveAreFound(t *testing.T) {
	t.Parallel()
	inCluster(t, func(t *testing.T, c *redistest.Cluster, s *Store) {
		for _, key := range []string{s.names.plain("k"), s.names.stream()} {
			finish := c.Move(t, key)
			recovers(t, s)
			finish()
			recovers(t, s)
		}
	})
}
