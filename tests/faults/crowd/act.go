package crowd

import (
	"context"
	"math/rand/v2"
	"sync"
	"time"
)

// Run calls until ctx ends, and returns when the last answer is there.
func (c *Crowd) Run(ctx context.Context) {
	var loops sync.WaitGroup
	for gateway := range c.URLs {
		for _, role := range Roles {
			loops.Go(func() { c.loop(ctx, gateway, role) })
		}
	}
	loops.Wait()
	c.calls.Wait()
}

func (c *Crowd) loop(ctx context.Context, gateway int, role Role) {
	ticker := time.NewTicker(pace[role] / time.Duration(max(c.Haste, 1)))
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			c.calls.Go(func() {
				defer c.begin()()
				if a, called := c.act(gateway, role); called {
					c.Observe(a)
				}
			})
		}
	}
}

// begin notes a call that is under way, until its end.
func (c *Crowd) begin() (end func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	number := c.opens
	c.opens++
	c.open[number] = time.Now()
	return func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		delete(c.open, number)
	}
}

// Waits says whether a call that began before the moment is still under way.
func (c *Crowd) Waits(before time.Time) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, began := range c.open {
		if began.Before(before) {
			return true
		}
	}
	return false
}

// act does one call of the role, unless there is nobody to do it.
func (c *Crowd) act(gateway int, role Role) (Answer, bool) {
	switch role {
	case Known:
		d, ok := c.pick(&c.known)
		return c.when(ok, func() Answer { return c.call(gateway, role, d) })
	case Fresh:
		d, ok := c.take(gateway)
		return c.when(ok, func() Answer { return c.call(gateway, role, d) })
	case Dead, DeadFetch:
		d, ok := c.pick(&c.dead)
		return c.when(ok, func() Answer { return c.deadCall(gateway, role, d) })
	case Fetch:
		return c.when(c.Registered() > 0, func() Answer {
			a, d := c.fetch(gateway, Fetch, c.anybody())
			if a.True() {
				c.keep((gateway+1)%len(c.URLs), d)
			}
			return a
		})
	default:
		a, d := c.register(gateway)
		if a.True() {
			c.mu.Lock()
			c.all = append(c.all, d)
			c.mu.Unlock()
		}
		return a, true
	}
}

func (c *Crowd) when(ok bool, call func() Answer) (Answer, bool) {
	if !ok {
		return Answer{}, false
	}
	return call(), true
}

// pick answers any of the devices, a list that the lock guards.
func (c *Crowd) pick(devices *[]Device) (Device, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(*devices) == 0 {
		return Device{}, false
	}
	return (*devices)[rand.N(len(*devices))], true
}

func (c *Crowd) anybody() Device {
	d, _ := c.pick(&c.all)
	return d
}

// mostFresh bounds the tokens in store, which come in faster than they go.
const mostFresh = 64

func (c *Crowd) keep(gateway int, d Device) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.fresh[gateway]) < mostFresh {
		c.fresh[gateway] = append(c.fresh[gateway], d)
	}
}

func (c *Crowd) take(gateway int) (Device, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	stock := c.fresh[gateway]
	if len(stock) == 0 {
		return Device{}, false
	}
	c.fresh[gateway] = stock[1:]
	return stock[0], true
}
