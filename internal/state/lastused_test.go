package state_test

import (
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/caddy-dcr/caddy-dcr/internal/state"
	"github.com/caddy-dcr/caddy-dcr/plugins"
	"github.com/caddy-dcr/caddy-dcr/plugins/redisstore"
	"github.com/caddy-dcr/caddy-dcr/plugins/storetest/redistest"
)

// stores are the stores that the tests of single records run over.
func overStores(t *testing.T, test func(t *testing.T, store plugins.Store)) {
	t.Run("embedded", func(t *testing.T) { test(t, openStore(t)) })
	t.Run("redis", func(t *testing.T) {
		store, err := redisstore.Open(redisstore.Config{Addresses: []string{redistest.Start(t, redistest.Options{}).URL()}})
		require.NoError(t, err)
		t.Cleanup(func() { _ = store.Close() })
		test(t, store)
	})
}

const registeredOn = state.Day(20_000)

func registered(t *testing.T, records state.Records) state.Client {
	c := state.Client{
		ID: uuid.New(), ApplicationID: uuid.New(), StatementID: uuid.New(), Platform: "Roku",
		SecretMAC: []byte{1}, SecretKey: 1, CreatedAt: registeredOn.Start() + 5,
	}
	require.NoError(t, records.PutClient(within(t), c))
	return c
}

func TestDays(t *testing.T) {
	at := time.Date(2026, 11, 25, 23, 59, 59, 999e6, time.UTC)
	day := state.DayOf(at.UnixMilli())
	assert.Equal(t, at.Truncate(24*time.Hour), time.UnixMilli(day.Start()).UTC())
	assert.Equal(t, day+1, state.DayOf(at.Add(time.Millisecond).UnixMilli()))
}

func TestTheDayOfTheLastUseIsNotedOnce(t *testing.T) {
	overStores(t, func(t *testing.T, store plugins.Store) {
		records := state.Records{Store: store}
		c := registered(t, records)
		for _, step := range []struct {
			name  string
			day   state.Day
			wrote bool
			seen  state.Day
		}{
			{"the day of the registration says nothing new", registeredOn, false, registeredOn},
			{"a later day does", registeredOn + 3, true, registeredOn + 3},
			{"once", registeredOn + 3, false, registeredOn + 3},
			{"a gateway whose clock is behind takes nothing back", registeredOn + 2, false, registeredOn + 3},
			{"and the next day again", registeredOn + 4, true, registeredOn + 4},
		} {
			wrote, err := records.StampClient(within(t), c.ID, step.day)
			require.NoError(t, err, step.name)
			assert.Equal(t, step.wrote, wrote, step.name)
			back, err := records.Client(within(t), c.ID)
			require.NoError(t, err)
			assert.Equal(t, step.seen, back.LastSeen(), step.name)
			back.LastUsed = 0
			assert.Equal(t, c, back, "nothing else changes")
		}
	})
}

func TestAStampMakesNoClient(t *testing.T) {
	overStores(t, func(t *testing.T, store plugins.Store) {
		records := state.Records{Store: store}
		id := uuid.New()
		wrote, err := records.StampClient(within(t), id, registeredOn)
		require.NoError(t, err)
		assert.False(t, wrote)
		_, err = records.Client(within(t), id)
		assert.ErrorIs(t, err, state.ErrNotFound)
	})
}

func TestAClientIsRemovedOnlyWhileItIsUnused(t *testing.T) {
	overStores(t, func(t *testing.T, store plugins.Store) {
		records := state.Records{Store: store}
		used, unused := registered(t, records), registered(t, records)
		_, err := records.StampClient(within(t), used.ID, registeredOn+1)
		require.NoError(t, err)
		removed, err := records.RemoveClient(within(t), used.ID, registeredOn)
		require.NoError(t, err)
		assert.False(t, removed, "it was used after the day")
		_, err = records.Client(within(t), used.ID)
		require.NoError(t, err)

		for _, want := range []bool{true, false} {
			removed, err = records.RemoveClient(within(t), unused.ID, registeredOn)
			require.NoError(t, err)
			assert.Equal(t, want, removed, "it can be removed once")
		}
		_, err = records.Client(within(t), unused.ID)
		assert.ErrorIs(t, err, state.ErrNotFound)
	})
}

// Whichever comes first wins: a client that was stamped is there, one that was
// removed is not, and a stamp brings none back.
func TestAStampAndARemovalNeverBothHappen(t *testing.T) {
	overStores(t, func(t *testing.T, store plugins.Store) {
		records := state.Records{Store: store}
		for range 50 {
			c := registered(t, records)
			var stamped, removed bool
			var both sync.WaitGroup
			both.Go(func() {
				var err error
				stamped, err = records.StampClient(within(t), c.ID, registeredOn+1)
				assert.NoError(t, err)
			})
			both.Go(func() {
				var err error
				removed, err = records.RemoveClient(within(t), c.ID, registeredOn)
				assert.NoError(t, err)
			})
			both.Wait()
			assert.NotEqual(t, stamped, removed)
			_, err := records.Client(within(t), c.ID)
			if removed {
				assert.ErrorIs(t, err, state.ErrNotFound)
			} else {
				assert.NoError(t, err)
			}
		}
	})
}
