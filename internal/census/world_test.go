package census

import (
	"context"
	"fmt"
	"log/slog"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/caddy-dcr/caddy-dcr/internal/revocation"
	"github.com/caddy-dcr/caddy-dcr/internal/state"
	"github.com/caddy-dcr/caddy-dcr/plugins"
	"github.com/caddy-dcr/caddy-dcr/plugins/boltstore"
	"github.com/caddy-dcr/caddy-dcr/plugins/redisstore"
	"github.com/caddy-dcr/caddy-dcr/plugins/storetest/redistest"
)

// overStores runs the test over an embedded store and over Redis.
func overStores(t *testing.T, test func(t *testing.T, store plugins.Store)) {
	t.Run("embedded", func(t *testing.T) { test(t, openBolt(t)) })
	t.Run("redis", func(t *testing.T) { test(t, openRedis(t)) })
}

func openBolt(t testing.TB) plugins.Store {
	store, err := boltstore.Open(filepath.Join(t.TempDir(), "dcr.db"))
	require.NoError(t, err)
	t.Cleanup(func() { _ = store.Close() })
	return store
}

func openRedis(t testing.TB) plugins.Store {
	store, err := redisstore.Open(redisstore.Config{Addresses: []string{redistest.Start(t, redistest.Options{}).URL()}})
	require.NoError(t, err)
	t.Cleanup(func() { _ = store.Close() })
	return store
}

// gateway is one that counts.
type gateway struct {
	*Walker
	kills *revocation.Set
	fresh atomic.Pointer[error]
	ahead atomic.Int64 // what its clock is ahead of the test's

	mu    sync.Mutex
	ended map[Outcome]int
}

func newGateway(store plugins.Store, name string) *gateway {
	g := &gateway{kills: revocation.NewSet(), ended: map[Outcome]int{}}
	g.Walker = &Walker{
		Records: state.Records{Store: store}, State: g, Book: &Book{}, Issuer: "https://sp.example.com", Node: name,
		Every: time.Hour, Observer: g, Logger: slog.New(slog.DiscardHandler),
	}
	return g
}

func (g *gateway) Fresh() error {
	if err := g.fresh.Load(); err != nil {
		return *err
	}
	return nil
}

func (g *gateway) Now() time.Time                                       { return time.Now().Add(time.Duration(g.ahead.Load())) }
func (g *gateway) Killed(x *revocation.Subject) (revocation.Kind, bool) { return g.kills.Check(x) }
func (g *gateway) CensusEnded(o Outcome, _ time.Duration) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.ended[o]++
}

func (g *gateway) endings() map[Outcome]int {
	g.mu.Lock()
	defer g.mu.Unlock()
	all := map[Outcome]int{}
	for outcome, n := range g.ended {
		all[outcome] = n
	}
	return all
}

// run starts the walker, and returns what ends it.
func (g *gateway) run(t testing.TB) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { g.Run(ctx); close(done) }()
	stop = sync.OnceFunc(func() { cancel(); <-done })
	t.Cleanup(stop)
	return stop
}

func within(t testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	t.Cleanup(cancel)
	return ctx
}

// register stores n clients of a statement.
func register(t testing.TB, store plugins.Store, n int, change func(*state.Client)) []state.Client {
	records := state.Records{Store: store}
	clients := make([]state.Client, n)
	var all sync.WaitGroup
	for w := range min(n, 64) {
		all.Go(func() {
			for i := w; i < n; i += 64 {
				c := state.Client{
					ID: uuid.New(), ApplicationID: appID, StatementID: statementID, Platform: "Roku",
					SecretMAC: make([]byte, 20), SecretKey: 1, CreatedAt: time.Now().UnixMilli(),
				}
				if change != nil {
					change(&c)
				}
				if err := records.PutClient(context.Background(), c); err != nil {
					panic(fmt.Sprintf("storing a client: %v", err))
				}
				clients[i] = c
			}
		})
	}
	all.Wait()
	return clients
}

var appID, statementID = uuid.New(), uuid.New()

// away is a store that does not list while it is told so.
type away struct {
	plugins.Store
	lists atomic.Bool
}

func (a *away) List(ctx context.Context, prefix, cursor string, limit int) (plugins.Page, error) {
	if a.lists.Load() {
		return plugins.Page{}, fmt.Errorf("dial: %w", plugins.ErrUnavailable)
	}
	return a.Store.List(ctx, prefix, cursor, limit)
}
