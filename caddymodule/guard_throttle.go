package caddymodule

import (
	"fmt"

	"github.com/caddy-dcr/caddy-dcr/internal/guard"
)

// throttledEarly counts a request under a guard before anything is asked about
// its token, where that is enough to know whom to count.
func (x *exchange) throttledEarly() bool {
	t := x.throttle()
	return t != nil && t.early() && x.exceeds(t)
}

// throttledLate does so when the token is known, or is known to be none, where
// the request was not counted yet. A client is not to pay for a fault of ours.
func (x *exchange) throttledLate() bool {
	t := x.throttle()
	return t != nil && !t.early() && x.facts.Token != guard.Unavailable && x.exceeds(t)
}

// throttle is nil where the request is not to be counted.
func (x *exchange) throttle() *throttler {
	if !x.match.Route.Throttled {
		return nil
	}
	return x.guard.services.throttle
}

func (x *exchange) exceeds(t *throttler) bool {
	result := t.take(x.w, x.r, claims{grant: x.known.Grant}, x.guard.refused)
	x.wait = result.RetryAfter
	return !result.OK
}

// checkThrottle finds what an operator says to throttle without saying how
// much. What a profile says is data, and holds where there is a throttle.
func (g *Guard) checkThrottle() error {
	if g.API == nil || g.services.throttle != nil {
		return nil
	}
	for _, route := range g.table.Routes() {
		if route.Throttled {
			return errNotHowMuch(route.Path)
		}
	}
	return nil
}

func errNotHowMuch(path string) error {
	return fmt.Errorf("throttle: the route %s is to be throttled, and the dcr block does not say how much; write throttle there", path)
}
