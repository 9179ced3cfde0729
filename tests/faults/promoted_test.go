package faults

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/caddy-dcr/caddy-dcr/plugins/storetest/redistest"
	"github.com/caddy-dcr/caddy-dcr/tests/harness"
)

// promoted is a Cluster in which replicas take the places of their primaries,
// that of the feed among them. Nothing that was acknowledged may be lost.
func promoted(t *testing.T, r *results) {
	cluster := redistest.StartCluster(t, redistest.Options{Persist: true})
	cluster.Replicate(t)
	var urls []string
	for _, addr := range cluster.Addrs() {
		urls = append(urls, "redis://"+addr)
	}
	store := "redis " + strings.Join(urls, " ") + " {\n cluster\n wait_replicas 1\n }"
	l := open(t, r, []string{store, store}, "")
	replicaOf := func(primary *redistest.Server) *redistest.Server {
		for _, node := range slices.Concat(cluster.Replicas, cluster.Nodes) {
			if strings.Contains(node.Do("INFO", "replication"), fmt.Sprintf("master_port:%d", primary.Port)) {
				return node
			}
		}
		require.FailNow(t, "the primary has no replica")
		return nil
	}
	// change brings another primary about, and ends when that has a replica.
	change := func(do func(primary, replica *redistest.Server) (undo func())) func(*testing.T) func() {
		return func(t *testing.T) func() {
			primary := cluster.Holder(t, "dcr:{f}:s")
			replica := replicaOf(primary)
			undo := do(primary, replica)
			return func() {
				cluster.WaitForFailover(t, replica)
				undo()
				harness.Eventually(t, "for the new primary to have a replica", func() bool {
					return strings.Contains(replica.Do("INFO", "replication"), "state=online")
				})
			}
		}
	}
	sufferAll(t, l, []disorder{
		{name: "cluster: ordered failover of the feed's node", knowledge: patchy, begin: change(func(_, replica *redistest.Server) func() {
			replica.Do("CLUSTER", "FAILOVER")
			return func() {}
		})},
		{name: "cluster: the feed's node crashes, and its replica takes over", knowledge: patchy, begin: change(func(primary, _ *redistest.Server) func() {
			primary.Kill()
			return primary.Restart
		})},
	})
}
