package census

import (
	"strconv"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/assert"

	"github.com/caddy-dcr/caddy-dcr/internal/state"
)

// The names of platforms are an operator's, but records are only as good as
// the store that they lie in.
func TestACensusTellsOnlySoManyPlatformsApart(t *testing.T) {
	tally, app := newTally(state.Census{}), uuid.New()
	for i := range 3 * platformsCounted {
		tally.add(state.Client{ApplicationID: app, Platform: "p" + strconv.Itoa(i%(2*platformsCounted))}, false, Visit{})
	}
	tally.add(state.Client{ApplicationID: app}, false, Visit{})
	c := tally.result(1)
	assert.Len(t, c.Live, platformsCounted+1)
	assert.Len(t, c.Applications[app].Platforms, platformsCounted+1)
	assert.EqualValues(t, 2, c.Live["p0"])
	assert.EqualValues(t, platformsCounted+1, c.Live["Other"], "the rest, and the one that has none")
	assert.EqualValues(t, 3*platformsCounted+1, c.Total())
}
