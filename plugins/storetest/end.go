package storetest

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/caddy-dcr/caddy-dcr/plugins"
)

// calls is every method that can fail.
var calls = []struct {
	name string
	call func(ctx context.Context, s plugins.Store) error
}{
	{"Get", func(ctx context.Context, s plugins.Store) error { _, err := s.Get(ctx, "a", "r/a"); return err }},
	{"Put", func(ctx context.Context, s plugins.Store) error { return s.Put(ctx, set("new", "1")) }},
	{"List", func(ctx context.Context, s plugins.Store) error { _, err := s.List(ctx, "", "", 10); return err }},
	{"Append", func(ctx context.Context, s plugins.Store) error {
		_, err := s.Append(ctx, set("r/new", "1"))
		return err
	}},
	{"Follow", func(ctx context.Context, s plugins.Store) error {
		_, err := s.Follow(ctx, plugins.Position{}, time.Hour)
		return err
	}},
	{"Tail", func(ctx context.Context, s plugins.Store) error { _, _, err := s.Tail(ctx); return err }},
	{"Take", func(ctx context.Context, s plugins.Store) error {
		_, err := s.Take(ctx, plugins.Bucket{Key: "b", Rate: 1, Burst: 1})
		return err
	}},
	{"Collect", func(ctx context.Context, s plugins.Store) error {
		if c, ok := s.(plugins.Collector); ok {
			_, err := c.Collect(ctx)
			return err
		}
		return ctx.Err()
	}},
}

var endTests = []test{
	{"answers ErrClosed once closed, however often", func(t *testing.T, s plugins.Store) {
		add(t, s, set("r/a", "1"))
		require.NoError(t, s.Close())
		for _, c := range calls {
			if _, collects := s.(plugins.Collector); c.name == "Collect" && !collects {
				continue
			}
			err := c.call(within(t), s)
			require.ErrorIs(t, err, plugins.ErrClosed, c.name)
			require.Equal(t, plugins.FaultClosed, plugins.FaultOf(err), c.name)
		}
		assert.NotPanics(t, func() { _ = s.Close() })
	}},
	{"ends calls under way when it closes", func(t *testing.T, s plugins.Store) {
		ended := make(chan error, 1)
		go func() {
			_, err := s.Follow(within(t), plugins.Position{}, time.Hour)
			ended <- err
		}()
		time.Sleep(20 * time.Millisecond) // so that it usually waits already; right either way
		require.NoError(t, s.Close())
		select {
		case err := <-ended:
			require.ErrorIs(t, err, plugins.ErrClosed)
		case <-time.After(patience):
			require.FailNow(t, "the follower outlives the store")
		}
	}},
	{"ends with the context and says so, writing nothing after it", func(t *testing.T, s plugins.Store) {
		ctx, cancel := context.WithCancel(within(t))
		cancel()
		for _, c := range calls {
			require.ErrorIs(t, c.call(ctx, s), context.Canceled, c.name)
		}
		assert.Empty(t, listAll(t, within(t), s, "", 10))
		assert.Zero(t, tail(t, s).Seq)
	}},
	{"ends a wait with the context", func(t *testing.T, s plugins.Store) {
		ctx, cancel := context.WithCancel(within(t))
		time.AfterFunc(20*time.Millisecond, cancel)
		_, err := s.Follow(ctx, plugins.Position{}, time.Hour)
		require.ErrorIs(t, err, context.Canceled)
		ctx, cancel = context.WithTimeout(within(t), 20*time.Millisecond)
		defer cancel()
		_, err = s.Follow(ctx, plugins.Position{}, time.Hour)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.Equal(t, plugins.FaultTimeout, plugins.FaultOf(err))
	}},
}
