package redistest

import (
	"strconv"
	"strings"
	"testing"
)

// slots is the number of hash slots in every cluster.
const slots = 16384

// Cluster is three primaries without replicas.
type Cluster struct {
	Nodes []*Server
}

// StartCluster starts three primaries with the options and waits until each
// of them serves. The nodes are joined one by one, since the create command
// of redis-cli knows no bus ports but the customary ones, which may be taken.
func StartCluster(t testing.TB, o Options) *Cluster {
	t.Helper()
	const size = 3
	c := &Cluster{}
	buses := make([]string, size)
	for i := range size {
		buses[i] = strconv.Itoa(freePort(t))
		node := o
		node.Args = append([]string{
			"--cluster-enabled", "yes", "--cluster-port", buses[i], "--cluster-node-timeout", "2000",
		}, o.Args...)
		c.Nodes = append(c.Nodes, Start(t, node))
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

// Addrs are the nodes'.
func (c *Cluster) Addrs() []string {
	addrs := make([]string, len(c.Nodes))
	for i, node := range c.Nodes {
		addrs[i] = node.Addr()
	}
	return addrs
}
