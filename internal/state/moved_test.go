package state_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/caddy-dcr/caddy-dcr/internal/state"
	"github.com/caddy-dcr/caddy-dcr/plugins"
)

// A gateway that works with a store which another has left, or begins to, does
// not believe it any more: clients are told to wait.
func TestAMarkedStoreIsNotBelieved(t *testing.T) {
	overStores(t, func(t *testing.T, store plugins.Store) {
		_, err := store.Append(t.Context(), plugins.Write{Key: plugins.ReplicaPrefix + "p/x"})
		require.NoError(t, err)
		require.NoError(t, state.CheckMoved(t.Context(), store))
		running := run(t, store)
		require.Eventually(t, func() bool { return running.Fresh(time.Minute) == nil }, 10*time.Second, time.Millisecond)
		_, err = store.Append(t.Context(), state.MoveMarkWrite(state.Left))
		require.NoError(t, err)
		require.Eventually(t, func() bool { return running.Fresh(1500*time.Millisecond) != nil }, 20*time.Second, time.Millisecond)
		begun := run(t, store)
		time.Sleep(100 * time.Millisecond)
		require.ErrorIs(t, begun.Fresh(time.Hour), plugins.ErrUnavailable)
		err = state.CheckMoved(t.Context(), store)
		require.ErrorIs(t, err, plugins.ErrUnavailable)
		assert.ErrorContains(t, err, "out of date")

		_, err = store.Append(t.Context(), state.MoveMarkWrite(""))
		require.NoError(t, err)
		require.NoError(t, state.CheckMoved(t.Context(), store))
		require.Eventually(t, func() bool { return begun.Fresh(time.Minute) == nil }, 20*time.Second, time.Millisecond, "it heals by itself")
	})
}
