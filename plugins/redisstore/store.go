package redisstore

import (
	"context"
	"crypto/rand"
	"fmt"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/caddy-dcr/caddy-dcr/plugins"
)

// Store is a client of Redis. Use [Open].
type Store struct {
	config Config
	names  names
	// timeout bounds a call, whatever go-redis tries meanwhile.
	timeout time.Duration
	keep    int

	mu      sync.Mutex
	clients atomic.Pointer[clients]
	closed  atomic.Bool
	ending  chan struct{}

	nonce   string
	calls   atomic.Uint64
	collect atomic.Pointer[string]
}

// keepEntries is about how long the feed is: days of administration, and a
// follower that is behind by more loads a snapshot.
const keepEntries = 100_000

var (
	_ plugins.Store     = (*Store)(nil)
	_ plugins.Collector = (*Store)(nil)
	_ plugins.Diagnoser = (*Store)(nil)
	_ plugins.Examiner  = (*Store)(nil)
)

// Open checks the configuration and makes a store. It does not touch the
// network: a Redis that is away is reported by the calls, which heal alone.
func Open(config Config) (*Store, error) {
	config = config.withDefaults()
	clients, err := newClients(config)
	if err != nil {
		return nil, fmt.Errorf("redis store: %w", err)
	}
	s := &Store{
		config: config, names: names{config.KeyPrefix}, keep: keepEntries,
		timeout: time.Duration(config.DialTimeout + config.ReadTimeout),
		ending:  make(chan struct{}), nonce: rand.Text()[:8] + ".",
	}
	s.clients.Store(clients)
	return s, nil
}

// Close closes all connections; calls under way fail.
func (s *Store) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed.Swap(true) {
		return nil
	}
	close(s.ending)
	if err := s.clients.Load().close(); err != nil {
		return s.failed(context.Background(), "close", err)
	}
	return nil
}

// reset drops all connections after a reply that belonged to another command:
// whatever else comes from there cannot be trusted either.
func (s *Store) reset(old *clients) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed.Load() || s.clients.Load() != old {
		return
	}
	fresh, err := newClients(s.config)
	if err != nil {
		// A file of the TLS configuration is gone. Go on with connections
		// that check every reply rather than with none.
		return
	}
	s.clients.Store(fresh)
	_ = old.close()
}

// begin is what every method asks first; the context that it returns ends in
// time.
func (s *Store) begin(ctx context.Context, what string) (context.Context, context.CancelFunc, error) {
	if s.closed.Load() {
		return nil, nil, plugins.ErrClosed
	}
	if err := ctx.Err(); err != nil {
		return nil, nil, s.failed(ctx, what, err)
	}
	bounded, cancel := context.WithTimeout(ctx, s.timeout)
	return bounded, cancel, nil
}

// newNonce is never used twice on this store's connections.
func (s *Store) newNonce() string { return s.nonce + strconv.FormatUint(s.calls.Add(1), 36) }
