package storetest

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/caddy-dcr/caddy-dcr/plugins"
)

var listTests = []test{
	{"is empty in an empty store", func(t *testing.T, s plugins.Store) {
		assert.Empty(t, listAll(t, within(t), s, "", 10))
		assert.Empty(t, listAll(t, within(t), s, plugins.ReplicaPrefix, 10))
	}},
	{"pages through exactly the keys with the prefix", func(t *testing.T, s plugins.Store) {
		want := map[string]map[string]string{"c/": {}, "r/app/": {}, "r/": {}, "": {}}
		for i := range 150 {
			for _, key := range []string{fmt.Sprintf("c/%d", i), fmt.Sprintf("d/%d", i)} {
				put(t, s, key, "v"+key)
			}
			for _, key := range []string{fmt.Sprintf("r/app/%d", i), fmt.Sprintf("r/kill/%d", i)} {
				add(t, s, set(key, "v"+key))
			}
			for prefix := range want {
				for _, kind := range []string{"c/", "d/", "r/app/", "r/kill/"} {
					if key := fmt.Sprint(kind, i); strings.HasPrefix(key, prefix) {
						want[prefix][key] = "v" + key
					}
				}
			}
		}
		for prefix, keys := range want {
			for _, limit := range []int{1, 7, 1000} {
				assert.Equal(t, keys, listAll(t, within(t), s, prefix, limit), "prefix %q limit %d", prefix, limit)
			}
		}
	}},
	{"takes the prefix letter by letter", func(t *testing.T, s plugins.Store) {
		all := map[string]string{}
		for _, key := range awkward {
			put(t, s, key, "v")
			add(t, s, set(plugins.ReplicaPrefix+key, "v"))
			all[key], all[plugins.ReplicaPrefix+key] = "v", "v"
		}
		for prefix := range all {
			want := map[string]string{}
			for key := range all {
				if strings.HasPrefix(key, prefix) {
					want[key] = "v"
				}
			}
			assert.Equal(t, want, listAll(t, within(t), s, prefix, 5), "%q", prefix)
		}
	}},
	{"keeps to about the limit and does without one", func(t *testing.T, s plugins.Store) {
		for i := range 30 {
			put(t, s, fmt.Sprint("c/", i), "v")
		}
		for _, limit := range []int{0, -1} {
			assert.Len(t, listAll(t, within(t), s, "c/", limit), 30)
		}
	}},
	{"shows empty values and never deleted ones", func(t *testing.T, s plugins.Store) {
		put(t, s, "c/empty", "")
		put(t, s, "c/gone", "x")
		require.NoError(t, s.Put(within(t), plugins.Write{Key: "c/gone"}))
		page, err := s.List(within(t), "c/", "", 1000)
		require.NoError(t, err)
		assert.Equal(t, []plugins.Item{{Key: "c/empty", Value: []byte{}}}, page.Items)
	}},
	{"refuses a cursor that it never gave", func(t *testing.T, s plugins.Store) {
		for _, cursor := range []string{"junk", "\x00", "99999999999999999999999", "-1", "%"} {
			_, err := s.List(within(t), "c/", cursor, 10)
			require.ErrorIs(t, err, plugins.ErrCursor, "%q", cursor)
		}
	}},
	{"does not show what buckets and the feed need", func(t *testing.T, s plugins.Store) {
		_, err := s.Take(within(t), plugins.Bucket{Key: "b", Rate: 0.01, Burst: 3})
		require.NoError(t, err)
		add(t, s, set("r/a", "1"))
		assert.Equal(t, map[string]string{"r/a": "1"}, listAll(t, within(t), s, "", 10))
	}},
}
