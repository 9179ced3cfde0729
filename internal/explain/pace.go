package explain

import "sync/atomic"

// pace lets through so many a second, and some more after a rest. It is one
// word (the generic cell rate algorithm), so that a flood that is turned away
// waits for no lock.
type pace struct {
	// interval is the time that each one takes, and rest how much of it may be
	// saved up, both in microseconds.
	interval, rest int64
	due            atomic.Int64
}

// restSeconds is how long one has to be quiet to save up as much as one may.
const restSeconds = 10

func newPace(perSecond int) *pace {
	return &pace{interval: 1_000_000 / int64(perSecond), rest: restSeconds * 1_000_000}
}

// take asks for one, at a time in Unix milliseconds.
func (p *pace) take(now int64) bool {
	now *= 1000
	for {
		due := p.due.Load()
		next := max(due, now-p.rest) + p.interval
		if next > now {
			return false
		}
		if p.due.CompareAndSwap(due, next) {
			return true
		}
	}
}
