package storetest

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/caddy-dcr/caddy-dcr/plugins"
)

// awkward keys and values hold what a careless encoding trips over.
var awkward = []string{
	"plain", "with space", "a:b/c", "*", "a?c", "[x]", `back\slash`, "{tag}x", "{f}:r", "{{x", "}", "é",
	"\x00", "nul\x00inside", "\xff\xfe", "cr\r\nlf", "r", "rr/x", "0:", "$5",
}

var getTests = []test{
	{"answers one item for each key, in the order of the keys", func(t *testing.T, s plugins.Store) {
		put(t, s, "a", "1")
		put(t, s, "b", "2")
		add(t, s, set("r/a", "3"))
		items, err := s.Get(within(t), "b", "absent", "r/a", "a", "r/absent", "b")
		require.NoError(t, err)
		assert.Equal(t, []plugins.Item{
			{Key: "b", Value: []byte("2")}, {Key: "absent"}, {Key: "r/a", Value: []byte("3")},
			{Key: "a", Value: []byte("1")}, {Key: "r/absent"}, {Key: "b", Value: []byte("2")},
		}, items)
	}},
	{"answers a nil value for an absent key", func(t *testing.T, s plugins.Store) {
		assert.Nil(t, get(t, s, "nothing"))
		assert.Nil(t, get(t, s, "r/nothing"))
	}},
	{"answers nothing to no keys", func(t *testing.T, s plugins.Store) {
		items, err := s.Get(within(t))
		require.NoError(t, err)
		assert.Empty(t, items)
	}},
	{"keeps an empty value apart from an absent one", func(t *testing.T, s plugins.Store) {
		put(t, s, "empty", "")
		add(t, s, set("r/empty", ""))
		for _, key := range []string{"empty", "r/empty"} {
			value := get(t, s, key)
			assert.NotNil(t, value)
			assert.Empty(t, value)
		}
	}},
	{"keeps keys and values byte by byte", func(t *testing.T, s plugins.Store) {
		for i, key := range awkward {
			put(t, s, key, awkward[len(awkward)-1-i])
			add(t, s, set(plugins.ReplicaPrefix+key, key))
		}
		for i, key := range awkward {
			assert.Equal(t, awkward[len(awkward)-1-i], string(get(t, s, key)), "%q", key)
			assert.Equal(t, key, string(get(t, s, plugins.ReplicaPrefix+key)), "%q", key)
		}
	}},
	{"keeps a value of a megabyte", func(t *testing.T, s plugins.Store) {
		big := make([]byte, 1<<20)
		for i := range big {
			big[i] = byte(i * 7)
		}
		require.NoError(t, s.Put(within(t), plugins.Write{Key: "big", Value: big}))
		assert.Equal(t, big, get(t, s, "big"))
	}},
	{"hands out values that the caller may change", func(t *testing.T, s plugins.Store) {
		for i := range 100 { // more than fits into whatever small stores copy anyway
			put(t, s, fmt.Sprint("filler", i), strings.Repeat("x", 100))
		}
		put(t, s, "a", "mine")
		get(t, s, "a")[0] = 'x'
		assert.Equal(t, "mine", string(get(t, s, "a")))
	}},
}
