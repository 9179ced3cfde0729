package state

import (
	"context"
	"time"

	"github.com/caddy-dcr/caddy-dcr/plugins"
)

const leasePrefix = "lease/"

// TakeLease makes the holder the one gateway that does the named work, until
// the time is over, unless another one is. Holders need names of their own.
func (r Records) TakeLease(ctx context.Context, work, holder string, ttl time.Duration) (bool, error) {
	return changed(r.Store.Put(ctx, plugins.Write{Key: leasePrefix + work, Value: []byte(holder), TTL: ttl, If: plugins.IfAbsent}))
}

// KeepLease begins the holder's time anew. It says false when the lease has
// ended: then somebody else may be at the work.
func (r Records) KeepLease(ctx context.Context, work, holder string, ttl time.Duration) (bool, error) {
	held := []byte(holder)
	return changed(r.Store.Put(ctx, plugins.Write{Key: leasePrefix + work, Value: held, TTL: ttl, If: plugins.IfEqual, Old: held}))
}

// EndLease gives the work free, if the holder still has it.
func (r Records) EndLease(ctx context.Context, work, holder string) error {
	_, err := changed(r.Store.Put(ctx, plugins.Write{Key: leasePrefix + work, If: plugins.IfEqual, Old: []byte(holder)}))
	return err
}
