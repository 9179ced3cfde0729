package census

import (
	"github.com/google/uuid"

	"github.com/caddy-dcr/caddy-dcr/internal/device"
	"github.com/caddy-dcr/caddy-dcr/internal/state"
)

// tally is a census that is being taken.
type tally struct {
	state.Census
	networks frequent
	newest   newest
}

func newTally(c state.Census) *tally {
	c.Live = map[string]uint64{}
	c.Applications = map[uuid.UUID]state.ApplicationCount{}
	c.Statements = map[uuid.UUID]uint64{}
	return &tally{Census: c, networks: frequent{room: networksCounted}, newest: newest{each: newestOf, room: newestRoom}}
}

// result is the census when all clients are in it.
func (t *tally) result(many uint64) state.Census {
	c := t.Census
	c.Networks, c.NetworksShort = t.networks.most(networksTold)
	if c.Total()+c.Stopped >= many {
		t.newest.cutAll()
		c.Newest = t.newest.of
	}
	return c
}

// add counts one client.
func (t *tally) add(c state.Client, stopped bool, v Visit) {
	if v.Unused {
		t.Unused++
	}
	if v.Removed {
		t.Removed++
		return
	}
	a := t.Applications[c.ApplicationID]
	if a.FirstRegistered == 0 || c.CreatedAt < a.FirstRegistered {
		a.FirstRegistered = c.CreatedAt
	}
	a.LastUsed = max(a.LastUsed, c.LastSeen())
	if stopped {
		a.Stopped++
		t.Stopped++
	} else {
		a.Live++
		platform := t.platform(c)
		a.On(platform)
		t.Live[platform]++
		t.Statements[c.StatementID]++
		// Those of later are among the arrivals where they registered, and to
		// count them twice would refuse a network too early.
		if c.Network != 0 && c.CreatedAt/1000 < t.BeganAt/1000 {
			t.networks.add(c.Network)
		}
	}
	t.Applications[c.ApplicationID] = a
	t.newest.add(c.ApplicationID, state.NewestClient{ID: c.ID, CreatedAt: c.CreatedAt})
}

// platformsCounted is how many platforms are told from each other. Those that
// the gateway knows are few, and an operator adds the others by hand.
const platformsCounted = 256

// platform is the name by which a client's platform is counted.
func (t *tally) platform(c state.Client) string {
	if _, counted := t.Live[c.Platform]; counted || c.Platform != "" && len(t.Live) < platformsCounted {
		return c.Platform
	}
	return string(device.Other)
}
