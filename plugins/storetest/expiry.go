package storetest

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/caddy-dcr/caddy-dcr/plugins"
)

// writers are the two ways to write, each with a key of its kind.
var writers = []struct {
	name, key string
	write     func(t *testing.T, s plugins.Store, w plugins.Write) error
}{
	{"Put", "k", func(t *testing.T, s plugins.Store, w plugins.Write) error { return s.Put(within(t), w) }},
	{"Append", "r/k", func(t *testing.T, s plugins.Store, w plugins.Write) error {
		_, err := s.Append(within(t), w)
		return err
	}},
}

// each runs a sentence for both ways to write.
func each(run func(t *testing.T, s plugins.Store, key string, write func(plugins.Write) error)) func(*testing.T, plugins.Store) {
	return func(t *testing.T, s plugins.Store) {
		for _, w := range writers {
			t.Run(w.name, func(t *testing.T) {
				run(t, s, w.key, func(write plugins.Write) error { return w.write(t, s, write) })
			})
		}
	}
}

var expiryTests = []test{
	{"keeps a value as long as its TTL, and without end when there is none", each(func(t *testing.T, s plugins.Store, key string, write func(plugins.Write) error) {
		require.NoError(t, write(plugins.Write{Key: key, Value: []byte("1"), TTL: time.Hour}))
		assert.Equal(t, "1", string(get(t, s, key)))
		require.NoError(t, write(plugins.Write{Key: key, Value: []byte("2"), TTL: 50 * 365 * 24 * time.Hour}))
		assert.Equal(t, "2", string(get(t, s, key)))
		require.NoError(t, write(plugins.Write{Key: key, Value: []byte("3")}))
		assert.Equal(t, "3", string(get(t, s, key)))
	})},
	{"hides an expired value from Get and from List", each(func(t *testing.T, s plugins.Store, key string, write func(plugins.Write) error) {
		expire(t, s, key, write)
		assert.NotContains(t, listAll(t, within(t), s, key, 10), key)
	})},
	{"takes an expired value as absent in a condition", each(func(t *testing.T, s plugins.Store, key string, write func(plugins.Write) error) {
		old := expire(t, s, key, write)
		require.ErrorIs(t, write(plugins.Write{Key: key, Value: []byte("2"), If: plugins.IfEqual, Old: old}), plugins.ErrConflict)
		require.NoError(t, write(plugins.Write{Key: key, Value: []byte("3"), If: plugins.IfAbsent}))
		assert.Equal(t, "3", string(get(t, s, key)))
	})},
	{"lets a new write end an old TTL", each(func(t *testing.T, s plugins.Store, key string, write func(plugins.Write) error) {
		require.NoError(t, write(plugins.Write{Key: key, Value: []byte("1"), TTL: 20 * time.Millisecond}))
		require.NoError(t, write(plugins.Write{Key: key, Value: []byte("2")}))
		expire(t, s, key+"x", func(w plugins.Write) error { w.TTL = 40 * time.Millisecond; return write(w) })
		assert.Equal(t, "2", string(get(t, s, key)))
	})},
	{"gives a TTL below its precision some life, never an endless one", each(func(t *testing.T, s plugins.Store, key string, write func(plugins.Write) error) {
		require.NoError(t, write(plugins.Write{Key: key, Value: []byte("1"), TTL: time.Nanosecond}))
		eventually(t, "a value of a nanosecond ends", func() bool { return get(t, s, key) == nil })
	})},
	{"never keeps a value whose TTL is negative", each(func(t *testing.T, s plugins.Store, key string, write func(plugins.Write) error) {
		require.ErrorIs(t, write(plugins.Write{Key: key, Value: []byte("1"), TTL: -time.Second}), plugins.ErrUnavailable)
		assert.Nil(t, get(t, s, key))
	})},
}

// expire writes a short-lived value and waits for its end.
func expire(t *testing.T, s plugins.Store, key string, write func(plugins.Write) error) []byte {
	t.Helper()
	w := plugins.Write{Key: key, Value: []byte("short"), TTL: 5 * time.Millisecond}
	require.NoError(t, write(w))
	eventually(t, "the value expires", func() bool { return get(t, s, key) == nil })
	return w.Value
}
