package management_test

import (
	"log/slog"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/caddy-dcr/caddy-dcr/internal/management"
	"github.com/caddy-dcr/caddy-dcr/internal/moving"
	"github.com/caddy-dcr/caddy-dcr/internal/state"
	"github.com/caddy-dcr/caddy-dcr/plugins"
	"github.com/caddy-dcr/caddy-dcr/plugins/redisstore"
	"github.com/caddy-dcr/caddy-dcr/plugins/storetest/redistest"
)

// A place in one store's list is none in another's: whoever goes on there might
// miss a record, which an export must never do.
func TestAnExportDoesNotGoOnInAnotherStore(t *testing.T) {
	open := func() plugins.Store {
		store, err := redisstore.Open(redisstore.Config{Addresses: []string{redistest.Start(t, redistest.Options{}).URL()}})
		require.NoError(t, err)
		t.Cleanup(func() { _ = store.Close() })
		return store
	}
	first, second := open(), open()
	_, err := first.Append(within(t), plugins.Write{Key: plugins.ReplicaPrefix + "test", Value: []byte("1")})
	require.NoError(t, err)
	pair := moving.New(first, slog.New(slog.DiscardHandler))
	w := worldOver(t, pair)
	app := w.create(t, nil)
	for range 300 {
		w.client(t, app.ID, uuid.New(), nil)
	}
	export, err := w.BeginExport(within(t), by("ann"), management.ExportOrder{})
	require.NoError(t, err)
	page, err := w.ExportRecords(within(t), ann, export.Number, state.ClassClient, management.Part{Limit: 10})
	require.NoError(t, err)
	require.NotEmpty(t, page.Cursor)

	require.NoError(t, pair.Begin(within(t), second))
	require.Eventually(t, func() bool { is, _, _ := pair.Progress(); return is == moving.Alike }, 10*time.Second, time.Millisecond)
	again, err := w.ExportRecords(within(t), ann, export.Number, state.ClassClient, management.Part{Cursor: page.Cursor, Limit: 10})
	require.NoError(t, err, "the store that is listed is the same as before")
	require.NoError(t, pair.Switch())
	_, err = w.ExportRecords(within(t), ann, export.Number, state.ClassClient, management.Part{Cursor: again.Cursor, Limit: 10})
	assertFault(t, management.Changed, "cursor", "works with another store", err)
	ids := map[string]bool{}
	for cursor, first := "", true; first || cursor != ""; first = false {
		page, err := w.ExportRecords(within(t), ann, export.Number, state.ClassClient, management.Part{Cursor: cursor, Limit: 10})
		require.NoError(t, err)
		for _, raw := range page.Records {
			ids[raw.Key] = true
		}
		cursor = page.Cursor
	}
	assert.Len(t, ids, 300)
}
