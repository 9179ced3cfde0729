package state_test

import (
	"maps"
	"slices"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/caddy-dcr/caddy-dcr/internal/roster"
	"github.com/caddy-dcr/caddy-dcr/internal/state"
	"github.com/caddy-dcr/caddy-dcr/plugins"
	"github.com/caddy-dcr/caddy-dcr/plugins/redisstore"
	"github.com/caddy-dcr/caddy-dcr/plugins/storetest/redistest"
)

// overBoth runs a test over an embedded store and over Redis.
func overBoth(t *testing.T, test func(t *testing.T, store plugins.Store)) {
	t.Run("bolt", func(t *testing.T) { test(t, openStore(t)) })
	t.Run("redis", func(t *testing.T) {
		s, err := redisstore.Open(redisstore.Config{Addresses: []string{redistest.Start(t, redistest.Options{}).URL()}})
		require.NoError(t, err)
		t.Cleanup(func() { _ = s.Close() })
		test(t, s)
	})
}

func encoded[T any](t *testing.T, encode func(T) ([]byte, error), record T) []byte {
	value, err := encode(record)
	require.NoError(t, err)
	return value
}

// put appends writes and waits until the replica has them.
func put(t *testing.T, r *state.Replica, writes ...plugins.Write) {
	t.Helper()
	position, err := r.Store.Append(within(t), writes...)
	require.NoError(t, err)
	require.NoError(t, r.WaitFor(within(t), position))
}

func TestTheRosterIsReplicated(t *testing.T) {
	overBoth(t, func(t *testing.T, store plugins.Store) {
		r := run(t, store)
		loaded(t, r)
		channel := roster.Channel{ID: "Ref30", Programmer: "REF", Name: "Reference"}
		put(t, r,
			plugins.Write{Key: state.ProgrammerKey("REF"), Value: encoded(t, state.EncodeProgrammer, roster.Programmer{ID: "REF", Name: "Reference"})},
			plugins.Write{Key: state.ChannelKey("Ref30"), Value: encoded(t, state.EncodeChannel, channel)},
			plugins.Write{Key: state.ProxyMVPDKey("P"), Value: encoded(t, state.EncodeProxyMVPD, roster.ProxyMVPD{ID: "P", Name: "Proxy"})},
			plugins.Write{Key: state.ScopeKey("a:b"), Value: encoded(t, state.EncodeScope, roster.Scope{Name: "a:b"})},
			plugins.Write{Key: state.PlatformKey("VIDAA"), Value: encoded(t, state.EncodePlatform, roster.Platform{Name: "VIDAA"})},
		)
		late := run(t, store)
		loaded(t, late)
		for _, r := range []*state.Replica{r, late} {
			p, found := r.Programmer("REF")
			require.True(t, found)
			assert.Equal(t, "Reference", p.Record.Name)
			held, found := r.Channel("REF30")
			require.True(t, found, "a channel is found in every spelling, so that no two differ in case alone")
			assert.Equal(t, channel, held.Record)
			assert.Equal(t, []string{"P"}, slices.Collect(maps.Keys(r.ProxyMVPDs())))
			assert.Equal(t, []string{"a:b"}, slices.Collect(maps.Keys(r.Scopes())))
			assert.Equal(t, []string{"vidaa"}, slices.Collect(maps.Keys(r.Platforms())))
		}
		// An edit is refused to whoever saw another version.
		held, _ := r.Channel("Ref30")
		version := held.Version()
		channel.Name = "Renamed"
		put(t, r, held.Instead(encoded(t, state.EncodeChannel, channel), state.ChannelKey("Ref30")))
		now, _ := r.Channel("Ref30")
		assert.NotEqual(t, version, now.Version())
		_, err := store.Append(within(t), held.Instead(nil, state.ChannelKey("Ref30")))
		require.ErrorIs(t, err, plugins.ErrConflict)
		put(t, r, now.Instead(nil, state.ChannelKey("Ref30")))
		_, found := r.Channel("Ref30")
		assert.False(t, found)
		assert.NotEmpty(t, r.Programmers())
	})
}

func TestARosterRecordUnderAnothersKeyIsRefused(t *testing.T) {
	store := openStore(t)
	_, err := store.Append(within(t), plugins.Write{
		Key: state.ChannelKey("CNN"), Value: encoded(t, state.EncodeChannel, roster.Channel{ID: "REF30", Programmer: "REF"}),
	})
	require.NoError(t, err)
	r := run(t, store)
	require.Never(t, func() bool { return r.Fresh(1e15) == nil }, 300e6, 20e6, "what cannot be read is no state to decide from")
}

// An application for all channels on record serves those of its programmer,
// present and future, and no others; one from before the record goes on as it was.
func TestAllChannelsOnRecord(t *testing.T) {
	overBoth(t, func(t *testing.T, store plugins.Store) {
		r := run(t, store)
		loaded(t, r)
		records := state.Records{Store: store}
		narrow, wide := newApplication(), newApplication()
		narrow.OnlyRecorded = true
		for _, id := range []string{"REF30", "FOX1"} {
			owner := map[string]string{"REF30": "REF", "FOX1": "FOX"}[id]
			put(t, r, plugins.Write{Key: state.ChannelKey(id), Value: encoded(t, state.EncodeChannel, roster.Channel{ID: id, Programmer: owner})})
		}
		_, err := records.CreateApplication(within(t), narrow)
		require.NoError(t, err)
		position, err := records.CreateApplication(within(t), wide)
		require.NoError(t, err)
		require.NoError(t, r.WaitFor(within(t), position))

		serves := func(r *state.Replica, id uuid.UUID) (served []string) {
			app, found := r.Application(id)
			require.True(t, found)
			for _, channel := range []string{"REF30", "REF31", "FOX1", "OTHER", "ref30"} {
				if app.Serves(channel) {
					served = append(served, channel)
				}
			}
			return served
		}
		everything := []string{"REF30", "REF31", "FOX1", "OTHER", "ref30"}
		assert.Equal(t, []string{"REF30"}, serves(r, narrow.ID))
		assert.Equal(t, everything, serves(r, wide.ID))

		put(t, r, plugins.Write{Key: state.ChannelKey("REF31"), Value: encoded(t, state.EncodeChannel, roster.Channel{ID: "REF31", Programmer: "REF"})})
		assert.Equal(t, []string{"REF30", "REF31"}, serves(r, narrow.ID), "a channel that comes later")
		late := run(t, store)
		loaded(t, late)
		assert.Equal(t, []string{"REF30", "REF31"}, serves(late, narrow.ID), "as a gateway sees it that starts later")
		assert.Equal(t, everything, serves(late, wide.ID))

		put(t, r, plugins.Write{Key: state.ChannelKey("REF30")})
		assert.Equal(t, []string{"REF31"}, serves(r, narrow.ID), "a channel that is gone")
	})
}
