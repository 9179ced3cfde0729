package storetest

import (
	"math"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/caddy-dcr/caddy-dcr/plugins"
)

var takeTests = []test{
	{"gives the burst, then says when the next token is there", func(t *testing.T, s plugins.Store) {
		slow := plugins.Bucket{Key: "slow", Rate: 0.001, Burst: 5}
		for left := 4; left >= 0; left-- {
			taken, err := s.Take(within(t), slow)
			require.NoError(t, err)
			assert.Equal(t, plugins.Taken{OK: true, Remaining: left}, taken)
		}
		for range 3 {
			taken, err := s.Take(within(t), slow)
			require.NoError(t, err)
			assert.False(t, taken.OK)
			assert.Zero(t, taken.Remaining)
			assert.Positive(t, taken.RetryAfter)
			assert.LessOrEqual(t, taken.RetryAfter, 1000*time.Second)
		}
	}},
	{"keeps the published schedule to the request", keepSchedule},
	{"gives no more than the rate and the burst", func(t *testing.T, s plugins.Store) {
		steady := plugins.Bucket{Key: "steady", Rate: 1, Burst: 10}
		started := time.Now()
		granted := 0
		var last plugins.Taken
		for range 30 {
			taken, err := s.Take(within(t), steady)
			require.NoError(t, err)
			if last = taken; taken.OK {
				granted++
			}
		}
		assert.GreaterOrEqual(t, granted, 10)
		assert.LessOrEqual(t, float64(granted), 10+time.Since(started).Seconds()+1)
		time.Sleep(last.RetryAfter)
		eventually(t, "a token is there after RetryAfter", func() bool {
			taken, err := s.Take(within(t), steady)
			require.NoError(t, err)
			return taken.OK
		})
	}},
	{"fills up to the burst and no further", func(t *testing.T, s plugins.Store) {
		fast := plugins.Bucket{Key: "fast", Rate: 1000, Burst: 2}
		_, err := s.Take(within(t), fast)
		require.NoError(t, err)
		time.Sleep(20 * time.Millisecond)
		taken, err := s.Take(within(t), fast)
		require.NoError(t, err)
		assert.Equal(t, plugins.Taken{OK: true, Remaining: 1}, taken)
	}},
	{"keeps buckets apart from each other and from records", func(t *testing.T, s plugins.Store) {
		for _, key := range append([]string{"r/x"}, awkward...) {
			taken, err := s.Take(within(t), plugins.Bucket{Key: key, Rate: 0.001, Burst: 1})
			require.NoError(t, err)
			assert.True(t, taken.OK, "%q", key)
			assert.Nil(t, get(t, s, key))
		}
		put(t, s, "a", "1")
		taken, err := s.Take(within(t), plugins.Bucket{Key: "a", Rate: 0.001, Burst: 1})
		require.NoError(t, err)
		assert.True(t, taken.OK)
		assert.Equal(t, "1", string(get(t, s, "a")))
	}},
	{"gives no token twice", func(t *testing.T, s plugins.Store) {
		shareBucket(t, s, s)
	}},
	{"refuses a bucket that could never fill", func(t *testing.T, s plugins.Store) {
		for _, b := range []plugins.Bucket{
			{Key: "b", Rate: 0, Burst: 1}, {Key: "b", Rate: -1, Burst: 1}, {Key: "b", Rate: 1},
			{Key: "b", Rate: 1, Burst: -1}, {Key: "b", Rate: math.NaN(), Burst: 1}, {Key: "b", Rate: math.Inf(1), Burst: 1},
		} {
			_, err := s.Take(within(t), b)
			require.ErrorIs(t, err, plugins.ErrUnavailable, "%+v", b)
		}
	}},
}

// shareBucket takes from one bucket through two handles at once.
func shareBucket(t *testing.T, a, b plugins.Store) {
	t.Helper()
	bucket := plugins.Bucket{Key: "shared", Rate: 0.001, Burst: 20}
	var granted atomic.Int32
	var wg sync.WaitGroup
	for i := range 40 {
		wg.Go(func() {
			taken, err := []plugins.Store{a, b}[i%2].Take(within(t), bucket)
			assert.NoError(t, err)
			if taken.OK {
				granted.Add(1)
			}
		})
	}
	wg.Wait()
	assert.Equal(t, int32(20), granted.Load())
}
