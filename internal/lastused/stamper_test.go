package lastused_test

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"path/filepath"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/caddy-dcr/caddy-dcr/internal/lastused"
	"github.com/caddy-dcr/caddy-dcr/internal/state"
	"github.com/caddy-dcr/caddy-dcr/plugins/boltstore"
)

// world is a store that can be slow or broken, and a count of what became of
// the notes.
type world struct {
	mu    sync.Mutex
	notes map[lastused.Outcome]int
	days  map[uuid.UUID]state.Day
	err   error
	// slow is how long each write takes.
	slow time.Duration
}

func newWorld() *world {
	return &world{notes: map[lastused.Outcome]int{}, days: map[uuid.UUID]state.Day{}}
}

func (w *world) noted(o lastused.Outcome) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.notes[o]++
}

// noticed is what became of the notes so far, while writers go on.
func (w *world) noticed() map[lastused.Outcome]int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return maps.Clone(w.notes)
}

func (w *world) StampClient(ctx context.Context, id uuid.UUID, day state.Day) (bool, error) {
	select {
	case <-time.After(w.slow):
	case <-ctx.Done():
		return false, ctx.Err()
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.err != nil || w.days[id] >= day {
		return false, w.err
	}
	w.days[id] = day
	return true, nil
}

// run starts a stamper in a synctest bubble, and returns what ends it.
func (w *world) run(t *testing.T) (*lastused.Stamper, func()) {
	s := &lastused.Stamper{Clients: w, Now: time.Now, Noted: w.noted, Logger: slog.New(slog.DiscardHandler)}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { s.Run(ctx); close(done) }()
	return s, func() { cancel(); <-done }
}

func yesterdays() state.Client {
	return state.Client{ID: uuid.New(), CreatedAt: time.Now().Add(-24 * time.Hour).UnixMilli()}
}

func TestAClientIsNotedOnceADay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		s, stop := w.run(t)
		defer stop()
		c := yesterdays()
		s.Used(c)
		synctest.Wait()
		today := state.DayOf(time.Now().UnixMilli())
		assert.Equal(t, today, w.days[c.ID])

		c.LastUsed = today // as the next request reads it
		s.Used(c)
		synctest.Wait()
		assert.Equal(t, map[lastused.Outcome]int{lastused.Written: 1}, w.notes)

		time.Sleep(24 * time.Hour)
		s.Used(c)
		synctest.Wait()
		assert.Equal(t, today+1, w.days[c.ID])
	})
}

func TestARegistrationIsAUse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		s, stop := w.run(t)
		defer stop()
		s.Used(state.Client{ID: uuid.New(), CreatedAt: time.Now().UnixMilli()})
		synctest.Wait()
		assert.Empty(t, w.notes, "nothing is written on the day of the registration")
	})
}

func TestTwoRequestsOfOneDayMakeOneNote(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		s, stop := w.run(t)
		defer stop()
		c := yesterdays()
		s.Used(c)
		s.Used(c) // read before the first was written
		synctest.Wait()
		assert.Equal(t, map[lastused.Outcome]int{lastused.Written: 1, lastused.Superseded: 1}, w.notes)
	})
}

func TestABrokenStoreCostsTheNoteAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		w.err = errors.New("away")
		s, stop := w.run(t)
		defer stop()
		c := yesterdays()
		s.Used(c)
		synctest.Wait()
		assert.Equal(t, 1, w.notes[lastused.Failed])
		w.err = nil
		s.Used(c)
		synctest.Wait()
		assert.Equal(t, 1, w.notes[lastused.Written], "the next request makes it again")
	})
}

func TestASlowStoreHoldsNoRequestUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		w.slow = time.Hour // longer than any note may take
		s, stop := w.run(t)
		begun := time.Now()
		const many = 20_000
		for range many {
			s.Used(yesterdays())
		}
		assert.Equal(t, begun, time.Now(), "nobody waited")
		dropped := w.noticed()[lastused.Dropped]
		waiting := many - dropped
		assert.Positive(t, dropped, "the queue is bounded")
		assert.Less(t, waiting, many/2)

		time.Sleep(time.Hour)
		synctest.Wait()
		noticed := w.noticed()
		assert.Equal(t, map[lastused.Outcome]int{lastused.Dropped: dropped, lastused.Failed: noticed[lastused.Failed]}, noticed)
		assert.Positive(t, noticed[lastused.Failed], "each gave up in time")
		stop()
	})
}

func TestTheEndIsNotWaitedForAndNoFailure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		w.slow = time.Minute
		s, stop := w.run(t)
		s.Used(yesterdays())
		synctest.Wait()
		begun := time.Now()
		stop()
		assert.Equal(t, begun, time.Now())
		assert.Empty(t, w.notes)
	})
}

func TestNotesReachARealStore(t *testing.T) {
	store, err := boltstore.Open(filepath.Join(t.TempDir(), "dcr.db"))
	require.NoError(t, err)
	defer store.Close()
	w, records := newWorld(), state.Records{Store: store}
	s := &lastused.Stamper{Clients: records, Now: time.Now, Noted: w.noted, Logger: slog.New(slog.DiscardHandler)}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { s.Run(ctx); close(done) }()
	defer func() { cancel(); <-done }()
	c := yesterdays()
	c.SecretMAC = []byte{1}
	require.NoError(t, records.PutClient(t.Context(), c))
	s.Used(c)
	require.Eventually(t, func() bool {
		back, err := records.Client(t.Context(), c.ID)
		return err == nil && back.LastUsed == state.DayOf(time.Now().UnixMilli())
	}, 10*time.Second, time.Millisecond)
}

func BenchmarkUsedAgain(b *testing.B) {
	s := &lastused.Stamper{Clients: newWorld(), Now: time.Now, Noted: func(lastused.Outcome) {}, Logger: slog.New(slog.DiscardHandler)}
	c := state.Client{ID: uuid.New(), LastUsed: state.DayOf(time.Now().UnixMilli())}
	b.ReportAllocs()
	for b.Loop() {
		s.Used(c)
	}
}
