package redisstore

import (
	"slices"

	"github.com/redis/go-redis/v9"
)

// followers is how many calls of Follow can wait at once in one store; a
// gateway needs one.
const followers = 64

// clients are two pools: one that waits must not starve one that answers.
type clients struct{ calls, waits redis.UniversalClient }

func newClients(c Config) (*clients, error) {
	calls, err := c.options()
	if err != nil {
		return nil, err
	}
	waits := *calls
	waits.PoolSize = followers
	// The driver appends the servers that it finds, under its own lock only.
	waits.Addrs = slices.Clone(calls.Addrs)
	return &clients{calls: newClient(c, calls), waits: newClient(c, &waits)}, nil
}

func newClient(c Config, o *redis.UniversalOptions) redis.UniversalClient {
	switch {
	case c.Cluster:
		cluster := o.Cluster()
		// Scripts name their keys; nothing here needs the routing of replies.
		cluster.DisableRoutingPolicies = true
		return redis.NewClusterClient(cluster)
	case c.SentinelMaster != "":
		return redis.NewFailoverClient(o.Failover())
	default:
		return redis.NewClient(o.Simple())
	}
}

func (c *clients) close() error {
	err := c.calls.Close()
	if waitsErr := c.waits.Close(); err == nil {
		err = waitsErr
	}
	return err
}

// once is a command that is not sent again when its connection breaks: a
// write with a condition that was applied unseen would fail the second time,
// and an act would be two.
type once struct{ *redis.Cmd }

func (once) NoRetry() bool { return true }
