package moving

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/caddy-dcr/caddy-dcr/internal/state"
	"github.com/caddy-dcr/caddy-dcr/plugins"
	"github.com/caddy-dcr/caddy-dcr/plugins/boltstore"
	"github.com/caddy-dcr/caddy-dcr/plugins/redisstore"
	"github.com/caddy-dcr/caddy-dcr/plugins/storetest"
	"github.com/caddy-dcr/caddy-dcr/plugins/storetest/redistest"
)

func bolt(t *testing.T) plugins.Store {
	store, err := boltstore.Open(filepath.Join(t.TempDir(), "dcr.db"))
	require.NoError(t, err)
	t.Cleanup(func() { _ = store.Close() })
	return store
}

func redis(t *testing.T) plugins.Store {
	store, err := redisstore.Open(redisstore.Config{Addresses: []string{redistest.Start(t, redistest.Options{}).URL()}})
	require.NoError(t, err)
	t.Cleanup(func() { _ = store.Close() })
	return store
}

func overPairs(t *testing.T, test func(t *testing.T, from, to plugins.Store)) {
	t.Run("from embedded to redis", func(t *testing.T) { test(t, bolt(t), redis(t)) })
	t.Run("from redis to embedded", func(t *testing.T) { test(t, redis(t), bolt(t)) })
}

func moving(store plugins.Store) *Store { return New(store, slog.New(slog.DiscardHandler)) }

func until(t *testing.T, s *Store, want State) {
	t.Helper()
	require.Eventually(t, func() bool { is, _, _ := s.Progress(); return is == want }, 60*time.Second, time.Millisecond, "want %s", want)
}

// contents are everything that a store holds.
func contents(t *testing.T, store plugins.Store) map[string]string {
	t.Helper()
	all := map[string]string{}
	for cursor := ""; ; {
		page, err := store.List(t.Context(), "", cursor, 1000)
		require.NoError(t, err)
		for _, item := range page.Items {
			if item.Key != state.MoveMarkWrite("").Key {
				all[item.Key] = string(item.Value)
			}
		}
		if cursor = page.Cursor; cursor == "" {
			return all
		}
	}
}

// A store that is not moved is the store itself.
func TestItIsAStore(t *testing.T) {
	storetest.Run(t, func(t *testing.T) plugins.Store {
		store, err := boltstore.Open(filepath.Join(t.TempDir(), "dcr.db"))
		require.NoError(t, err)
		return closing{moving(store), store}
	})
}

type closing struct {
	plugins.Store
	inner plugins.Store
}

func (c closing) Close() error { return c.inner.Close() }

// writers write, overwrite and delete, each its own keys and some of all, and
// keep what was acknowledged.
type writers struct {
	store   plugins.Store
	stop    atomic.Bool
	waiting sync.WaitGroup
	failed  atomic.Int64
	wrote   atomic.Int64
	mu      sync.Mutex
	want    map[string]string
}

func (w *writers) start(t *testing.T, n int) {
	w.want = map[string]string{}
	for i := range n {
		w.waiting.Go(func() {
			for round := 0; !w.stop.Load(); round++ {
				key := fmt.Sprintf("c/%d/%d", i, round%500)
				if round%3 == 0 {
					key = fmt.Sprintf("r/p/%d/%d", i, round%500)
				}
				value := []byte(fmt.Sprint(round))
				if round%7 == 6 {
					value = nil
				}
				w.write(t, plugins.Write{Key: key, Value: value})
				_ = w.store.Put(t.Context(), plugins.Write{Key: fmt.Sprint("c/all/", round%5), Value: []byte(fmt.Sprint(i, round))})
			}
		})
	}
}

func (w *writers) write(t *testing.T, write plugins.Write) {
	var err error
	if replicated(write.Key) {
		_, err = w.store.Append(t.Context(), write)
	} else {
		err = w.store.Put(t.Context(), write)
	}
	if err != nil {
		w.failed.Add(1)
		return
	}
	w.wrote.Add(1)
	w.mu.Lock()
	defer w.mu.Unlock()
	if write.Value == nil {
		delete(w.want, write.Key)
	} else {
		w.want[write.Key] = string(write.Value)
	}
}

func (w *writers) end() { w.stop.Store(true); w.waiting.Wait() }

func fill(t *testing.T, store plugins.Store, n int) map[string]string {
	all := map[string]string{}
	for i := range n {
		key := fmt.Sprint("c/old/", i)
		all[key] = fmt.Sprint(i)
		require.NoError(t, store.Put(t.Context(), plugins.Write{Key: key, Value: []byte(all[key])}))
		if i%10 == 0 {
			key = fmt.Sprint("r/p/old/", i)
			all[key] = fmt.Sprint(i)
			_, err := store.Append(t.Context(), plugins.Write{Key: key, Value: []byte(all[key])})
			require.NoError(t, err)
		}
	}
	return all
}

// Whatever is acknowledged during a move, at whatever moment, is in the store
// that is worked with after it, and nothing is refused meanwhile.
func TestNothingIsLostByAMove(t *testing.T) {
	overPairs(t, func(t *testing.T, from, to plugins.Store) {
		old := fill(t, from, 2000)
		s := moving(from)
		w := writers{store: s}
		w.start(t, 8)
		require.NoError(t, s.Begin(t.Context(), to))
		until(t, s, Alike)
		for range 3 { // a reload that fails goes back
			require.NoError(t, s.Switch())
			time.Sleep(20 * time.Millisecond)
			require.NoError(t, s.Back())
			time.Sleep(20 * time.Millisecond)
		}
		require.NoError(t, s.Switch())
		time.Sleep(50 * time.Millisecond)
		w.end()
		t.Logf("%d writes, %d refused", w.wrote.Load(), w.failed.Load())
		assert.Zero(t, w.failed.Load())
		there := contents(t, to)
		assert.Equal(t, contents(t, from), there, "both stores are alike until the move is finished")
		for key, value := range old {
			require.Equal(t, value, there[key], key)
		}
		for key, value := range w.want {
			require.Equal(t, value, there[key], key)
		}
		require.NoError(t, state.CheckMoved(t.Context(), from))
		require.NoError(t, state.CheckMoved(t.Context(), to))
		s.Finish()
		require.NoError(t, s.Put(t.Context(), plugins.Write{Key: "c/after", Value: []byte("x")}))
		assert.ErrorContains(t, state.CheckMoved(t.Context(), from), "has moved from this store")
		assert.NoError(t, state.CheckMoved(t.Context(), to))
		assert.NotContains(t, contents(t, from), "c/after")
		assert.Contains(t, contents(t, to), "c/after")
	})
}

func TestWhoFollowsIsToldAtOnce(t *testing.T) {
	from, to := bolt(t), bolt(t)
	fill(t, from, 20)
	s := moving(from)
	require.NoError(t, s.Begin(t.Context(), to))
	until(t, s, Alike)
	position, _, err := s.Tail(t.Context())
	require.NoError(t, err)
	answered := make(chan error, 1)
	go func() {
		_, err := s.Follow(t.Context(), position, time.Hour)
		answered <- err
	}()
	time.Sleep(10 * time.Millisecond)
	require.NoError(t, s.Switch())
	select {
	case err := <-answered:
		assert.ErrorIs(t, err, plugins.ErrLostPlace)
	case <-time.After(30 * time.Second):
		t.Fatal("it waits for a store that nobody works with")
	}
	_, err = s.Follow(t.Context(), position, 0)
	assert.ErrorIs(t, err, plugins.ErrLostPlace)
}

// lame is a store that fails when it is told to, before or after it has done
// what it was asked for.
type lame struct {
	plugins.Store
	before, after atomic.Bool
}

var errLame = fmt.Errorf("connection reset: %w", plugins.ErrUnavailable)

func (l *lame) Put(ctx context.Context, w plugins.Write) error {
	if l.before.Load() {
		return errLame
	}
	err := l.Store.Put(ctx, w)
	if l.after.Load() {
		return errLame
	}
	return err
}

func TestATargetThatFailsEndsTheMoveAndNothingElse(t *testing.T) {
	from, to := bolt(t), &lame{Store: bolt(t)}
	old := fill(t, from, 50)
	s := moving(from)
	require.NoError(t, s.Begin(t.Context(), to))
	until(t, s, Alike)
	to.before.Store(true)
	require.NoError(t, s.Put(t.Context(), plugins.Write{Key: "c/new", Value: []byte("x")}), "a client's write does not depend on it")
	is, _, err := s.Progress()
	assert.Equal(t, Failed, is)
	assert.ErrorIs(t, err, errLame)
	require.ErrorIs(t, s.Switch(), ErrBusy, "nobody goes over to a store that lacks something")
	assert.Len(t, contents(t, s), len(old)+1)
	to.before.Store(false)
	require.ErrorContains(t, state.CheckMoved(t.Context(), to), "was not finished", "nor does whoever tries without asking")
	require.ErrorIs(t, s.Begin(t.Context(), to), ErrNotEmpty)
	require.NoError(t, s.Begin(t.Context(), bolt(t)), "another one can be tried")
	until(t, s, Alike)
	s.Finish()
	is, _, _ = s.Progress()
	assert.Equal(t, Failed, is, "a move that was stopped leads nowhere")
}

// A write whose answer was lost may have happened: then it happened in both.
func TestAnAnswerThatIsLostMakesNoDifference(t *testing.T) {
	from, to := &lame{Store: bolt(t)}, bolt(t)
	s := moving(from)
	require.NoError(t, s.Begin(t.Context(), to))
	until(t, s, Alike)
	from.after.Store(true)
	require.Error(t, s.Put(t.Context(), plugins.Write{Key: "c/happened", Value: []byte("x")}))
	from.after.Store(false)
	from.before.Store(true)
	require.Error(t, s.Put(t.Context(), plugins.Write{Key: "c/did not", Value: []byte("x")}))
	from.before.Store(false)
	assert.Equal(t, contents(t, from), contents(t, to))
	assert.Contains(t, contents(t, to), "c/happened")
	is, _, _ := s.Progress()
	assert.Equal(t, Alike, is)
	require.ErrorIs(t, s.Put(t.Context(), plugins.Write{Key: "c/happened", Value: []byte("y"), If: plugins.IfAbsent}), plugins.ErrConflict)
	assert.Equal(t, contents(t, from), contents(t, to))
}

func TestStepsThatAreNotDueAreRefused(t *testing.T) {
	s := moving(bolt(t))
	for name, step := range map[string]func() error{"switch": s.Switch, "back": s.Back} {
		require.ErrorIs(t, step(), ErrBusy, name)
	}
	full := bolt(t)
	fill(t, full, 1)
	err := s.Begin(t.Context(), full)
	require.True(t, errors.Is(err, ErrNotEmpty), "%v", err)
	require.NoError(t, s.Begin(t.Context(), bolt(t)))
	require.ErrorIs(t, s.Begin(t.Context(), bolt(t)), ErrBusy)
	assert.Len(t, States, 5)
}
