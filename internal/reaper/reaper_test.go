package reaper_test

import (
	"context"
	"errors"
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/caddy-dcr/caddy-dcr/internal/census"
	"github.com/caddy-dcr/caddy-dcr/internal/reaper"
	"github.com/caddy-dcr/caddy-dcr/internal/state"
	"github.com/caddy-dcr/caddy-dcr/plugins/boltstore"
)

const unused = 90 * 24 * time.Hour

var now = time.Date(2026, 11, 25, 13, 0, 0, 0, time.UTC)

// world is a reaper over a real store.
type world struct {
	*reaper.Reaper
	records state.Records
	reaped  map[reaper.Outcome]int
}

func newWorld(t *testing.T) *world {
	store, err := boltstore.Open(filepath.Join(t.TempDir(), "dcr.db"))
	require.NoError(t, err)
	t.Cleanup(func() { _ = store.Close() })
	w := &world{records: state.Records{Store: store}, reaped: map[reaper.Outcome]int{}}
	w.Reaper = &reaper.Reaper{
		Clients: w.records, Unused: unused, Now: func() time.Time { return now },
		Reaped: func(o reaper.Outcome) { w.reaped[o]++ }, Logger: slog.New(slog.DiscardHandler),
	}
	return w
}

func (w *world) client(t *testing.T, seen time.Time) state.Client {
	c := state.Client{ID: uuid.New(), SecretMAC: []byte{1}, CreatedAt: seen.UnixMilli()}
	require.NoError(t, w.records.PutClient(t.Context(), c))
	return c
}

func (w *world) there(t *testing.T, c state.Client) bool {
	_, err := w.records.Client(t.Context(), c.ID)
	if !errors.Is(err, state.ErrNotFound) {
		require.NoError(t, err)
	}
	return err == nil
}

func keep(context.Context) error { return nil }

func days(n int) time.Duration { return time.Duration(n) * 24 * time.Hour }

func TestWhenAClientIsUnused(t *testing.T) {
	for name, c := range map[string]struct {
		created time.Time
		used    time.Time // zero is never
		since   time.Time
		want    bool
	}{
		"registered long ago and never used":           {created: now.Add(-unused - days(1)), want: true},
		"registered a moment too late":                 {created: now.Add(-unused).Truncate(days(1)), want: false},
		"registered on the last day that is too early": {created: now.Add(-unused).Truncate(days(1)).Add(-time.Millisecond), want: true},
		"registered long ago and used since":           {created: now.Add(-3 * unused), used: now.Add(-days(1)), want: false},
		"used long ago":                                {created: now.Add(-3 * unused), used: now.Add(-2 * unused), want: true},
		"used long ago, by a clock behind":             {created: now.Add(-2 * unused), used: now.Add(-3 * unused), want: true},
		"unused, and uses on record for long enough":   {created: now.Add(-2 * unused), since: now.Add(-unused), want: true},
		"unused, as far as is known":                   {created: now.Add(-2 * unused), since: now.Add(-unused + time.Millisecond), want: false},
		"from the future":                              {created: now.Add(days(1)), want: false},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			client := state.Client{ID: uuid.New(), CreatedAt: c.created.UnixMilli()}
			if !c.used.IsZero() {
				client.LastUsed = state.DayOf(c.used.UnixMilli())
			}
			var since int64
			if !c.since.IsZero() {
				since = c.since.UnixMilli()
			}
			v, err := w.Visit(t.Context(), client, since, keep)
			require.NoError(t, err)
			assert.Equal(t, census.Visit{Unused: c.want}, v)
		})
	}
}

// A client that was seen within the time is never called unused, whenever it
// was seen and whatever time is asked for.
func TestNoClientGoesTooEarly(t *testing.T) {
	w := newWorld(t)
	rapid.Check(t, func(t *rapid.T) {
		w.Unused = time.Duration(rapid.Int64Range(int64(reaper.Least), int64(days(2000))).Draw(t, "unused"))
		seen := now.Add(-time.Duration(rapid.Int64Range(0, int64(days(4000))).Draw(t, "ago")))
		c := state.Client{ID: uuid.New(), CreatedAt: now.Add(-days(4000)).UnixMilli(), LastUsed: state.DayOf(seen.UnixMilli())}
		v, err := w.Visit(context.Background(), c, 0, keep)
		require.NoError(t, err)
		if now.Sub(seen) <= w.Unused {
			assert.False(t, v.Unused)
		}
		if now.Sub(seen) > w.Unused+days(1) {
			assert.True(t, v.Unused, "a day later it is")
		}
	})
}

func TestObservingRemovesNothing(t *testing.T) {
	w := newWorld(t)
	c := w.client(t, now.Add(-2*unused))
	v, err := w.Visit(t.Context(), c, 0, keep)
	require.NoError(t, err)
	assert.Equal(t, census.Visit{Unused: true}, v)
	assert.True(t, w.there(t, c))
	assert.Empty(t, w.reaped)
}

func TestRemovingRemovesTheUnusedAlone(t *testing.T) {
	w := newWorld(t)
	w.Remove = true
	old, young := w.client(t, now.Add(-2*unused)), w.client(t, now.Add(-days(1)))
	for _, c := range []state.Client{old, young} {
		v, err := w.Visit(t.Context(), c, 0, keep)
		require.NoError(t, err)
		assert.Equal(t, c.ID == old.ID, v.Removed)
	}
	assert.False(t, w.there(t, old))
	assert.True(t, w.there(t, young))
	assert.Equal(t, map[reaper.Outcome]int{reaper.Removed: 1}, w.reaped)
}

func TestAClientThatComesBackAtTheLastMomentIsSpared(t *testing.T) {
	w := newWorld(t)
	w.Remove = true
	c := w.client(t, now.Add(-2*unused))
	// The census has read it, and now it gets a token.
	_, err := w.records.StampClient(t.Context(), c.ID, state.DayOf(now.UnixMilli()))
	require.NoError(t, err)
	v, err := w.Visit(t.Context(), c, 0, keep)
	require.NoError(t, err)
	assert.Zero(t, v)
	assert.True(t, w.there(t, c))
	assert.Equal(t, map[reaper.Outcome]int{reaper.Spared: 1}, w.reaped)
}

func TestWhoHasLostTheTurnRemovesNothing(t *testing.T) {
	w := newWorld(t)
	w.Remove = true
	c := w.client(t, now.Add(-2*unused))
	lost := errors.New("lost")
	_, err := w.Visit(t.Context(), c, 0, func(context.Context) error { return lost })
	require.ErrorIs(t, err, lost)
	assert.True(t, w.there(t, c))
}

func TestAStoreThatTakesNoRemovalEndsTheWalk(t *testing.T) {
	w := newWorld(t)
	w.Remove = true
	c := w.client(t, now.Add(-2*unused))
	require.NoError(t, w.records.Store.Close())
	_, err := w.Visit(t.Context(), c, 0, keep)
	require.Error(t, err)
	assert.Equal(t, map[reaper.Outcome]int{reaper.Failed: 1}, w.reaped)
}
