package state_test

import (
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/caddy-dcr/caddy-dcr/internal/state"
	"github.com/caddy-dcr/caddy-dcr/plugins"
)

func TestChangeSetsAreHeldInBrief(t *testing.T) {
	overBoth(t, func(t *testing.T, store plugins.Store) {
		r := run(t, store)
		loaded(t, r)
		records := state.Records{Store: store}
		set := state.ChangeSet{
			ChangeSetBrief: state.ChangeSetBrief{ID: uuid.New(), Owner: "ann", Programmer: "REF", Status: "draft", Count: 1},
			Changes:        []byte(`[{"operation":"channel.update"}]`),
		}
		value := encoded(t, state.EncodeChangeSet, set)
		put(t, r, plugins.Write{Key: state.ChangeSetKey(set.ID), Value: value, If: plugins.IfAbsent})
		assert.Equal(t, map[string]state.ChangeSetSummary{set.ID.String(): {ChangeSetBrief: set.ChangeSetBrief, Version: state.VersionOf(value)}}, r.ChangeSets())
		whole, err := records.ChangeSet(within(t), set.ID)
		require.NoError(t, err)
		assert.Equal(t, set, whole.Record)
		assert.Equal(t, state.VersionOf(value), whole.Version())

		put(t, r, whole.Instead(nil, state.ChangeSetKey(set.ID)))
		assert.Empty(t, r.ChangeSets())
		_, err = records.ChangeSet(within(t), set.ID)
		assert.ErrorIs(t, err, state.ErrNotFound)
	})
}

// No request depends on a change set: one that cannot be read stops nothing.
func TestAChangeSetThatCannotBeReadIsLeftOut(t *testing.T) {
	store := openStore(t)
	r := run(t, store)
	loaded(t, r)
	put(t, r, plugins.Write{Key: state.ChangeSetKey(uuid.New()), Value: []byte("garbage")})
	late := run(t, store)
	loaded(t, late)
	assert.Empty(t, r.ChangeSets())
	assert.Empty(t, late.ChangeSets())
}

func TestWhatWasAskedForIsRemembered(t *testing.T) {
	overBoth(t, func(t *testing.T, store plugins.Store) {
		records := state.Records{Store: store}
		asked := state.Asked{Digest: [32]byte{1}, Made: "x"}
		w, err := state.AskedWrite("ann", "key-1", asked)
		require.NoError(t, err)
		assert.Equal(t, 24*time.Hour, w.TTL)
		_, err = store.Append(within(t), w)
		require.NoError(t, err)
		_, err = store.Append(within(t), w)
		require.ErrorIs(t, err, plugins.ErrConflict)
		got, err := records.Asked(within(t), "ann", "key-1")
		require.NoError(t, err)
		assert.Equal(t, asked, got)
		for _, other := range [][2]string{{"bob", "key-1"}, {"ann", "key-2"}, {"annkey", "-1"}} {
			_, err = records.Asked(within(t), other[0], other[1])
			assert.ErrorIs(t, err, state.ErrNotFound)
		}
	})
}
