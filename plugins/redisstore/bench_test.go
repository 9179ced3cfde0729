package redisstore

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/caddy-dcr/caddy-dcr/plugins"
	"github.com/caddy-dcr/caddy-dcr/plugins/storetest/redistest"
)

// The budget of memory: 200 bytes for a client, whatever Redis needs around it
// included. A record of 92 bytes fills an allocation of 96; one of 100 takes 16
// bytes more, since allocators built like Debian's know no sizes between.
func TestMemoryOfAClient(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t, redistest.Options{})
	s := mustOpen(t, Config{Addresses: []string{server.URL()}, PoolSize: 20})
	client := make([]byte, 92)
	before := usedMemory(t, server)
	const clients = 100_000
	var wg sync.WaitGroup
	for w := range 20 {
		wg.Go(func() {
			for i := w; i < clients; i += 20 {
				assert.NoError(t, s.Put(t.Context(), plugins.Write{Key: clientKey(i), Value: client}))
			}
		})
	}
	wg.Wait()
	require.NoError(t, s.Close()) // buffers of connections are none of the clients'
	require.Eventually(t, func() bool { return fields(server.Do("INFO", "clients"))["connected_clients"] == "1" }, patience, 10*time.Millisecond)
	each := float64(usedMemory(t, server)-before) / clients
	t.Logf("%.0f bytes for each of %d clients of %d bytes", each, clients, len(client))
	assert.LessOrEqual(t, each, 200.0)
	s = mustOpen(t, s.config)
	id := bytes.Repeat([]byte{0xff}, 16)
	for name, key := range map[string]string{
		"16 raw bytes": "c/" + string(id), "22 letters": "c/" + base64.RawURLEncoding.EncodeToString(id), "36 letters": "c/" + strings.Repeat("0", 36),
	} {
		require.NoError(t, s.Put(t.Context(), plugins.Write{Key: key, Value: client}))
		t.Logf("an id of %s: MEMORY USAGE %s", name, server.Do("MEMORY", "USAGE", s.names.plain(key)))
	}
}

// clientKey has an id of 16 bytes.
func clientKey(i int) string { return fmt.Sprintf("c/%016d", i) }

func usedMemory(t testing.TB, server *redistest.Server) int {
	t.Helper()
	n, err := strconv.Atoi(fields(server.Do("INFO", "memory"))["used_memory"])
	require.NoError(t, err)
	return n
}

func benchStore(b *testing.B) *Store {
	server := redistest.Start(b, redistest.Options{UnixSocket: false})
	return mustOpen(b, Config{Addresses: []string{server.URL()}})
}

func BenchmarkGet(b *testing.B) {
	s := benchStore(b)
	require.NoError(b, s.Put(b.Context(), plugins.Write{Key: "c/1", Value: make([]byte, 100)}))
	_, err := s.Append(b.Context(), plugins.Write{Key: "r/1", Value: make([]byte, 100)})
	require.NoError(b, err)
	for name, keys := range map[string][]string{"plain": {"c/1"}, "replicated": {"r/1"}, "three": {"c/1", "c/2", "r/1"}} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				_, err := s.Get(b.Context(), keys...)
				require.NoError(b, err)
			}
		})
	}
	b.Run("50 callers", func(b *testing.B) {
		b.ReportAllocs()
		b.SetParallelism(25)
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				_, err := s.Get(b.Context(), "c/1")
				assert.NoError(b, err)
			}
		})
	})
	b.Run("without a check, for comparison", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			require.NoError(b, s.clients.Load().calls.MGet(b.Context(), "dcr:c/1").Err())
		}
	})
}

func BenchmarkPut(b *testing.B) {
	s := benchStore(b)
	value := make([]byte, 100)
	var n atomic.Int64
	for name, callers := range map[string]int{"1 caller": 1, "50 callers": 25} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			if callers == 1 {
				for b.Loop() {
					require.NoError(b, s.Put(b.Context(), plugins.Write{Key: fmt.Sprint("c/", n.Add(1)), Value: value, If: plugins.IfAbsent}))
				}
				return
			}
			b.SetParallelism(callers)
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					assert.NoError(b, s.Put(b.Context(), plugins.Write{Key: fmt.Sprint("c/", n.Add(1)), Value: value, If: plugins.IfAbsent}))
				}
			})
		})
	}
}

// BenchmarkAppendToFollow measures one act from the call to the follower of
// another store.
func BenchmarkAppendToFollow(b *testing.B) {
	s := benchStore(b)
	other := mustOpen(b, s.config)
	position, _, err := s.Tail(b.Context())
	require.NoError(b, err)
	arrived := make(chan struct{})
	go func() {
		for {
			batch, err := other.Follow(b.Context(), position, time.Minute)
			if err != nil {
				return
			}
			position = batch.Position
			for range batch.Entries {
				arrived <- struct{}{}
			}
		}
	}()
	b.ReportAllocs()
	for b.Loop() {
		_, err := s.Append(b.Context(), plugins.Write{Key: "r/k", Value: make([]byte, 100)})
		require.NoError(b, err)
		<-arrived
	}
	require.NoError(b, other.Close())
}
