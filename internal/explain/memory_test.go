package explain

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func remembered(m *Memory, proven bool, at int64) uuid.UUID {
	e := full()
	e.Trace, e.Proven, e.At = uuid.New(), proven, at
	m.Remember(&e)
	return e.Trace
}

func knows(m *Memory, trace uuid.UUID) bool {
	e, err := m.Find(context.Background(), trace)
	return err == nil && e.Trace == trace
}

func TestTheNewestAreRememberedAndTheOldestForgotten(t *testing.T) {
	m := New(Config{Size: 1000})
	defer m.Close()
	var traces []uuid.UUID
	for range 2000 {
		traces = append(traces, remembered(m, true, 1))
	}
	// The parts fill unevenly, as chance will have it.
	found := 0
	for i, trace := range traces {
		if knows(m, trace) {
			found++
			assert.GreaterOrEqual(t, i, 1000, "half of a thousand are for others")
		}
	}
	assert.InDelta(t, 500, found, 50)
	for _, trace := range traces[1900:] {
		assert.True(t, knows(m, trace))
	}
	_, err := m.Find(context.Background(), uuid.New())
	assert.ErrorIs(t, err, ErrUnknown)
}

// Whoever sends junk must not be able to wash away why others were refused.
func TestAFloodOfStrangersWashesAwayStrangersOnly(t *testing.T) {
	m := New(Config{Size: 200})
	defer m.Close()
	client, stranger := remembered(m, true, 1), remembered(m, false, 1)
	for range 10_000 {
		remembered(m, false, 1)
	}
	assert.True(t, knows(m, client))
	assert.False(t, knows(m, stranger))
}

func TestATraceThatComesTwiceIsThatOfTheLast(t *testing.T) {
	m := New(Config{Size: 1000})
	defer m.Close()
	e := full()
	for _, reason := range []string{"first", "second"} {
		e.Reason = reason
		m.Remember(&e)
	}
	found, err := m.Find(context.Background(), e.Trace)
	require.NoError(t, err)
	assert.Equal(t, "second", found.Reason)
}

func TestASmallMemoryRemembersSomething(t *testing.T) {
	m := New(Config{Size: 1})
	defer m.Close()
	for range 100 {
		assert.True(t, knows(m, remembered(m, false, 1)))
	}
}

func TestNoMemoryRemembersNothing(t *testing.T) {
	assert.False(t, knows(nil, remembered(nil, true, 1)))
}

func TestManyMayRememberAtOnce(t *testing.T) {
	m := New(Config{Size: 64})
	defer m.Close()
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 500 {
				knows(m, remembered(m, true, 1))
			}
		})
	}
	all.Wait()
}

// shelf is a store that may be away or slow.
type shelf struct {
	mu     sync.Mutex
	stored map[uuid.UUID][]byte
	keep   time.Duration
	err    error
	slow   time.Duration
}

func (s *shelf) PutRefusal(_ context.Context, trace uuid.UUID, data []byte, keep time.Duration) error {
	time.Sleep(s.slow)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err != nil {
		return s.err
	}
	s.stored[trace], s.keep = data, keep
	return nil
}

func (s *shelf) Refusal(_ context.Context, trace uuid.UUID) ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.stored[trace], s.err
}

type tally struct {
	mu     sync.Mutex
	counts map[Shared]int
}

func (c *tally) add(s Shared) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.counts[s]++
}

func sharing(s *shelf, size, rate int) (*Memory, *tally) {
	c := &tally{counts: map[Shared]int{}}
	return New(Config{Size: size, Shelf: s, Keep: time.Hour, Rate: rate, Shared: c.add}), c
}

func TestAnotherGatewayFindsARefusalOnTheShelf(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &shelf{stored: map[uuid.UUID][]byte{}}
		one, counted := sharing(s, 10, 10)
		defer one.Close()
		other, _ := sharing(s, 10, 10)
		defer other.Close()
		trace := remembered(one, true, time.Now().UnixMilli())
		synctest.Wait()
		assert.True(t, knows(other, trace))
		assert.Equal(t, time.Hour, s.keep)
		assert.Equal(t, map[Shared]int{Stored: 1}, counted.counts)
		_, err := other.Find(context.Background(), uuid.New())
		assert.ErrorIs(t, err, ErrUnknown)

		s.err = errors.New("away")
		_, err = other.Find(context.Background(), trace)
		assert.ErrorIs(t, err, s.err, "nobody can say")
		assert.True(t, knows(one, trace), "what is remembered here needs no store")
		remembered(one, true, time.Now().UnixMilli())
		synctest.Wait()
		assert.Equal(t, 1, counted.counts[Failed])
	})
}

// A flood of refusals must not fill the store.
func TestOnlySoManyASecondGoToTheShelf(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &shelf{stored: map[uuid.UUID][]byte{}}
		m, counted := sharing(s, 10, 10)
		defer m.Close()
		const seconds = 60
		for range seconds * 100 {
			remembered(m, false, time.Now().UnixMilli())
			time.Sleep(10 * time.Millisecond)
		}
		// Five a second are for strangers, and those of ten seconds saved up.
		assert.InDelta(t, 5*(seconds+restSeconds), len(s.stored), 2)
		assert.Equal(t, seconds*100, counted.counts[Stored]+counted.counts[Held])
		client := remembered(m, true, time.Now().UnixMilli())
		synctest.Wait()
		assert.Contains(t, s.stored, client, "the others have a share of their own")
	})
}

func TestASlowStoreHoldsNobodyUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &shelf{stored: map[uuid.UUID][]byte{}, slow: time.Minute}
		m, counted := sharing(s, 10, 2000)
		began := time.Now()
		for range 1000 {
			remembered(m, true, time.Now().UnixMilli())
		}
		assert.Zero(t, time.Since(began))
		assert.GreaterOrEqual(t, counted.counts[Held], 1000-queued-writers)
		m.Close()
	})
}

func BenchmarkRemember(b *testing.B) {
	for name, path := range map[string]string{"usual": "/api/v2/REF30/profiles", "longest": "/" + strings.Repeat("x", 8000)} {
		b.Run(name, func(b *testing.B) {
			m := New(Config{Size: 10_000})
			defer m.Close()
			b.ReportAllocs()
			b.RunParallel(func(pb *testing.PB) {
				e := full()
				e.Path = path
				for i := 0; pb.Next(); i++ {
					e.Trace[0], e.Trace[1] = byte(i), byte(i>>8)
					m.Remember(&e)
				}
			})
		})
	}
}
