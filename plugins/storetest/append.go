package storetest

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/caddy-dcr/caddy-dcr/plugins"
)

var appendTests = []test{
	{"applies all writes and answers consecutive places of one feed", func(t *testing.T, s plugins.Store) {
		first := add(t, s, set("r/a", "1"), set("r/b", "2"))
		second := add(t, s, set("r/b", "3"), plugins.Write{Key: "r/a"})
		assert.NotEmpty(t, first.Feed)
		assert.Equal(t, uint64(1), first.Seq)
		assert.Equal(t, plugins.Position{Feed: first.Feed, Seq: 2}, second)
		assert.Equal(t, second, tail(t, s))
		assert.Equal(t, map[string]string{"r/b": "3"}, listAll(t, within(t), s, "", 10))
	}},
	{"holds to the condition of a write", func(t *testing.T, s plugins.Store) {
		inTurn(t, s, "r/k", func(w plugins.Write) error {
			_, err := s.Append(within(t), w)
			return err
		})
	}},
	{"writes nothing, neither key nor feed, when one condition fails", func(t *testing.T, s plugins.Store) {
		before := add(t, s, set("r/a", "1"))
		missing := plugins.Write{Key: "r/b", Value: []byte("x"), If: plugins.IfEqual, Old: []byte("y")}
		for _, writes := range [][]plugins.Write{
			{set("r/a", "2"), set("r/c", "2"), missing},
			{missing, set("r/a", "2"), set("r/c", "2")},
			{{Key: "r/a"}, missing},
		} {
			_, err := s.Append(within(t), writes...)
			require.ErrorIs(t, err, plugins.ErrConflict)
		}
		assert.Equal(t, before, tail(t, s))
		assert.Equal(t, map[string]string{"r/a": "1"}, listAll(t, within(t), s, "", 10))
	}},
	{"checks all conditions before the first write", func(t *testing.T, s plugins.Store) {
		add(t, s, set("r/a", "1"))
		_, err := s.Append(within(t), plugins.Write{Key: "r/a"}, plugins.Write{Key: "r/a", Value: []byte("2"), If: plugins.IfAbsent})
		require.ErrorIs(t, err, plugins.ErrConflict)
		add(t, s, set("r/a", "2"), plugins.Write{Key: "r/a", Value: []byte("3"), If: plugins.IfEqual, Old: []byte("1")})
		assert.Equal(t, "3", string(get(t, s, "r/a")), "writes of one key apply in order")
	}},
	{"refuses keys that are not replicated", func(t *testing.T, s plugins.Store) {
		put(t, s, "a", "1")
		before := tail(t, s)
		for _, key := range []string{"a", "new", "r", "R/a", ""} {
			_, err := s.Append(within(t), set("r/ok", "1"), set(key, "2"))
			require.ErrorIs(t, err, plugins.ErrUnavailable, "%q", key)
			assert.NotErrorIs(t, err, plugins.ErrConflict)
		}
		assert.Equal(t, before, tail(t, s))
		assert.Equal(t, map[string]string{"a": "1"}, listAll(t, within(t), s, "", 10))
	}},
	{"refuses an act without writes", func(t *testing.T, s plugins.Store) {
		_, err := s.Append(within(t))
		require.ErrorIs(t, err, plugins.ErrUnavailable)
	}},
	{"takes many writes in one act", func(t *testing.T, s plugins.Store) {
		writes := make([]plugins.Write, 500)
		for i := range writes {
			writes[i] = set("r/"+string(rune('a'+i)), "v")
		}
		last := add(t, s, writes...)
		assert.Len(t, listAll(t, within(t), s, plugins.ReplicaPrefix, 100), len(writes))
		entries := followTo(t, within(t), s, plugins.Position{}, last.Seq)
		require.Len(t, entries, 1)
		assert.Equal(t, writes, entries[0].Writes)
	}},
}
