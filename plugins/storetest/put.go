package storetest

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/caddy-dcr/caddy-dcr/plugins"
)

var putTests = []test{
	{"overwrites without a condition", func(t *testing.T, s plugins.Store) {
		put(t, s, "a", "1")
		put(t, s, "a", "2")
		assert.Equal(t, "2", string(get(t, s, "a")))
	}},
	{"deletes with a nil value, also what is absent", func(t *testing.T, s plugins.Store) {
		put(t, s, "a", "1")
		require.NoError(t, s.Put(within(t), plugins.Write{Key: "a"}))
		assert.Nil(t, get(t, s, "a"))
		require.NoError(t, s.Put(within(t), plugins.Write{Key: "a"}))
	}},
	{"refuses keys that are replicated, since followers would miss the change", func(t *testing.T, s plugins.Store) {
		add(t, s, set("r/a", "1"))
		for _, w := range []plugins.Write{set("r/a", "2"), {Key: "r/a"}, set("r/", "2"), set("r/new", "2")} {
			err := s.Put(within(t), w)
			require.ErrorIs(t, err, plugins.ErrUnavailable, "%q", w.Key)
			assert.NotErrorIs(t, err, plugins.ErrConflict)
		}
		assert.Equal(t, "1", string(get(t, s, "r/a")))
		assert.Nil(t, get(t, s, "r/new"))
	}},
	{"holds to its condition", func(t *testing.T, s plugins.Store) {
		inTurn(t, s, "k", func(w plugins.Write) error { return s.Put(within(t), w) })
	}},
}

// inTurn walks one key through every condition, by whatever writes it.
func inTurn(t *testing.T, s plugins.Store, key string, write func(plugins.Write) error) {
	t.Helper()
	const held, refused = true, false
	steps := []struct {
		name  string
		write plugins.Write
		want  bool
		after []byte
	}{
		{"IfEqual on nothing", plugins.Write{Value: []byte("x"), If: plugins.IfEqual, Old: []byte("x")}, refused, nil},
		{"IfEqual with a nil Old on nothing", plugins.Write{Value: []byte("x"), If: plugins.IfEqual}, refused, nil},
		{"IfEqual with an empty Old on nothing", plugins.Write{Value: []byte("x"), If: plugins.IfEqual, Old: []byte{}}, refused, nil},
		{"IfAbsent on nothing", plugins.Write{Value: []byte("1"), If: plugins.IfAbsent}, held, []byte("1")},
		{"IfAbsent on something", plugins.Write{Value: []byte("2"), If: plugins.IfAbsent}, refused, []byte("1")},
		{"IfAbsent on the same", plugins.Write{Value: []byte("1"), If: plugins.IfAbsent}, refused, []byte("1")},
		{"IfAbsent delete of something", plugins.Write{If: plugins.IfAbsent}, refused, []byte("1")},
		{"IfEqual on another", plugins.Write{Value: []byte("2"), If: plugins.IfEqual, Old: []byte("0")}, refused, []byte("1")},
		{"IfEqual on a longer one", plugins.Write{Value: []byte("2"), If: plugins.IfEqual, Old: []byte("10")}, refused, []byte("1")},
		{"IfEqual on equal", plugins.Write{Value: []byte("2"), If: plugins.IfEqual, Old: []byte("1")}, held, []byte("2")},
		{"IfEqual to empty", plugins.Write{Value: []byte{}, If: plugins.IfEqual, Old: []byte("2")}, held, []byte{}},
		{"IfAbsent on empty", plugins.Write{Value: []byte("3"), If: plugins.IfAbsent}, refused, []byte{}},
		{"IfEqual from empty", plugins.Write{Value: []byte("\x00\xff"), If: plugins.IfEqual, Old: []byte{}}, held, []byte("\x00\xff")},
		{"IfEqual delete of another", plugins.Write{If: plugins.IfEqual, Old: []byte("\x00")}, refused, []byte("\x00\xff")},
		{"IfEqual delete", plugins.Write{If: plugins.IfEqual, Old: []byte("\x00\xff")}, held, nil},
		{"IfAbsent delete of nothing", plugins.Write{If: plugins.IfAbsent}, held, nil},
	}
	for _, step := range steps {
		step.write.Key = key
		err := write(step.write)
		if step.want {
			require.NoError(t, err, step.name)
		} else {
			require.ErrorIs(t, err, plugins.ErrConflict, step.name)
			require.NotErrorIs(t, err, plugins.ErrUnavailable, step.name)
		}
		require.Equal(t, step.after, get(t, s, key), step.name)
	}
}
