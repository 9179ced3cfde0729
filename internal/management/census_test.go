package management_test

import (
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/caddy-dcr/caddy-dcr/internal/management"
	"github.com/caddy-dcr/caddy-dcr/internal/state"
)

func TestTheLastCensusIsShownWithTheLargestApplicationsFirst(t *testing.T) {
	w := newWorld(t)
	small, large := w.create(t, nil), w.create(t, nil)
	unknown := uuid.New()
	_, err := w.LastCensus(ann, 0)
	assertFault(t, management.NotFound, "", "not counted yet", err)
	shown, err := w.Application(within(t), ann, small.ID)
	require.NoError(t, err)
	assert.Nil(t, shown.Clients, "a number that nobody knows is not zero")

	census := &state.Census{
		BeganAt: 1764000000000, FinishedAt: 1764000060000, By: "gateway-2", Since: 1763000000000,
		Live: map[string]uint64{"iOS": 9, "Roku": 4}, Stopped: 3, Unused: 2, Removed: 1, Unreadable: 1,
		Applications: map[uuid.UUID]state.ApplicationCount{
			small.ID: {Live: 1, FirstRegistered: 1763000000000, LastUsed: 20_417}, large.ID: {Live: 10, Stopped: 3}, unknown: {Live: 2},
		},
	}
	w.Census = func() *state.Census { return census }
	got, err := w.LastCensus(ann, 0)
	require.NoError(t, err)
	assert.EqualValues(t, 13, got.Live)
	assert.Equal(t, map[string]uint64{"iOS": 9, "Roku": 4}, got.Platforms)
	assert.Equal(t, "gateway-2", got.By)
	require.Len(t, got.Applications, 3)
	assert.Equal(t, []uuid.UUID{large.ID, unknown, small.ID}, []uuid.UUID{got.Applications[0].ID, got.Applications[1].ID, got.Applications[2].ID})
	assert.Equal(t, "Demo", got.Applications[0].Name)
	assert.Empty(t, got.Applications[1].Name, "one that is unknown here is counted all the same")
	assert.False(t, got.More)
	got, err = w.LastCensus(ann, 2)
	require.NoError(t, err)
	assert.Len(t, got.Applications, 2)
	assert.True(t, got.More)
	got, err = w.LastCensus(refAdmin, 0)
	require.NoError(t, err)
	assert.Len(t, got.Applications, 2, "what was counted of their own")
	assert.EqualValues(t, 11, got.Live)
	assert.Empty(t, got.Platforms)
	assert.Zero(t, got.Unused)
	got, err = w.LastCensus(foxAdmin, 0)
	require.NoError(t, err)
	assert.Empty(t, got.Applications)
	assert.Zero(t, got.Live)

	shown, err = w.Application(within(t), ann, small.ID)
	require.NoError(t, err)
	assert.EqualValues(t, 1, shown.Clients.Live)
	assert.Equal(t, "2025-11-25", shown.Clients.LastUsed)
	assert.Equal(t, int64(1763000000000), shown.Clients.FirstRegistered.UnixMilli())
	assert.Equal(t, int64(1764000060000), shown.Clients.AsOf.UnixMilli())
	list, err := w.Applications(ann, management.Filter{}, management.Part{})
	require.NoError(t, err)
	for _, app := range list.Applications {
		assert.Nil(t, app.Clients)
	}
}
