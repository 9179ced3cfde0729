package caddymodule

import (
	"bytes"
	"log/slog"
	"path/filepath"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/caddy-dcr/caddy-dcr/plugins"
	"github.com/caddy-dcr/caddy-dcr/plugins/boltstore"
)

// probe counts its ends.
type probe struct{ count atomic.Int32 }

func (p *probe) ended() int { return int(p.count.Load()) }

func (p *probe) Destruct() error {
	p.count.Add(1)
	return nil
}

func newBackingPool(t *testing.T) (*backingPool, *probe, func() bool) {
	t.Helper()
	pool, p := &backingPool{UsagePool: caddy.NewUsagePool(), leaving: map[*share]struct{}{}}, new(probe)
	return pool, p, func() (loaded bool) {
		_, loaded, err := pool.LoadOrNew("key", func() (caddy.Destructor, error) { return p, nil })
		require.NoError(t, err)
		return loaded
	}
}

func TestABackingOutlivesItsConfigurationForAWhile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		pool, p, load := newBackingPool(t)
		assert.False(t, load())
		_, err := pool.Delete("key")
		require.NoError(t, err)
		time.Sleep(lingerFor / 2)
		assert.True(t, load(), "whoever comes back in time finds it running")
		time.Sleep(2 * lingerFor)
		assert.Zero(t, p.ended(), "one configuration uses it still")
		_, err = pool.Delete("key")
		require.NoError(t, err)
		time.Sleep(lingerFor / 2)
		assert.Zero(t, p.ended())
		time.Sleep(lingerFor)
		assert.Equal(t, 1, p.ended())
		assert.False(t, load())
	})
}

func TestAProcessThatEndsWaitsForNoBacking(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		pool, p, load := newBackingPool(t)
		load()
		load()
		for range 2 {
			_, err := pool.Delete("key")
			require.NoError(t, err)
		}
		pool.hurry()
		assert.Equal(t, 1, p.ended())
		time.Sleep(2 * lingerFor)
		assert.Equal(t, 1, p.ended())
	})
}

func TestTwoBackingsShareAnOpenFile(t *testing.T) {
	module := &boltstore.Module{Path: filepath.Join(t.TempDir(), "dcr.db")}
	require.NoError(t, module.Provision(caddy.Context{}))
	first, err := leaseStore(module)
	require.NoError(t, err)
	second, err := leaseStore(module)
	require.NoError(t, err)
	require.NoError(t, first.Close())
	require.NoError(t, second.Put(t.Context(), plugins.Write{Key: "k", Value: []byte("v")}))
	_, collects := second.(plugins.Collector)
	assert.True(t, collects, "a lease can do what the store can")
	require.NoError(t, second.Close())
	require.ErrorIs(t, second.Put(t.Context(), plugins.Write{Key: "k"}), plugins.ErrClosed)
	third, err := leaseStore(module)
	require.NoError(t, err)
	require.NoError(t, third.Close())
}

func TestAStoreThatCannotBeOpenedIsTriedAnew(t *testing.T) {
	module := &boltstore.Module{Path: "/dev/null/dcr"}
	require.NoError(t, module.Provision(caddy.Context{}))
	for range 2 {
		_, err := leaseStore(module)
		require.ErrorContains(t, err, "/dev/null/dcr")
	}
}

func TestTheLogOfNoConfigurationIsTheFirst(t *testing.T) {
	var text bytes.Buffer
	logger := slog.New(runningLog{first: slog.NewTextHandler(&text, nil)})
	logger.With("a", 1).WithGroup("g").Info("said", "b", 2)
	logger.Debug("unsaid")
	assert.Contains(t, text.String(), "msg=said a=1 g.b=2")
	assert.NotContains(t, text.String(), "unsaid")
}
