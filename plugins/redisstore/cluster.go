package redisstore

import (
	"context"
	"fmt"

	"github.com/redis/go-redis/v9"
)

// maxHops is how often one write is sent until it is done: with the script's
// digest, in full, and to where a Cluster says that the slot is.
const maxHops = 5

// place is the server to which a command goes. Asking is told to one that gets
// the key's slot just now.
type place struct {
	client redis.Cmdable
	asking bool
}

// owner is the server that holds a key, for what must happen on one connection.
func (c *clients) owner(ctx context.Context, key string) (place, error) {
	if cluster, ok := c.calls.(*redis.ClusterClient); ok {
		client, err := cluster.MasterForKey(ctx, key)
		return place{client: client}, err
	}
	return place{client: c.calls}, nil
}

// redirects tells that a server of a Cluster has not done what it was told,
// since another one holds the key.
func redirects(err error) bool {
	_, moved := redis.IsMovedError(err)
	_, ask := redis.IsAskError(err)
	return moved || ask
}

// redirected is the server to which another one of the Cluster sends us. The
// driver follows on its own, but not for what must happen on one connection.
func (c *clients) redirected(ctx context.Context, why error) (place, error) {
	address, asking := redis.IsAskError(why)
	if !asking {
		address, _ = redis.IsMovedError(why)
	}
	servers, err := c.servers(ctx)
	if err != nil {
		return place{}, err
	}
	for _, one := range servers {
		if one.address == address {
			return place{one.client, asking}, nil
		}
	}
	return place{}, fmt.Errorf("no server of the cluster is known at the address: %w", why)
}

// rediscover finds out anew who serves what in a Cluster. The driver does so
// when a server says that it is another, but a server that crashed says
// nothing, and its replica would be found after a minute.
func (c *clients) rediscover(ctx context.Context) {
	for _, client := range []redis.UniversalClient{c.calls, c.waits} {
		if cluster, ok := client.(*redis.ClusterClient); ok {
			cluster.ReloadState(ctx)
		}
	}
}
