package boltstore

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/caddy-dcr/caddy-dcr/plugins"
)

func TestEntryComesBackAsItWas(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		entry := plugins.Entry{At: time.UnixMilli(rapid.Int64Range(0, 1<<45).Draw(rt, "at"))}
		for range rapid.IntRange(1, 5).Draw(rt, "writes") {
			w := plugins.Write{Key: rapid.String().Draw(rt, "key"), TTL: time.Duration(rapid.Int64Range(0, 1<<40).Draw(rt, "ttl")) * time.Millisecond}
			if rapid.Bool().Draw(rt, "set") {
				w.Value = rapid.SliceOf(rapid.Byte()).Draw(rt, "value")
			}
			entry.Writes = append(entry.Writes, w)
		}
		encoded := encodeEntry(entry.Writes, entry.At)
		decoded, err := decodeEntry(encoded)
		require.NoError(rt, err)
		require.Equal(rt, entry, decoded)
		cut := rapid.IntRange(0, len(encoded)-1).Draw(rt, "cut")
		if decoded, err := decodeEntry(encoded[:cut]); err == nil {
			require.Less(rt, len(decoded.Writes), len(entry.Writes), "a cut is noticed, or falls between two writes")
		}
	})
}

func FuzzEntry(f *testing.F) {
	f.Add(encodeEntry([]plugins.Write{{Key: "r/a", Value: []byte("v"), TTL: time.Second}, {Key: "r/b"}}, time.UnixMilli(1)))
	f.Fuzz(func(t *testing.T, b []byte) {
		entry, err := decodeEntry(b)
		if err == nil && len(entry.Writes) > len(b) {
			t.Fatal("writes out of nothing")
		}
	})
}
