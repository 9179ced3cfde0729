package storetest

import (
	"errors"
	"fmt"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/caddy-dcr/caddy-dcr/plugins"
)

// RunShared checks two handles on one state, as two gateways hold them. open
// returns handles on an empty state, another one at every call; the suite
// closes them. A store that only one process can open returns one handle twice.
func RunShared(t *testing.T, open func(t *testing.T) (a, b plugins.Store)) {
	for _, test := range sharedTests {
		t.Run(test.sentence, func(t *testing.T) {
			a, b := open(t)
			t.Cleanup(func() { _ = a.Close(); _ = b.Close() })
			test.run(t, a, b)
		})
	}
}

var sharedTests = []struct {
	sentence string
	run      func(t *testing.T, a, b plugins.Store)
}{
	{"what one wrote the other reads", func(t *testing.T, a, b plugins.Store) {
		put(t, a, "k", "1")
		position := add(t, a, set("r/k", "2"))
		assert.Equal(t, "1", string(get(t, b, "k")))
		assert.Equal(t, "2", string(get(t, b, "r/k")))
		assert.Equal(t, position, tail(t, b))
		assert.Equal(t, map[string]string{"k": "1", "r/k": "2"}, listAll(t, within(t), b, "", 10))
	}},
	{"one is woken by the act of the other, in the same feed", func(t *testing.T, a, b plugins.Store) {
		position := tail(t, b)
		got := make(chan plugins.Batch, 1)
		go func() {
			batch, err := b.Follow(within(t), position, 2*patience)
			assert.NoError(t, err)
			got <- batch
		}()
		time.Sleep(20 * time.Millisecond) // so that it usually waits already; right either way
		place := add(t, a, set("r/k", "1"))
		select {
		case batch := <-got:
			require.Len(t, batch.Entries, 1)
			assert.Equal(t, place, batch.Position)
		case <-time.After(patience):
			require.FailNow(t, "the other handle sleeps on")
		}
	}},
	{"of many that write what must be absent one wins", func(t *testing.T, a, b plugins.Store) {
		for _, key := range []string{"once", "r/once"} {
			var won atomic.Int32
			var wg sync.WaitGroup
			for i := range 20 {
				wg.Go(func() {
					w := plugins.Write{Key: key, Value: []byte(fmt.Sprint(i)), If: plugins.IfAbsent}
					switch err := writeTo(t, []plugins.Store{a, b}[i%2], w); {
					case err == nil:
						won.Add(1)
					default:
						assert.ErrorIs(t, err, plugins.ErrConflict)
					}
				})
			}
			wg.Wait()
			assert.Equal(t, int32(1), won.Load(), key)
		}
	}},
	{"a counter kept by compare-and-swap loses nothing", func(t *testing.T, a, b plugins.Store) {
		for _, key := range []string{"n", "r/n"} {
			require.NoError(t, writeTo(t, a, set(key, "0")))
			var wg sync.WaitGroup
			for i := range 4 {
				wg.Go(func() {
					for range 10 {
						increment(t, []plugins.Store{a, b}[i%2], key)
					}
				})
			}
			wg.Wait()
			assert.Equal(t, "40", string(get(t, b, key)), key)
		}
	}},
	{"tokens are taken from one bucket", shareBucket},
	{"one goes on when the other closes", func(t *testing.T, a, b plugins.Store) {
		if a == b {
			return // one handle has nobody to go on
		}
		put(t, a, "k", "1")
		require.NoError(t, a.Close())
		assert.Equal(t, "1", string(get(t, b, "k")))
		add(t, b, set("r/k", "1"))
	}},
}

// writeTo chooses the way by the key.
func writeTo(t *testing.T, s plugins.Store, w plugins.Write) error {
	if len(w.Key) > 1 && w.Key[:2] == plugins.ReplicaPrefix {
		_, err := s.Append(within(t), w)
		return err
	}
	return s.Put(within(t), w)
}

func increment(t *testing.T, s plugins.Store, key string) {
	for {
		items, err := s.Get(within(t), key)
		if !assert.NoError(t, err) {
			return
		}
		old := items[0].Value
		n, err := strconv.Atoi(string(old))
		if !assert.NoError(t, err) {
			return
		}
		err = writeTo(t, s, plugins.Write{Key: key, Value: []byte(strconv.Itoa(n + 1)), If: plugins.IfEqual, Old: old})
		if errors.Is(err, plugins.ErrConflict) {
			continue
		}
		assert.NoError(t, err)
		return
	}
}
