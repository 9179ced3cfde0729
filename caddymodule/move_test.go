package caddymodule

import (
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/caddy-dcr/caddy-dcr/internal/moving"
	"github.com/caddy-dcr/caddy-dcr/internal/state"
	"github.com/caddy-dcr/caddy-dcr/plugins"
	"github.com/caddy-dcr/caddy-dcr/plugins/boltstore"
)

// boltAt is the store of a file, as a configuration names it.
func boltAt(t *testing.T, path string) plugins.StoreModule {
	module := &boltstore.Module{Path: path}
	require.NoError(t, module.Provision(caddy.Context{}))
	return module
}

// over is a backing over the store, of a gateway of that name.
func over(module plugins.StoreModule, node string) *backing {
	return newBacking(module, node, nil, slog.New(slog.DiscardHandler))
}

func (rt *backing) until(t *testing.T, want moving.State) {
	t.Helper()
	require.Eventually(t, func() bool { is, _, _ := rt.store.Progress(); return is == want }, 30*time.Second, time.Millisecond, "want %s", want)
}

func put(t *testing.T, b *backing, id string) {
	t.Helper()
	require.NoError(t, b.gate.Put(t.Context(), plugins.Write{Key: "c/" + id, Value: []byte(id)}))
}

func has(t *testing.T, b *backing, id string) bool {
	t.Helper()
	items, err := b.gate.Get(t.Context(), "c/"+id)
	require.NoError(t, err)
	return items[0].Value != nil
}

func TestAMoveFollowsItsConfigurations(t *testing.T) {
	dir := t.TempDir()
	first, second := boltAt(t, filepath.Join(dir, "first.db")), boltAt(t, filepath.Join(dir, "second.db"))
	origin := over(first, "gateway-1")
	require.NoError(t, origin.start())
	put(t, origin, "old")
	require.ErrorContains(t, moves.begin(t.Context(), origin, first), "names the store that the gateway works with")
	require.NoError(t, moves.begin(t.Context(), origin, second))
	require.ErrorIs(t, moves.begin(t.Context(), origin, second), moving.ErrBusy)
	origin.until(t, moving.Alike)

	// A configuration comes, another one beside it that differs in something
	// else, and both go: the gateway is back.
	one, two := over(second, "gateway-1"), over(second, "gateway-1")
	require.NoError(t, one.start())
	origin.until(t, moving.Switched)
	require.NoError(t, two.start())
	put(t, two, "meanwhile")
	require.ErrorIs(t, moves.abandon(), moving.ErrBusy, "it has gone over")
	require.NoError(t, one.Destruct())
	origin.until(t, moving.Switched)
	put(t, two, "later")
	require.NoError(t, two.Destruct())
	origin.until(t, moving.Alike)
	for _, id := range []string{"old", "meanwhile", "later"} {
		assert.True(t, has(t, origin, id), "%s is lost", id)
	}

	// The one that stays ends the move when the first is gone.
	last := over(second, "gateway-1")
	require.NoError(t, last.start())
	put(t, origin, "late")
	require.NoError(t, origin.Destruct())
	last.until(t, moving.Idle)
	for _, id := range []string{"old", "meanwhile", "later", "late"} {
		assert.True(t, has(t, last, id), "%s is lost", id)
	}
	require.ErrorIs(t, moves.abandon(), moving.ErrBusy, "there is none")
	again := over(first, "gateway-1")
	require.ErrorContains(t, again.start(), string(state.Left))
	require.NoError(t, again.Destruct())
	require.NoError(t, last.Destruct())
}

func TestNobodyGoesOverToAStoreThatIsNotWhole(t *testing.T) {
	dir := t.TempDir()
	second := boltAt(t, filepath.Join(dir, "second.db"))
	origin := over(boltAt(t, filepath.Join(dir, "first.db")), "gateway-1")
	require.NoError(t, origin.start())
	put(t, origin, "old")
	require.NoError(t, moves.begin(t.Context(), origin, second))
	origin.until(t, moving.Alike)
	origin.store.Finish() // as when the copying has failed
	early := over(second, "gateway-1")
	require.ErrorContains(t, early.start(), "not ready")
	require.NoError(t, early.Destruct())
	put(t, origin, "on and on")

	require.ErrorIs(t, moves.begin(t.Context(), origin, second), moving.ErrNotEmpty)
	unasked := over(second, "gateway-1")
	require.ErrorContains(t, unasked.start(), string(state.Unfinished), "nor when nobody knows of a move")
	require.NoError(t, unasked.Destruct())

	third := boltAt(t, filepath.Join(dir, "third.db"))
	require.NoError(t, moves.begin(t.Context(), origin, third))
	origin.until(t, moving.Alike)
	require.NoError(t, moves.abandon())
	put(t, origin, "after all")
	require.NoError(t, origin.Destruct())
}

func TestOnlyOneGatewayMoves(t *testing.T) {
	origin := over(boltAt(t, filepath.Join(t.TempDir(), "first.db")), "gateway-1")
	require.NoError(t, origin.start())
	require.NoError(t, origin.makeReady())
	require.NoError(t, alone(t.Context(), origin))
	other := &state.Nodes{Replica: origin.replica, Name: "gateway-2", Logger: slog.New(slog.DiscardHandler)}
	ctx := t.Context()
	go other.Run(ctx)
	require.Eventually(t, func() bool { return alone(t.Context(), origin) != nil }, 30*time.Second, time.Millisecond)
	assert.ErrorContains(t, alone(t.Context(), origin), "gateway-2")
	require.NoError(t, origin.Destruct())
}
