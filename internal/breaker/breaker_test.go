package breaker_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/caddy-dcr/caddy-dcr/internal/breaker"
	"github.com/caddy-dcr/caddy-dcr/plugins"
)

// patient answers as it is told and counts how often it is asked. It stands in
// for faults whose exact sequence no real store can be made to show.
type patient struct {
	plugins.Store
	err   error
	asked int
	hang  func() error // what happens during the next Get
}

func (p *patient) Get(context.Context, ...string) ([]plugins.Item, error) {
	p.asked++
	if hang := p.hang; hang != nil {
		p.hang = nil
		return nil, hang()
	}
	return nil, p.err
}

func (p *patient) Put(context.Context, plugins.Write) error {
	p.asked++
	return p.err
}

func (p *patient) Take(context.Context, plugins.Bucket) (plugins.Taken, error) {
	p.asked++
	return plugins.Taken{}, p.err
}

var errDown = fmt.Errorf("%w: connection refused", plugins.ErrUnavailable)

func setup() (*patient, *breaker.Store, *time.Time) {
	p, now := &patient{}, time.Unix(1000, 0)
	return p, breaker.New(p, func() time.Time { return now }), &now
}

func get(s *breaker.Store) error {
	_, err := s.Get(context.Background(), "k")
	return err
}

func TestADeadStoreIsNotAskedByEveryRequest(t *testing.T) {
	p, s, now := setup()
	p.err = errDown
	for range 5 {
		require.ErrorIs(t, get(s), errDown)
	}
	for range 1000 {
		require.ErrorIs(t, get(s), breaker.ErrOpen)
	}
	assert.Equal(t, 5, p.asked)
	reads, writes := s.Open()
	assert.True(t, reads)
	assert.False(t, writes, "reads say nothing about writes")

	*now = now.Add(time.Second)
	require.ErrorIs(t, get(s), errDown, "one is let through to see")
	require.ErrorIs(t, get(s), breaker.ErrOpen)
	assert.Equal(t, 6, p.asked)

	*now, p.err = now.Add(time.Second), nil
	for range 3 {
		require.NoError(t, get(s))
	}
	reads, _ = s.Open()
	assert.False(t, reads)
}

func TestWhatIsNoFaultOfTheStoreOpensNothing(t *testing.T) {
	for name, err := range map[string]error{
		"a condition that failed": plugins.ErrConflict,
		"a caller that gave up":   errors.Join(context.Canceled, plugins.ErrUnavailable),
	} {
		t.Run(name, func(t *testing.T) {
			p, s, _ := setup()
			p.err = err
			for range 20 {
				assert.NotErrorIs(t, s.Put(context.Background(), plugins.Write{}), breaker.ErrOpen)
			}
			assert.Equal(t, 20, p.asked)
		})
	}
}

func TestWritesAndTokenBucketsShareABreaker(t *testing.T) {
	p, s, _ := setup()
	p.err = errDown
	for range 5 {
		require.ErrorIs(t, s.Put(context.Background(), plugins.Write{}), errDown)
	}
	_, err := s.Take(context.Background(), plugins.Bucket{})
	require.ErrorIs(t, err, breaker.ErrOpen)
	p.err = nil
	require.NoError(t, get(s), "a store that takes no writes still answers reads")
}

func TestAnAnswerInBetweenStartsTheCountAnew(t *testing.T) {
	p, s, _ := setup()
	for range 10 {
		p.err = errDown
		for range 4 {
			require.ErrorIs(t, get(s), errDown)
		}
		p.err = nil
		require.NoError(t, get(s))
	}
}

func TestACallThatHungWhileTheStoreWasAwaySaysNothingOnceItIsBack(t *testing.T) {
	p, s, now := setup()
	p.err = errDown
	hung := func() error {
		*now = now.Add(time.Second)
		require.NoError(t, func() error { p.err = nil; return get(s) }())
		return errDown
	}
	for range 20 {
		p.hang = hung
		require.ErrorIs(t, get(s), errDown)
	}
	reads, _ := s.Open()
	assert.False(t, reads)
}

func TestErrOpenIsOurFault(t *testing.T) {
	assert.ErrorIs(t, breaker.ErrOpen, plugins.ErrUnavailable)
}

func BenchmarkOpen(b *testing.B) {
	p, s, _ := setup()
	p.err = errDown
	for range 5 {
		_ = get(s)
	}
	b.ReportAllocs()
	for b.Loop() {
		_ = get(s)
	}
}

func TestWhoWantsToKnowIsToldOnceOfEachChange(t *testing.T) {
	p, s, now := setup()
	var told []string
	s.Changed = func(writes, open bool) { told = append(told, fmt.Sprintf("writes %t, open %t", writes, open)) }
	require.NoError(t, get(s))
	p.err = errDown
	for range 20 {
		_ = get(s)
	}
	assert.Equal(t, []string{"writes false, open true"}, told)
	*now = now.Add(time.Second)
	require.ErrorIs(t, get(s), errDown)
	for range 5 {
		_ = s.Put(context.Background(), plugins.Write{})
	}
	assert.Equal(t, []string{"writes false, open true", "writes true, open true"}, told, "a failed try is no change")
	*now, p.err = now.Add(time.Second), nil
	for range 3 {
		require.NoError(t, get(s))
	}
	assert.Equal(t, []string{"writes false, open true", "writes true, open true", "writes false, open false"}, told)
}
