package redisstore

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestNamesOfDifferentThingsDiffer(t *testing.T) {
	n := names{"dcr:"}
	key := rapid.OneOf(rapid.String(), rapid.SampledFrom([]string{"{f}:r", "{f}:s", "{f}:m", "{", "{{", "{}", "{}x", "x"}))
	rapid.Check(t, func(rt *rapid.T) {
		a, b := key.Draw(rt, "a"), key.Draw(rt, "b")
		back, ok := n.key(n.plain(a))
		require.True(rt, ok)
		require.Equal(rt, a, back)
		for _, other := range []string{n.bucket(b), n.records(), n.stream(), n.meta()} {
			require.NotEqual(rt, n.plain(a), other)
			_, ok := n.key(other)
			require.False(rt, ok, other)
		}
		for _, feed := range []string{n.records(), n.stream(), n.meta()} {
			require.NotEqual(rt, n.bucket(b), feed)
		}
	})
	_, ok := n.key("other:x")
	assert.False(t, ok)
}

// All keys of the feed must live in one slot, and no others need to.
func TestTheFeedHasOneHashTag(t *testing.T) {
	n := names{"dcr:"}
	for _, name := range []string{n.records(), n.stream(), n.meta()} {
		_, rest, _ := strings.Cut(name, "{")
		tag, _, _ := strings.Cut(rest, "}")
		assert.Equal(t, "f", tag)
	}
}
