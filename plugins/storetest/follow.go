package storetest

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/caddy-dcr/caddy-dcr/plugins"
)

var followTests = []test{
	{"gives every act in order, with its writes but without their conditions", func(t *testing.T, s plugins.Store) {
		started, _, err := s.Tail(within(t))
		require.NoError(t, err)
		first := []plugins.Write{
			{Key: "r/a", Value: []byte("\x00\xff"), TTL: 90 * time.Minute},
			{Key: "r/b", Value: []byte{}, TTL: 1500 * time.Microsecond},
			{Key: "r/c"},
		}
		asked := first[0]
		asked.If = plugins.IfAbsent
		add(t, s, asked, first[1], first[2])
		last := add(t, s, plugins.Write{Key: "r/a", If: plugins.IfEqual, Old: []byte("\x00\xff")})
		first[1].TTL = 2 * time.Millisecond // precision; a TTL is never shortened to nothing
		for _, after := range []plugins.Position{{}, started} {
			entries := followTo(t, within(t), s, after, last.Seq)
			require.Len(t, entries, 2)
			assert.Equal(t, []uint64{1, 2}, []uint64{entries[0].Seq, entries[1].Seq})
			assert.Equal(t, first, entries[0].Writes)
			assert.Equal(t, []plugins.Write{{Key: "r/a"}}, entries[1].Writes)
			assert.False(t, entries[1].At.Before(entries[0].At))
		}
	}},
	{"answers at once, without entries, when nothing happened and there is no wait", func(t *testing.T, s plugins.Store) {
		for range 2 {
			position := tail(t, s)
			batch, err := s.Follow(within(t), position, 0)
			require.NoError(t, err)
			assert.Empty(t, batch.Entries)
			assert.Equal(t, position, batch.Position)
			assert.False(t, batch.More)
			add(t, s, set("r/a", "1"))
		}
	}},
	{"waits no longer than asked", func(t *testing.T, s plugins.Store) {
		position := add(t, s, set("r/a", "1"))
		batch, err := s.Follow(within(t), position, 30*time.Millisecond)
		require.NoError(t, err)
		assert.Empty(t, batch.Entries)
		assert.Equal(t, position, batch.Position)
	}},
	{"wakes up when something is appended, also the very first act", func(t *testing.T, s plugins.Store) {
		position := tail(t, s)
		for i := range 5 {
			got := make(chan plugins.Batch, 1)
			go func() {
				batch, err := s.Follow(within(t), position, 2*patience)
				assert.NoError(t, err)
				got <- batch
			}()
			time.Sleep(20 * time.Millisecond) // so that it usually waits already; right either way
			add(t, s, set("r/a", fmt.Sprint(i)))
			select {
			case batch := <-got:
				require.Len(t, batch.Entries, 1)
				assert.Equal(t, fmt.Sprint(i), string(batch.Entries[0].Writes[0].Value))
				position = batch.Position
			case <-time.After(patience):
				require.FailNow(t, "the follower sleeps on")
			}
		}
	}},
	{"misses nothing while many append", gapless},
	{"says when more waits, and gives it", func(t *testing.T, s plugins.Store) {
		const acts = 3000
		var wg sync.WaitGroup
		for w := range 30 {
			wg.Go(func() {
				for range acts / 30 {
					_, err := s.Append(within(t), set(fmt.Sprint("r/", w), "v"))
					assert.NoError(t, err)
				}
			})
		}
		wg.Wait()
		var position plugins.Position
		for more := true; more; {
			batch, err := s.Follow(within(t), position, 0)
			require.NoError(t, err)
			require.NotEmpty(t, batch.Entries)
			position, more = batch.Position, batch.More
		}
		assert.Equal(t, tail(t, s), position)
	}},
	{"refuses a position that the feed never had", func(t *testing.T, s plugins.Store) {
		last := add(t, s, set("r/a", "1"))
		for name, position := range map[string]plugins.Position{
			"the future":                     {Feed: last.Feed, Seq: last.Seq + 1},
			"the far future":                 {Feed: last.Feed, Seq: 1<<64 - 1},
			"another feed":                   {Feed: "other", Seq: 1},
			"another feed at its end":        {Feed: "other", Seq: last.Seq},
			"another feed's beginning":       {Feed: "other"},
			"a place without a feed":         {Seq: 1},
			"a feed with a longer name":      {Feed: last.Feed + "x", Seq: 1},
			"a feed with junk for its name":  {Feed: "\x00*[", Seq: 1},
			"a feed that differs in letters": {Feed: "\x01" + last.Feed[1:], Seq: 1},
		} {
			_, err := s.Follow(within(t), position, 0)
			require.ErrorIs(t, err, plugins.ErrLostPlace, name)
			assert.NotErrorIs(t, err, plugins.ErrUnavailable, name)
			_, err = s.Follow(within(t), position, 2*patience)
			require.ErrorIs(t, err, plugins.ErrLostPlace, name+", waiting")
		}
	}},
	{"refuses a foreign position also while the feed is empty", func(t *testing.T, s plugins.Store) {
		_, err := s.Follow(within(t), plugins.Position{Feed: "other", Seq: 4}, 0)
		require.ErrorIs(t, err, plugins.ErrLostPlace)
		_, err = s.Follow(within(t), plugins.Position{Seq: 4}, 0)
		require.ErrorIs(t, err, plugins.ErrLostPlace)
	}},
	{"tells times by one clock that only goes on", func(t *testing.T, s plugins.Store) {
		position, before, err := s.Tail(within(t))
		require.NoError(t, err)
		add(t, s, set("r/a", "1"))
		batch, err := s.Follow(within(t), position, time.Second)
		require.NoError(t, err)
		require.Len(t, batch.Entries, 1)
		idle, err := s.Follow(within(t), batch.Position, 0)
		require.NoError(t, err)
		_, after, err := s.Tail(within(t))
		require.NoError(t, err)
		// An entry is known to the millisecond only.
		times := []time.Time{before.Truncate(time.Millisecond), batch.Entries[0].At, batch.Now, idle.Now, after}
		for i := 1; i < len(times); i++ {
			assert.False(t, times[i].Before(times[i-1]), "%d: %v", i, times)
		}
	}},
	{"confirms again at the end of the wait, not at its beginning", func(t *testing.T, s plugins.Store) {
		position, before, err := s.Tail(within(t))
		require.NoError(t, err)
		const wait = 30 * time.Millisecond
		batch, err := s.Follow(within(t), position, wait)
		require.NoError(t, err)
		assert.False(t, batch.Now.Before(before.Add(wait)))
	}},
}

// gapless lets writers and followers race from the start.
func gapless(t *testing.T, s plugins.Store) {
	const writers, acts = 8, 25
	start := tail(t, s)
	var appending, following sync.WaitGroup
	for w := range writers {
		appending.Go(func() {
			for i := range acts {
				_, err := s.Append(within(t), set(fmt.Sprint("r/", w), fmt.Sprint(i)))
				assert.NoError(t, err)
			}
		})
	}
	for range 3 {
		following.Go(func() {
			ctx, cancel := context.WithTimeout(context.Background(), patience)
			defer cancel()
			next := map[string]int{}
			for position := start; position.Seq < writers*acts; {
				batch, err := s.Follow(ctx, position, time.Second)
				if !assert.NoError(t, err) {
					return
				}
				for _, entry := range batch.Entries {
					position.Seq++
					assert.Equal(t, position.Seq, entry.Seq)
					w := entry.Writes[0]
					assert.Equal(t, fmt.Sprint(next[w.Key]), string(w.Value), "the acts of one writer keep their order")
					next[w.Key]++
				}
				assert.Equal(t, position.Seq, batch.Position.Seq)
				position = batch.Position
			}
		})
	}
	appending.Wait()
	following.Wait()
}
