package redistest

import (
	"crypto/rand"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// slots is the number of hash slots in every cluster.
const slots = 16384

// Cluster is three primaries, without replicas unless [Cluster.Replicate] was
// called.
type Cluster struct {
	Nodes []*Server
	// Replicas are in the order of the nodes.
	Replicas []*Server

	options Options
}

// StartCluster starts three primaries with the options and waits until each
// of them serves. The nodes are joined one by one, since the create command
// of redis-cli knows no bus ports but the customary ones, which may be taken.
func StartCluster(t testing.TB, o Options) *Cluster {
	t.Helper()
	const size = 3
	// Nodes become each other's replicas, and give each other keys.
	o.admin = rand.Text()
	if o.User != "" {
		o.Args = append([]string{"--masteruser", "admin", "--masterauth", o.admin}, o.Args...)
	}
	c := &Cluster{options: o}
	buses := make([]string, size)
	for i := range size {
		var node *Server
		node, buses[i] = startNode(t, o)
		c.Nodes = append(c.Nodes, node)
	}
	for i, node := range c.Nodes {
		node.Do("CLUSTER", "ADDSLOTSRANGE", strconv.Itoa(i*slots/size), strconv.Itoa((i+1)*slots/size-1))
		node.Do("CLUSTER", "SET-CONFIG-EPOCH", strconv.Itoa(i+1))
	}
	for i, node := range c.Nodes[1:] {
		c.Nodes[0].Do("CLUSTER", "MEET", "127.0.0.1", strconv.Itoa(node.Port), buses[i+1])
	}
	for _, node := range c.Nodes {
		waitFor(t, "the cluster is complete", func() bool {
			info := node.Do("CLUSTER", "INFO")
			return strings.Contains(info, "cluster_state:ok") && strings.Contains(info, "cluster_known_nodes:"+strconv.Itoa(size))
		})
	}
	return c
}

// startNode starts a node of no cluster yet, and answers its bus port.
func startNode(t testing.TB, o Options) (node *Server, bus string) {
	t.Helper()
	bus = strconv.Itoa(freePort(t))
	o.Args = append([]string{
		"--cluster-enabled", "yes", "--cluster-port", bus, "--cluster-node-timeout", "2000",
	}, o.Args...)
	return Start(t, o), bus
}

// Replicate gives each primary a replica, which takes its place about three
// seconds after it went away.
func (c *Cluster) Replicate(t testing.TB) {
	t.Helper()
	for _, primary := range c.Nodes {
		replica, bus := startNode(t, c.options)
		c.Nodes[0].Do("CLUSTER", "MEET", "127.0.0.1", strconv.Itoa(replica.Port), bus)
		id := primary.Do("CLUSTER", "MYID")
		waitFor(t, "the replica knows its primary", func() bool {
			return strings.Contains(replica.Do("CLUSTER", "NODES"), id)
		})
		replica.Do("CLUSTER", "REPLICATE", id)
		c.Replicas = append(c.Replicas, replica)
	}
	for _, replica := range c.Replicas {
		waitFor(t, "the replica is in sync, and everybody knows it", func() bool {
			return strings.Contains(replica.Do("INFO", "replication"), "master_link_status:up") &&
				strings.Count(c.Nodes[0].Do("CLUSTER", "NODES"), "slave") == len(c.Nodes)
		})
	}
}

// WaitForFailover waits until a replica serves in its primary's place.
func (c *Cluster) WaitForFailover(t testing.TB, replica *Server) {
	t.Helper()
	waitFor(t, "the replica is promoted", func() bool {
		return strings.Contains(replica.Do("INFO", "replication"), "role:master") &&
			strings.Contains(replica.Do("CLUSTER", "INFO"), "cluster_state:ok")
	})
}

// Holder is the node that serves the key, and has it.
func (c *Cluster) Holder(t testing.TB, key string) *Server {
	t.Helper()
	for _, node := range slices.Concat(c.Nodes, c.Replicas) {
		info := node.Do("CLUSTER", "NODES")
		if strings.Contains(info, "myself,master") && node.Do("CLUSTER", "COUNTKEYSINSLOT", node.Do("CLUSTER", "KEYSLOT", key)) != "0" {
			return node
		}
	}
	t.Fatalf("redis: no node holds %s", key)
	return nil
}

// Move moves all keys of a key's slot to another node, and leaves the slot
// between the two until it is told to finish.
func (c *Cluster) Move(t testing.TB, key string) (finish func()) {
	t.Helper()
	source := c.Holder(t, key)
	target := c.Nodes[0]
	if target == source {
		target = c.Nodes[1]
	}
	slot := source.Do("CLUSTER", "KEYSLOT", key)
	from, to := source.Do("CLUSTER", "MYID"), target.Do("CLUSTER", "MYID")
	target.Do("CLUSTER", "SETSLOT", slot, "IMPORTING", from)
	source.Do("CLUSTER", "SETSLOT", slot, "MIGRATING", to)
	for _, moving := range strings.Fields(source.Do("CLUSTER", "GETKEYSINSLOT", slot, "1000")) {
		move := []string{"MIGRATE", "127.0.0.1", strconv.Itoa(target.Port), moving, "0", "5000"}
		if c.options.User != "" {
			move = append(move, "AUTH2", "admin", c.options.admin)
		}
		source.Do(move...)
	}
	return func() {
		for _, node := range []*Server{target, source} {
			node.Do("CLUSTER", "SETSLOT", slot, "NODE", to)
		}
	}
}

// Addrs are the nodes'.
func (c *Cluster) Addrs() []string {
	addrs := make([]string, len(c.Nodes))
	for i, node := range c.Nodes {
		addrs[i] = node.Addr()
	}
	return addrs
}
