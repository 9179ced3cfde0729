package census

import (
	"cmp"
	"slices"

	"github.com/caddy-dcr/caddy-dcr/internal/state"
)

const (
	// networksCounted is how many networks a census counts at once: up to 20 MB
	// while it is taken, at the gateway that takes it.
	networksCounted = 1 << 20
	// networksTold is how many of them, with the most clients, stand in the
	// census: 0.7 MB in the store, and 2.4 MB at every gateway.
	networksTold = 1 << 16
)

// frequent counts in bounded room how often things come, of which there may be
// any number (Misra and Gries, Finding repeated elements, 1982). One that comes
// when there is no room takes one from every other's count and from its own, so
// no count is ever too high, and none too low by more than all that came
// divided by the room and one.
type frequent struct {
	room   int
	counts map[state.Network]uint32
	// passes is how often all counts were lowered.
	passes uint64
}

func (f *frequent) add(n state.Network) {
	if f.counts == nil {
		f.counts = map[state.Network]uint32{}
	}
	if _, counted := f.counts[n]; counted || len(f.counts) < f.room {
		f.counts[n]++
		return
	}
	f.passes++
	for n, count := range f.counts {
		if count == 1 {
			delete(f.counts, n)
		} else {
			f.counts[n] = count - 1
		}
	}
}

// most are those with the highest counts, up to so many, and by how much the
// count of any may be too low, the ones included that are left out.
func (f *frequent) most(limit int) (most map[state.Network]uint64, short uint64) {
	type counted struct {
		network state.Network
		count   uint32
	}
	all := make([]counted, 0, len(f.counts))
	for n, count := range f.counts {
		all = append(all, counted{n, count})
	}
	short = f.passes
	if len(all) > limit {
		slices.SortFunc(all, func(a, b counted) int { return cmp.Compare(b.count, a.count) })
		short += uint64(all[limit].count)
		all = all[:limit]
	}
	most = make(map[state.Network]uint64, len(all))
	for _, c := range all {
		most[c.network] = uint64(c.count)
	}
	return most, short
}
