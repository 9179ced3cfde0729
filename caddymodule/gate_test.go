package caddymodule

import (
	"context"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/caddy-dcr/caddy-dcr/plugins"
	"github.com/caddy-dcr/caddy-dcr/plugins/boltstore"
)

func openBolt(t *testing.T) plugins.Store {
	store, err := boltstore.Open(filepath.Join(t.TempDir(), "dcr.db"))
	require.NoError(t, err)
	return store
}

func TestAnOpenGatePassesEveryCallOn(t *testing.T) {
	g, ctx := &gate{}, context.Background()
	g.open(openBolt(t))
	t.Cleanup(func() { _ = g.Close() })
	require.NoError(t, g.Put(ctx, plugins.Write{Key: "k", Value: []byte("v")}))
	items, err := g.Get(ctx, "k")
	require.NoError(t, err)
	assert.Equal(t, []plugins.Item{{Key: "k", Value: []byte("v")}}, items)
	page, err := g.List(ctx, "", "", 10)
	require.NoError(t, err)
	assert.Len(t, page.Items, 1)
	position, err := g.Append(ctx, plugins.Write{Key: plugins.ReplicaPrefix + "k", Value: []byte("v")})
	require.NoError(t, err)
	tail, _, err := g.Tail(ctx)
	require.NoError(t, err)
	assert.Equal(t, position, tail)
	batch, err := g.Follow(ctx, plugins.Position{Feed: position.Feed}, 0)
	require.NoError(t, err)
	assert.Len(t, batch.Entries, 1)
	taken, err := g.Take(ctx, plugins.Bucket{Key: "b", Rate: 1, Burst: 1})
	require.NoError(t, err)
	assert.True(t, taken.OK)
	_, err = g.Diagnose(ctx)
	require.NoError(t, err)
}

func TestAGateThatIsNotOpenBlamesNobody(t *testing.T) {
	g := &gate{}
	_, err := g.Get(context.Background(), "k")
	require.ErrorIs(t, err, plugins.ErrUnavailable)
	require.NotErrorIs(t, err, plugins.ErrClosed)
	_, err = g.Collect(context.Background())
	require.ErrorIs(t, err, plugins.ErrUnavailable)
	require.NoError(t, g.Close(), "a configuration that never started is cleaned up too")
	require.NoError(t, g.Close())
	require.ErrorIs(t, g.Put(context.Background(), plugins.Write{Key: "k"}), plugins.ErrClosed)
}

func TestAGateClosesWhenTheLastCallIsDone(t *testing.T) {
	g := &gate{}
	g.open(openBolt(t))
	waiting := make(chan error, 1)
	position, _, err := g.Tail(context.Background())
	require.NoError(t, err)
	go func() {
		_, err := g.Follow(context.Background(), position, 300*time.Millisecond)
		waiting <- err
	}()
	require.Eventually(t, func() bool { return g.underWay() == 1 }, 5*time.Second, time.Millisecond)
	require.NoError(t, g.Close())
	select {
	case err := <-waiting:
		assert.NoError(t, err, "the call ended before the store did")
	default:
		t.Fatal("the gate closed over a call that was under way")
	}
}
