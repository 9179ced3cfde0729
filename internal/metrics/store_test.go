package metrics

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/caddy-dcr/caddy-dcr/plugins"
)

// storeDouble answers every call with the same error.
type storeDouble struct {
	err    error
	closed bool
}

func (s *storeDouble) Get(context.Context, ...string) ([]plugins.Item, error) {
	return []plugins.Item{{Key: "k"}}, s.err
}
func (s *storeDouble) Put(context.Context, plugins.Write) error { return s.err }
func (s *storeDouble) List(context.Context, string, string, int) (plugins.Page, error) {
	return plugins.Page{Cursor: "c"}, s.err
}

func (s *storeDouble) Append(context.Context, ...plugins.Write) (plugins.Position, error) {
	return plugins.Position{Seq: 7}, s.err
}

func (s *storeDouble) Follow(context.Context, plugins.Position, time.Duration) (plugins.Batch, error) {
	return plugins.Batch{More: true}, s.err
}

func (s *storeDouble) Tail(context.Context) (plugins.Position, time.Time, error) {
	return plugins.Position{Seq: 8}, time.UnixMilli(9), s.err
}

func (s *storeDouble) Take(context.Context, plugins.Bucket) (plugins.Taken, error) {
	return plugins.Taken{Remaining: 3}, s.err
}

func (s *storeDouble) Close() error { s.closed = true; return s.err }

func (s *storeDouble) collect(context.Context) (int, error)       { return 5, s.err }
func (s *storeDouble) diagnose(context.Context) ([]string, error) { return []string{"f"}, s.err }

type collectingDouble struct{ *storeDouble }

func (s collectingDouble) Collect(ctx context.Context) (int, error) { return s.collect(ctx) }

type diagnosingDouble struct{ *storeDouble }

func (s diagnosingDouble) Diagnose(ctx context.Context) ([]string, error) { return s.diagnose(ctx) }

type fullDouble struct{ *storeDouble }

func (s fullDouble) Collect(ctx context.Context) (int, error)       { return s.collect(ctx) }
func (s fullDouble) Diagnose(ctx context.Context) ([]string, error) { return s.diagnose(ctx) }

// callEach makes every call once and returns their errors.
func callEach(ctx context.Context, t *testing.T, s plugins.Store) map[Operation]error {
	t.Helper()
	errs := map[Operation]error{}
	var items []plugins.Item
	items, errs[Get] = s.Get(ctx, "k")
	assert.Equal(t, []plugins.Item{{Key: "k"}}, items)
	errs[Put] = s.Put(ctx, plugins.Write{})
	var page plugins.Page
	page, errs[List] = s.List(ctx, "", "", 1)
	assert.Equal(t, "c", page.Cursor)
	var position plugins.Position
	position, errs[Append] = s.Append(ctx)
	assert.EqualValues(t, 7, position.Seq)
	var batch plugins.Batch
	batch, errs[Follow] = s.Follow(ctx, plugins.Position{}, 0)
	assert.True(t, batch.More)
	var now time.Time
	position, now, errs[Tail] = s.Tail(ctx)
	assert.EqualValues(t, 8, position.Seq)
	assert.Equal(t, time.UnixMilli(9), now)
	var taken plugins.Taken
	taken, errs[Take] = s.Take(ctx, plugins.Bucket{})
	assert.Equal(t, 3, taken.Remaining)
	var n int
	n, errs[Collect] = s.(plugins.Collector).Collect(ctx)
	assert.Equal(t, 5, n)
	var findings []string
	findings, errs[Diagnose] = s.(plugins.Diagnoser).Diagnose(ctx)
	assert.Equal(t, []string{"f"}, findings)
	return errs
}

func TestEveryCallOfAStoreIsPassedOnAndCountedByHowItEnded(t *testing.T) {
	canceled, cancel := context.WithCancel(context.Background())
	cancel()
	late, cancel := context.WithDeadline(context.Background(), time.UnixMilli(1))
	defer cancel()
	cases := []struct {
		name string
		ctx  context.Context
		err  error
		want StoreOutcome
	}{
		{"an answer", context.Background(), nil, StoreOK},
		{"an answer in spite of a caller that left", canceled, nil, StoreOK},
		{"a condition that did not hold", context.Background(), fmt.Errorf("x: %w", plugins.ErrConflict), StoreConflict},
		{"a place that was lost", context.Background(), fmt.Errorf("x: %w", plugins.ErrLostPlace), StoreLostPlace},
		{"a store that is away", context.Background(), fmt.Errorf("x: %w", plugins.ErrUnavailable), StoreUnavailable},
		{"a store that was closed", context.Background(), plugins.ErrClosed, StoreUnavailable},
		{"an error that no store should have", context.Background(), errors.New("x"), StoreUnavailable},
		{"a store that took too long", late, context.DeadlineExceeded, StoreUnavailable},
		{"a caller that left", canceled, context.Canceled, StoreCanceled},
		{"a caller that left, in the driver's words", canceled, plugins.ErrUnavailable, StoreCanceled},
		{"a store that gave up by itself", context.Background(), context.Canceled, StoreUnavailable},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			m := New()
			s := m.Store(fullDouble{&storeDouble{err: c.err}})
			errs := callEach(c.ctx, t, s)
			require.Len(t, errs, len(Operations), "every operation was called")
			for operation, err := range errs {
				assert.Equal(t, c.err, err, "%s: the error is passed on as it is", operation)
				for _, outcome := range StoreOutcomes {
					want := 0
					if outcome == c.want {
						want = 1
					}
					assert.EqualValues(t, want, count(t, m, "store_operations_total", string(operation), string(outcome)), "%s %s", operation, outcome)
				}
				if operation != Follow {
					assert.EqualValues(t, 1, count(t, m, "store_operation_duration_seconds", string(operation)))
				}
			}
		})
	}
}

func TestAFaultOfTheStoreIsCountedByItsClassAndNothingElseIs(t *testing.T) {
	for _, fault := range plugins.Faults {
		m := New()
		s := m.Store(&storeDouble{err: plugins.Because(fault, plugins.ErrUnavailable)})
		_, _ = s.Get(context.Background(), "k")
		_ = s.Put(context.Background(), plugins.Write{})
		for _, other := range plugins.Faults {
			want := 0
			if other == fault {
				want = 2
			}
			assert.EqualValues(t, want, count(t, m, "store_errors_total", string(other)), "%s %s", fault, other)
		}
	}
	m := New()
	for _, err := range []error{nil, plugins.ErrConflict, plugins.ErrLostPlace} {
		_, _ = m.Store(&storeDouble{err: err}).Get(context.Background(), "k")
	}
	canceled, cancel := context.WithCancel(context.Background())
	cancel()
	_, _ = m.Store(&storeDouble{err: plugins.ErrUnavailable}).Get(canceled, "k")
	for _, fault := range plugins.Faults {
		assert.Zero(t, count(t, m, "store_errors_total", string(fault)), "%s", fault)
	}
}

func TestACountedStoreOffersWhatTheInnerOneOffersAndNoMore(t *testing.T) {
	plain := &storeDouble{}
	cases := []struct {
		name                string
		inner               plugins.Store
		collects, diagnoses bool
	}{
		{"a plain store", plain, false, false},
		{"a store that collects", collectingDouble{plain}, true, false},
		{"a store that diagnoses", diagnosingDouble{plain}, false, true},
		{"a store that does both", fullDouble{plain}, true, true},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			s := New().Store(c.inner)
			_, collects := s.(plugins.Collector)
			_, diagnoses := s.(plugins.Diagnoser)
			assert.Equal(t, c.collects, collects)
			assert.Equal(t, c.diagnoses, diagnoses)
		})
	}
}

func TestClosingACountedStoreClosesTheInnerOne(t *testing.T) {
	inner := &storeDouble{err: errors.New("x")}
	assert.Equal(t, inner.err, New().Store(inner).Close())
	assert.True(t, inner.closed)
}
