package audit_test

import (
	"context"
	"fmt"
	"log/slog"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/caddy-dcr/caddy-dcr/internal/access"
	"github.com/caddy-dcr/caddy-dcr/internal/audit"
	"github.com/caddy-dcr/caddy-dcr/internal/state"
	"github.com/caddy-dcr/caddy-dcr/plugins"
	"github.com/caddy-dcr/caddy-dcr/plugins/boltstore"
	"github.com/caddy-dcr/caddy-dcr/plugins/redisstore"
	"github.com/caddy-dcr/caddy-dcr/plugins/storetest/redistest"
)

// overBoth runs a test over an embedded store and over Redis.
func overBoth(t *testing.T, test func(t *testing.T, store plugins.Store)) {
	t.Run("bolt", func(t *testing.T) {
		t.Parallel()
		test(t, openBolt(t))
	})
	t.Run("redis", func(t *testing.T) {
		t.Parallel()
		s, err := redisstore.Open(redisstore.Config{Addresses: []string{redistest.Start(t, redistest.Options{}).URL()}})
		require.NoError(t, err)
		t.Cleanup(func() { _ = s.Close() })
		// A gateway makes its keys before it does anything else, and with them
		// the feed.
		_, err = s.Append(context.Background(), plugins.Write{Key: written("first"), Value: []byte("1")})
		require.NoError(t, err)
		test(t, s)
	})
}

func openBolt(t *testing.T) plugins.Store {
	s, err := boltstore.Open(filepath.Join(t.TempDir(), "dcr.db"))
	require.NoError(t, err)
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// tally counts what a log tells its observer.
type tally struct {
	mu     sync.Mutex
	counts map[audit.Write]int
}

func (c *tally) AuditWritten(w audit.Write) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.counts == nil {
		c.counts = map[audit.Write]int{}
	}
	c.counts[w]++
}

func (c *tally) of(w audit.Write) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.counts[w]
}

// gateway is a log with a replica of its own, as one process has it.
type gateway struct {
	*audit.Log
	store  plugins.Store
	tally  *tally
	cancel context.CancelFunc
}

func newGateway(t *testing.T, store plugins.Store, name string) *gateway {
	logger := slog.New(slog.DiscardHandler)
	replica := &state.Replica{Store: store, Logger: logger}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { replica.Run(ctx); close(done) }()
	stop := func() { cancel(); <-done }
	t.Cleanup(stop)
	require.Eventually(t, func() bool { return replica.Fresh(time.Minute) == nil }, 10*time.Second, time.Millisecond)
	g := &gateway{store: store, tally: &tally{}, cancel: stop}
	g.Log = audit.New(state.Records{Store: store}, replica, name, logger, g.tally)
	return g
}

func within(t testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	t.Cleanup(cancel)
	return ctx
}

// written is where act puts what it does, so that a test can see whether it
// happened.
func written(name string) string { return plugins.ReplicaPrefix + "test/" + name }

func note(name string) audit.Note {
	return audit.Note{
		Actor: access.Trusted("ann", access.CLI, "127.0.0.1"), Role: access.Operator, Operation: access.CreateProgrammer,
		Target: audit.Target{Kind: "programmer", ID: name}, Of: access.Resource{Programmer: name}, Outcome: audit.Done,
		After: map[string]string{"id": name},
	}
}

// act does something and says so, under as many names as there are.
func act(names ...string) func(context.Context) (audit.Act, error) {
	return func(context.Context) (audit.Act, error) {
		var a audit.Act
		for _, name := range names {
			a.Writes = append(a.Writes, plugins.Write{Key: written(name), Value: []byte(name), If: plugins.IfAbsent})
			a.Notes = append(a.Notes, note(name))
		}
		return a, nil
	}
}

func (g *gateway) do(t *testing.T, names ...string) {
	t.Helper()
	_, err := g.Commit(within(t), act(names...))
	require.NoError(t, err)
}

// doMany does n acts of one entry each.
func (g *gateway) doMany(t *testing.T, n int) {
	t.Helper()
	for i := range n {
		g.do(t, fmt.Sprintf("p%d", i+1))
	}
}

// verify walks the chain as a gateway that has just started would.
func verify(t *testing.T, store plugins.Store, anchors ...audit.Anchor) audit.Verification {
	t.Helper()
	reader := &audit.Log{Records: state.Records{Store: store}}
	whole := audit.Verification{Whole: true}
	for cursor, first := "", true; first || cursor != ""; first = false {
		v, err := reader.Verify(within(t), cursor, anchors...)
		require.NoError(t, err)
		if first {
			whole = v
		} else {
			whole.Join(v)
		}
		cursor = v.Cursor
	}
	return whole
}

// targets lists the ids of all entries, the oldest first.
func targets(t *testing.T, store plugins.Store) []string {
	t.Helper()
	reader := &audit.Log{Records: state.Records{Store: store}}
	var ids []string
	for cursor, first := "", true; first || cursor != ""; first = false {
		page, err := reader.List(within(t), cursor, 7, func(audit.Entry) bool { return true })
		require.NoError(t, err)
		for _, e := range page.Entries {
			ids = append([]string{e.Target.ID}, ids...)
		}
		cursor = page.Cursor
	}
	return ids
}

func happened(t *testing.T, store plugins.Store, name string) bool {
	t.Helper()
	items, err := store.Get(within(t), written(name))
	require.NoError(t, err)
	return items[0].Value != nil
}

// troubled is a store that can be told to fail.
type troubled struct {
	plugins.Store
	// puts refuses writes outside the replicated records.
	puts atomic.Bool
	// left counts down the calls that change something; the one that makes it
	// zero is cut off, and all after it. after says that its answer is lost,
	// and not the call.
	left  atomic.Int64
	after atomic.Bool
}

var errAway = fmt.Errorf("connection reset: %w", plugins.ErrUnavailable)

// cut says whether a call is made, and whether its answer arrives.
func (s *troubled) cut() (made, heard bool) {
	if s.left.Load() <= 0 {
		return true, true
	}
	switch n := s.left.Add(-1); {
	case n > 1:
		return true, true
	case n == 1:
		return s.after.Load(), false
	default:
		s.left.Store(1)
		return false, false
	}
}

func (s *troubled) Put(ctx context.Context, w plugins.Write) error {
	made, heard := s.cut()
	if s.puts.Load() || !made {
		return errAway
	}
	if err := s.Store.Put(ctx, w); err != nil || heard {
		return err
	}
	return errAway
}

func (s *troubled) Append(ctx context.Context, writes ...plugins.Write) (plugins.Position, error) {
	made, heard := s.cut()
	if !made {
		return plugins.Position{}, errAway
	}
	if p, err := s.Store.Append(ctx, writes...); err != nil || heard {
		return p, err
	}
	return plugins.Position{}, errAway
}
