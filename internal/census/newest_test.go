package census

import (
	"slices"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/caddy-dcr/caddy-dcr/internal/state"
)

// Whatever comes in whatever order: there is never more than there is room for,
// and what is there of an application are its newest.
func TestTheNewestAreKeptInBoundedRoom(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := newest{each: rapid.IntRange(1, 9).Draw(t, "each"), room: rapid.IntRange(1, 40).Draw(t, "room")}
		all := map[uuid.UUID][]state.NewestClient{}
		for i := range rapid.IntRange(0, 200).Draw(t, "clients") {
			app := uuid.UUID{byte(rapid.IntRange(1, 12).Draw(t, "application"))}
			c := state.NewestClient{ID: uuid.UUID{byte(i)}, CreatedAt: int64(rapid.IntRange(0, 50).Draw(t, "created"))}
			n.add(app, c)
			all[app] = append(all[app], c)
			require.LessOrEqual(t, n.total, 2*n.room+1)
		}
		n.cutAll()
		total := 0
		for app, kept := range n.of {
			total += len(kept)
			slices.SortFunc(all[app], state.NewestClient.Compare)
			require.Equal(t, all[app][:min(n.each, len(all[app]))], kept)
		}
		require.Equal(t, total, n.total)
		require.LessOrEqual(t, total, n.room+1)
	})
}

func TestFewApplicationsHaveAsManyAsTheyMay(t *testing.T) {
	n := newest{each: newestOf, room: newestRoom}
	for i := range 50 {
		for j := range 500 {
			n.add(uuid.UUID{byte(i)}, state.NewestClient{ID: uuid.UUID{byte(j), byte(j >> 8)}, CreatedAt: int64(j)})
		}
	}
	n.cutAll()
	require.Len(t, n.of, 50)
	for _, kept := range n.of {
		assert.Len(t, kept, newestOf)
		assert.EqualValues(t, 499, kept[0].CreatedAt)
		assert.EqualValues(t, 400, kept[newestOf-1].CreatedAt)
	}
}
