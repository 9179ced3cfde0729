package caddymodule

import (
	"context"
	"errors"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/caddyserver/caddy/v2"

	"github.com/caddy-dcr/caddy-dcr/internal/state"
	"github.com/caddy-dcr/caddy-dcr/plugins"
)

// lingerFor is how long a backing outlives the last configuration that used
// it. Caddy lets a configuration go before its last requests are done, and
// those still need what they began with.
const lingerFor = 10 * time.Second

// stores holds the open stores by their keys, so that two backings can be over
// one file: a backing also depends on what else its configuration says.
var stores = caddy.NewUsagePool()

// openStore is what the pool of stores holds. As a gate it drains before it
// closes, and passes on what else a store can do.
type openStore struct{ *gate }

// Destruct implements caddy.Destructor.
func (s openStore) Destruct() error { return s.Close() }

// lease is one backing's share of an open store.
type lease struct {
	*gate
	key string
}

// Close gives the share back.
func (l lease) Close() error {
	_, err := stores.Delete(l.key)
	return err
}

// leaseStore opens the store, unless it is open already.
func leaseStore(module plugins.StoreModule) (plugins.Store, error) {
	key := module.StoreKey()
	value, _, err := stores.LoadOrNew(key, func() (caddy.Destructor, error) {
		inner, err := module.OpenStore()
		if err != nil {
			return nil, err
		}
		if _, alone := inner.(plugins.Exclusive); alone {
			// Where this fails, say with a full disk, the dead are waited for.
			_ = state.ForgetNodes(context.Background(), inner)
		}
		g := new(gate)
		g.open(inner)
		return openStore{g}, nil
	})
	if err != nil {
		return nil, err
	}
	return lease{value.(openStore).gate, key}, nil
}

// backingPool hands backings over from one configuration to the next.
type backingPool struct {
	*caddy.UsagePool

	mu sync.Mutex
	// leaving are the shares of configurations that have gone, each until its
	// time is over. Whoever wants such a backing again finds it running.
	leaving map[*share]struct{}
}

// share is what one configuration had of a backing.
type share struct {
	key   any
	timer *time.Timer
}

// LoadOrNew is that of the pool. While another configuration serves requests,
// it also makes the backing ready, because Caddy starts its apps in no order:
// the servers of the new configuration may take requests before this app
// starts. A store that cannot be opened refuses the configuration here, where
// the other one has not let go of anything yet.
func (p *backingPool) LoadOrNew(key any, construct caddy.Constructor) (any, bool, error) {
	value, loaded, err := p.UsagePool.LoadOrNew(key, construct)
	if err != nil || runningApp() == nil {
		return value, loaded, err
	}
	if err := value.(*backing).makeReady(); err != nil {
		_, gone := p.UsagePool.Delete(key)
		return nil, false, errors.Join(err, gone)
	}
	return value, loaded, nil
}

// Delete gives a share back a little later, so that no request is left without
// its state. A process that ends has answered its last request already.
func (p *backingPool) Delete(key any) (bool, error) {
	if caddy.Exiting() {
		p.hurry()
		return p.UsagePool.Delete(key)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	s := &share{key: key}
	s.timer = time.AfterFunc(lingerFor, func() { p.forget(s) })
	p.leaving[s] = struct{}{}
	return false, nil
}

// forget ends the wait of one share.
func (p *backingPool) forget(s *share) {
	p.mu.Lock()
	_, waits := p.leaving[s]
	delete(p.leaving, s)
	p.mu.Unlock()
	if !waits {
		return
	}
	if _, err := p.UsagePool.Delete(s.key); err != nil {
		caddy.Log().Named("dcr").Warn("letting go of a store: " + err.Error())
	}
}

// hurry ends every wait now.
func (p *backingPool) hurry() {
	p.mu.Lock()
	waiting := slices.Collect(maps.Keys(p.leaving))
	for _, s := range waiting {
		s.timer.Stop()
	}
	p.mu.Unlock()
	for _, s := range waiting {
		p.forget(s)
	}
}

// goesOn says whether another backing of this process is the same gateway to
// the others of the fleet.
func (p *backingPool) goesOn(ended *backing) bool {
	found := false
	p.Range(func(_, value any) bool {
		other := value.(*backing)
		found = other != ended && other.nodes.Name == ended.nodes.Name
		return !found
	})
	return found
}

// shared says whether another backing of this process works with the store of
// this one.
func (p *backingPool) shared(b *backing) bool {
	found := false
	p.Range(func(_, value any) bool {
		other := value.(*backing)
		found = other != b && other.module.StoreKey() == b.module.StoreKey()
		return !found
	})
	return found
}

// runningApp is the app of the configuration that serves requests, or nil.
func runningApp() *App {
	value, err := caddy.ActiveContext().AppIfConfigured("dcr")
	if err != nil {
		return nil
	}
	return value.(*App)
}
