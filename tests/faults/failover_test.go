package faults

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/caddy-dcr/caddy-dcr/plugins/storetest/redistest"
	"github.com/caddy-dcr/caddy-dcr/tests/harness"
)

// replicas is how many a primary has here, and how many wait_replicas asks for:
// with fewer, what a replica received that is not promoted would count.
const replicas = 2

// failover is a primary that goes away under the eyes of three sentinels.
// Nothing that was acknowledged may be lost with it.
func failover(t *testing.T, r *results) {
	set := redistest.StartSentinels(t, replicas, redistest.Options{})
	var urls []string
	for _, addr := range set.Addrs() {
		urls = append(urls, "redis://"+addr)
	}
	store := fmt.Sprintf("redis %s {\n sentinel %s\n wait_replicas %d\n }", strings.Join(urls, " "), set.MasterName, replicas)
	l := open(t, r, []string{store, store}, "")
	servers := map[string]*redistest.Server{set.Primary.Addr(): set.Primary}
	for _, replica := range set.Replicas {
		servers[replica.Addr()] = replica
	}
	// change brings another primary about, and ends when that has replicas.
	change := func(do func(primary *redistest.Server) (undo func())) func(*testing.T) func() {
		return func(t *testing.T) func() {
			settle(t, set)
			before := set.Master()
			undo := do(servers[before])
			return func() {
				set.WaitForFailover(t, before)
				undo()
				complete(t, servers[set.Master()])
			}
		}
	}
	sufferAll(t, l, []disorder{
		{name: "sentinel: ordered failover", knowledge: patchy, begin: change(func(*redistest.Server) func() {
			set.Sentinels[0].Do("SENTINEL", "FAILOVER", set.MasterName)
			return func() {}
		})},
		{name: "sentinel: the primary hangs, and thaws as one too many", knowledge: patchy, begin: change(func(primary *redistest.Server) func() {
			primary.Pause()
			return primary.Resume
		})},
		{name: "sentinel: the primary crashes, and comes back as one too many", knowledge: patchy, begin: change(func(primary *redistest.Server) func() {
			primary.Kill()
			return primary.Restart
		})},
	})
}

// complete waits until the new primary has all its replicas.
func complete(t *testing.T, primary *redistest.Server) {
	t.Helper()
	harness.Eventually(t, "for the new primary to have its replicas", func() bool {
		info := primary.Do("INFO", "replication")
		return strings.Contains(info, "role:master") && strings.Count(info, "state=online") == replicas
	})
}

// settle waits until the sentinels would fail over again.
func settle(t *testing.T, set *redistest.Sentinels) {
	t.Helper()
	harness.Eventually(t, "for the sentinels to have replicas to choose from", func() bool {
		out := strings.Split(set.Sentinels[0].Do("SENTINEL", "REPLICAS", set.MasterName), "\n")
		well := 0
		for i, line := range out {
			if line == "flags" && out[i+1] == "slave" {
				well++
			}
		}
		return well == replicas
	})
}

// resharding is a Cluster whose slots move and whose nodes leave.
func resharding(t *testing.T, r *results) {
	cluster := redistest.StartCluster(t, redistest.Options{Persist: true})
	var urls []string
	for _, addr := range cluster.Addrs() {
		urls = append(urls, "redis://"+addr)
	}
	store := "redis " + strings.Join(urls, " ") + " {\n cluster\n }"
	l := open(t, r, []string{store, store}, "")
	first := cluster.Nodes[0]
	ids := make([]string, len(cluster.Nodes))
	for i, node := range cluster.Nodes {
		ids[i] = node.Do("CLUSTER", "MYID")
	}
	feed := ownerOf(t, cluster, "dcr:{f}:s")
	// crash ends the node that stands so many after the one with the feed.
	crash := func(after int) func(*testing.T) func() {
		return func(t *testing.T) func() {
			node := cluster.Nodes[(ownerOf(t, cluster, "dcr:{f}:s")+after)%len(cluster.Nodes)]
			node.Kill()
			return func() {
				node.Restart()
				whole(t, cluster)
			}
		}
	}
	sufferAll(t, l, []disorder{
		{name: "cluster: slots move away from the feed's node", lasts: short, knowledge: patchy, begin: func(t *testing.T) func() {
			for i := range cluster.Nodes {
				if i != feed {
					first.Do("--cluster", "reshard", first.Addr(), "--cluster-from", ids[feed], "--cluster-to", ids[i],
						"--cluster-slots", "1500", "--cluster-yes")
				}
			}
			return func() { whole(t, cluster) }
		}},
		{name: "cluster: the feed's own slot moves, key by key", lasts: short, knowledge: patchy, begin: func(t *testing.T) func() {
			moveFeed(t, cluster, ids)
			return func() { whole(t, cluster) }
		}},
		{name: "cluster: the feed's node crashes, and is started later", lasts: long, begin: crash(0)},
		{name: "cluster: another node crashes, and is started later", lasts: long, knowledge: patchy, begin: crash(1)},
	})
}

// whole waits until every node would serve every slot.
func whole(t *testing.T, cluster *redistest.Cluster) {
	t.Helper()
	for _, node := range cluster.Nodes {
		harness.Eventually(t, "for the cluster to be whole", func() bool {
			return strings.Contains(node.Do("CLUSTER", "INFO"), "cluster_state:ok")
		})
	}
}

// ownerOf finds the node that holds the key.
func ownerOf(t *testing.T, cluster *redistest.Cluster, key string) int {
	t.Helper()
	for i, node := range cluster.Nodes {
		if reply, err := dial(t, node.Addr()).try("EXISTS", key); err == nil {
			require.Len(t, reply, 1)
			return i
		}
	}
	t.Fatalf("no node holds %s", key)
	return 0
}

// moveFeed moves the feed's slot to the next node as redis-cli does, with
// pauses in which its keys are scattered over two nodes.
func moveFeed(t *testing.T, cluster *redistest.Cluster, ids []string) {
	t.Helper()
	from := ownerOf(t, cluster, "dcr:{f}:s")
	to := (from + 1) % len(cluster.Nodes)
	source, target := dial(t, cluster.Nodes[from].Addr()), dial(t, cluster.Nodes[to].Addr())
	slot := source.do("CLUSTER", "KEYSLOT", "dcr:{f}:s")[0]
	target.do("CLUSTER", "SETSLOT", slot, "IMPORTING", ids[from])
	source.do("CLUSTER", "SETSLOT", slot, "MIGRATING", ids[to])
	for _, key := range source.do("CLUSTER", "GETKEYSINSLOT", slot, "100") {
		source.do("MIGRATE", "127.0.0.1", fmt.Sprint(cluster.Nodes[to].Port), key, "0", "5000")
		time.Sleep(300 * time.Millisecond)
	}
	for _, node := range []int{to, from} {
		dial(t, cluster.Nodes[node].Addr()).do("CLUSTER", "SETSLOT", slot, "NODE", ids[to])
	}
}
