package management_test

import (
	"slices"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/caddy-dcr/caddy-dcr/internal/management"
	"github.com/caddy-dcr/caddy-dcr/internal/state"
)

// crowd is an application with clients of which a census has named the newest
// seven, and others that the census named none of.
func (w *world) crowd(t *testing.T) (app uuid.UUID, clients []state.Client, census *state.Census) {
	ours, others := w.create(t, nil), w.create(t, nil)
	const began = 1764000000000
	at := func(created int64) func(*state.Client) { return func(c *state.Client) { c.CreatedAt = created } }
	census = &state.Census{BeganAt: began, FinishedAt: began + 1, Applications: map[uuid.UUID]state.ApplicationCount{
		ours.ID: {Live: 12}, others.ID: {Live: 9},
	}}
	for i := range 12 {
		// Some registered at the same moment, and the last of those that are
		// named has a twin that is not.
		clients = append(clients, w.client(t, ours.ID, uuid.New(), at(began-100-int64(i/4))))
		w.client(t, others.ID, uuid.New(), nil)
	}
	named := make([]state.NewestClient, len(clients))
	for i, c := range clients {
		named[i] = state.NewestClient{ID: c.ID, CreatedAt: c.CreatedAt}
	}
	slices.SortFunc(named, state.NewestClient.Compare)
	census.Newest = map[uuid.UUID][]state.NewestClient{ours.ID: named[:7]}
	require.NoError(t, w.Records.PutCensus(within(t), *census, state.Census{}, 0))
	// One came since.
	clients = append(clients, w.client(t, ours.ID, uuid.New(), at(began+5)))
	w.Census = func() *state.Census { return census }
	return ours.ID, clients, census
}

func TestAnApplicationsListBeginsWithItsNewestClients(t *testing.T) {
	overBoth(t, func(t *testing.T, w *world) {
		app, clients, census := w.crowd(t)
		first, err := w.Clients(within(t), ann, app, management.Part{Limit: 3})
		require.NoError(t, err)
		require.Len(t, first.Clients, 3)
		for i, c := range first.Clients {
			assert.Equal(t, census.Newest[app][i].ID, c.ID)
		}
		for _, limit := range []int{1, 3, 7, 100} {
			seen := map[uuid.UUID]int{}
			for cursor := ""; ; {
				page, err := w.Clients(within(t), ann, app, management.Part{Cursor: cursor, Limit: limit})
				require.NoError(t, err)
				for _, c := range page.Clients {
					seen[c.ID]++
				}
				if cursor = page.Cursor; cursor == "" {
					break
				}
			}
			require.Len(t, seen, len(clients), "%d at a time", limit)
			for _, n := range seen {
				assert.Equal(t, 1, n, "each once")
			}
		}
	})
}

func TestAClientThatWasNamedAndIsGoneIsNotListed(t *testing.T) {
	w := newWorld(t)
	app, _, census := w.crowd(t)
	gone := census.Newest[app][0].ID
	removed, err := w.Records.RemoveClient(within(t), gone, 65_000)
	require.NoError(t, err)
	require.True(t, removed)
	page, err := w.Clients(within(t), ann, app, management.Part{Limit: 3})
	require.NoError(t, err)
	assert.Len(t, page.Clients, 2)
	assert.NotEmpty(t, page.Cursor)
}

func TestWhereTheNamesAreGoneEveryClientIsLookedAt(t *testing.T) {
	w := newWorld(t)
	app, clients, census := w.crowd(t)
	next := state.Census{BeganAt: census.BeganAt + 10, FinishedAt: census.BeganAt + 11}
	before, err := w.Records.CensusSummary(within(t))
	require.NoError(t, err)
	require.NoError(t, w.Records.PutCensus(within(t), next, before, 0))
	page, err := w.Clients(within(t), ann, app, management.Part{})
	require.NoError(t, err)
	assert.Len(t, page.Clients, len(clients))
	assert.Empty(t, page.Cursor)
}

func TestACursorOfAnotherListIsRefused(t *testing.T) {
	w := newWorld(t)
	app, _, _ := w.crowd(t)
	for _, cursor := range []string{"zzz", "?", "n:", "n:x", "n:zz:no-uuid", "o:", "o:1:" + app.String(), "o:1:" + app.String() + ":?:", "o:1:x:1:"} {
		_, err := w.Clients(within(t), ann, app, management.Part{Cursor: cursor})
		assertFault(t, management.Invalid, "cursor", "none of this list", err)
		_, err = w.Clients(within(t), ann, uuid.Nil, management.Part{Cursor: cursor})
		assertFault(t, management.Invalid, "cursor", "none of this list", err)
		_, err = w.Kills(within(t), ann, "", management.Part{Cursor: cursor})
		assertFault(t, management.Invalid, "cursor", "none of this list", err)
	}
}
