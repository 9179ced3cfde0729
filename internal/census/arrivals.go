package census

import "github.com/caddy-dcr/caddy-dcr/internal/state"

// maxArrivals bounds what is remembered of the networks that clients have
// registered from since the census: 36 a second for an hour, in 4 MB at the
// most. Of more the oldest are forgotten, and the limit is that much kinder.
const maxArrivals = 1 << 17

// arrivals are the networks that clients registered from lately, the oldest
// first.
type arrivals struct {
	queue []arrival
	// counts says how often each is in the queue.
	counts map[state.Network]uint32
}

type arrival struct {
	network state.Network
	second  uint32
}

func (a *arrivals) add(n state.Network, second int64) {
	if a.counts == nil {
		a.counts = map[state.Network]uint32{}
	}
	if len(a.queue) == maxArrivals {
		a.forget()
	}
	a.queue = append(a.queue, arrival{n, uint32(second)})
	a.counts[n]++
}

// forgetBefore forgets those that came before that second.
func (a *arrivals) forgetBefore(second int64) {
	var kept arrivals
	for _, one := range a.queue {
		if int64(one.second) >= second {
			kept.add(one.network, int64(one.second))
		}
	}
	*a = kept
}

// forget forgets the oldest.
func (a *arrivals) forget() {
	n := a.queue[0].network
	a.queue = a.queue[1:]
	if a.counts[n]--; a.counts[n] == 0 {
		delete(a.counts, n)
	}
}
