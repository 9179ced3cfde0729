package state_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/caddy-dcr/caddy-dcr/internal/state"
	"github.com/caddy-dcr/caddy-dcr/plugins"
)

func TestOneHoldsALeaseAtATime(t *testing.T) {
	overStores(t, func(t *testing.T, store plugins.Store) {
		records := state.Records{Store: store}
		take := func(holder string, ttl time.Duration) bool {
			mine, err := records.TakeLease(within(t), "work", holder, ttl)
			require.NoError(t, err)
			return mine
		}
		keep := func(holder string) bool {
			mine, err := records.KeepLease(within(t), "work", holder, time.Minute)
			require.NoError(t, err)
			return mine
		}
		assert.False(t, keep("a"), "nobody has it")
		assert.True(t, take("a", time.Minute))
		assert.False(t, take("b", time.Minute))
		assert.False(t, take("a", time.Minute), "not twice either: each turn has a name of its own")
		assert.True(t, keep("a"))
		assert.False(t, keep("b"))
		require.NoError(t, records.EndLease(within(t), "work", "b"))
		assert.True(t, keep("a"), "nobody ends another's")
		require.NoError(t, records.EndLease(within(t), "work", "a"))
		assert.False(t, keep("a"))

		assert.True(t, take("b", 20*time.Millisecond))
		require.Eventually(t, func() bool { return take("c", time.Minute) }, 5*time.Second, 5*time.Millisecond, "it ends by itself")
		assert.False(t, keep("b"), "and then it is another's")
		assert.True(t, keep("c"))
	})
}
