package state_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/caddy-dcr/caddy-dcr/internal/state"
	"github.com/caddy-dcr/caddy-dcr/plugins"
)

func TestCatchUpBringsWhatWasThereWhenItWasCalled(t *testing.T) {
	store := openStore(t)
	r := run(t, store)
	loaded(t, r)
	records := state.Records{Store: store}
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			app := newApplication()
			_, err := records.CreateApplication(context.Background(), app)
			require.NoError(t, err)
			require.NoError(t, r.CatchUp(within(t)))
			_, found := r.Application(app.ID)
			assert.True(t, found)
		})
	}
	all.Wait()
}

// another answers as a store does that was emptied: with a feed of its own.
type another struct {
	plugins.Store
	mu   sync.Mutex
	feed string
}

func (a *another) Tail(ctx context.Context) (plugins.Position, time.Time, error) {
	p, now, err := a.Store.Tail(ctx)
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.feed != "" {
		p.Feed = a.feed
	}
	return p, now, err
}

func TestCatchUpKnowsAnotherStore(t *testing.T) {
	store := &another{Store: openStore(t)}
	r := run(t, store)
	loaded(t, r)
	require.NoError(t, r.CatchUp(within(t)))
	store.mu.Lock()
	store.feed = "another"
	store.mu.Unlock()
	assert.ErrorIs(t, r.CatchUp(within(t)), plugins.ErrUnavailable)
}

func TestCatchUpDoesNotAskASilentStore(t *testing.T) {
	r := &state.Replica{Store: openStore(t)}
	assert.ErrorIs(t, r.CatchUp(within(t)), plugins.ErrUnavailable, "nothing was ever loaded")
	gone, cancel := context.WithCancel(context.Background())
	cancel()
	assert.ErrorIs(t, r.CatchUp(gone), plugins.ErrUnavailable)
}

func TestAStoreThatLostTheKeysIsNotBelieved(t *testing.T) {
	full, empty, begun := openStore(t), openStore(t), openStore(t)
	for store, id := range map[plugins.Store]string{full: "mine", begun: "somebody else's"} {
		_, err := state.Records{Store: store}.AddSigningKey(within(t), state.SigningKey{Use: state.KeyForTokens, Generation: 1, ID: id})
		require.NoError(t, err)
	}
	app := newApplication()
	_, err := state.Records{Store: full}.CreateApplication(within(t), app)
	require.NoError(t, err)
	for name, next := range map[string]plugins.Store{"an emptied store": empty, "one that was begun anew": begun} {
		t.Run(name, func(t *testing.T) {
			s := &switched{Store: full}
			r := run(t, s)
			loaded(t, r)
			s.to(next)
			require.Eventually(t, func() bool { return r.Fresh(100*time.Millisecond) != nil }, 5*time.Second, 10*time.Millisecond)
			_, found := r.Application(app.ID)
			assert.True(t, found, "what was known is kept")
			assert.Error(t, r.CatchUp(within(t)))
			s.to(full)
			require.Eventually(t, func() bool { return r.Fresh(time.Second) == nil }, 5*time.Second, 10*time.Millisecond, "the restored store heals it")
		})
	}
}

// switched is another store from one moment on.
type switched struct {
	plugins.Store
	mu   sync.Mutex
	next plugins.Store
}

func (s *switched) to(next plugins.Store) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.next = next
}

func (s *switched) now() plugins.Store {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.next != nil {
		return s.next
	}
	return s.Store
}

func (s *switched) List(ctx context.Context, prefix, cursor string, limit int) (plugins.Page, error) {
	return s.now().List(ctx, prefix, cursor, limit)
}

func (s *switched) Tail(ctx context.Context) (plugins.Position, time.Time, error) {
	return s.now().Tail(ctx)
}

func (s *switched) Follow(ctx context.Context, after plugins.Position, wait time.Duration) (plugins.Batch, error) {
	return s.now().Follow(ctx, after, wait)
}
