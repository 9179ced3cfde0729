// Package crowd calls gateways as good and killed clients do, and tells the
// wrong answers from the true ones.
package crowd

import (
	"fmt"
	"net/http"
	"slices"
	"sync"
	"time"
)

// pace is how often each role calls each gateway.
var pace = map[Role]time.Duration{
	Known: 50 * time.Millisecond, Fresh: 250 * time.Millisecond, Fetch: 150 * time.Millisecond,
	Register: 300 * time.Millisecond, Dead: 150 * time.Millisecond, DeadFetch: 300 * time.Millisecond,
}

// Crowd is devices with an application's statement before some gateways. Its
// calls do not wait for each other, as those of a real fleet of devices do not.
type Crowd struct {
	// URLs are the origins of the gateways.
	URLs []string
	// Target is the path of an honest call.
	Target string
	// Statement is a good one.
	Statement string
	// Haste is how many times as often as usual the devices call; zero is once.
	Haste int
	// Observe is told of every answer while the crowd runs.
	Observe func(Answer)

	client http.Client
	calls  sync.WaitGroup

	mu    sync.Mutex
	known []Device
	all   []Device // every client that was acknowledged and not killed
	dead  []Device
	fresh [][]Device // for each gateway, tokens that it has not seen
	open  map[int]time.Time
	opens int
}

// Device is one registered client, with a token where it has one.
type Device struct {
	// ID is the client's.
	ID            string
	secret, token string
	// deadFrom is, for each gateway, from when on the device is dead there.
	deadFrom []time.Time
}

// New makes a crowd of nobody.
func New(urls []string, target, statement string) *Crowd {
	return &Crowd{
		URLs: urls, Target: target, Statement: statement, Observe: func(Answer) {},
		client: http.Client{
			Timeout: 3 * Patience, // what is later than Patience is counted, not cut
			Transport: &http.Transport{
				MaxIdleConnsPerHost: 256, IdleConnTimeout: time.Minute, DisableCompression: true,
			},
		},
		fresh: make([][]Device, len(urls)), open: map[int]time.Time{},
	}
}

// Acquaint enrols some devices whose tokens every gateway knows.
func (c *Crowd) Acquaint(devices int) error {
	for i := range devices {
		d, err := c.Enroll(i % len(c.URLs))
		if err != nil {
			return err
		}
		c.mu.Lock()
		c.all, c.known = append(c.all, d), append(c.known, d)
		c.mu.Unlock()
	}
	return nil
}

// Stock fetches tokens that no gateway has seen, for each some.
func (c *Crowd) Stock(tokens int) error {
	for gateway := range c.URLs {
		for range tokens {
			a, d := c.fetch((gateway+1)%len(c.URLs), Fetch, c.anybody())
			if !a.True() {
				return fmt.Errorf("fetching a token: %+v", a)
			}
			c.keep(gateway, d)
		}
	}
	return nil
}

// Enroll registers a device at the gateway, which must be well, and lets every
// gateway see its token. The device stands apart from the crowd.
func (c *Crowd) Enroll(gateway int) (Device, error) {
	a, d := c.register(gateway)
	if !a.True() {
		return d, fmt.Errorf("registering at gateway %d: %+v", gateway, a)
	}
	a, d = c.fetch(gateway, Fetch, d)
	if !a.True() {
		return d, fmt.Errorf("fetching a token at gateway %d: %+v", gateway, a)
	}
	for other := range c.URLs {
		if a := c.call(other, Known, d); !a.True() {
			return d, fmt.Errorf("first call of gateway %d: %+v", other, a)
		}
	}
	return d, nil
}

// Bury adds a device that was killed a moment ago to the crowd. Each gateway
// may let it through for the grace; without one it is dead everywhere.
func (c *Crowd) Bury(d Device, grace ...time.Duration) {
	killed := time.Now()
	for gateway := range c.URLs {
		from := killed
		if gateway < len(grace) {
			from = from.Add(grace[gateway])
		}
		d.deadFrom = append(d.deadFrom, from)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.dead = append(c.dead, d)
}

// Registered counts the clients that were acknowledged and not killed.
func (c *Crowd) Registered() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.all)
}

// Everybody has each registered client ask the gateway for a token, and
// answers what they got.
func (c *Crowd) Everybody(gateway int) []Answer {
	return c.each(&c.all, func(d Device) Answer {
		a, _ := c.fetch(gateway, Fetch, d)
		return a
	})
}

// Departed does the same for those that were killed, with their tokens too.
func (c *Crowd) Departed(gateway int) []Answer {
	return append(
		c.each(&c.dead, func(d Device) Answer { return c.deadCall(gateway, Dead, d) }),
		c.each(&c.dead, func(d Device) Answer { return c.deadCall(gateway, DeadFetch, d) })...,
	)
}

// Passes says whether the gateway lets the device's token through.
func (c *Crowd) Passes(gateway int, d Device) bool {
	return c.call(gateway, Known, d).Status == http.StatusOK
}

func (c *Crowd) each(devices *[]Device, call func(Device) Answer) []Answer {
	c.mu.Lock()
	all := slices.Clone(*devices)
	c.mu.Unlock()
	answers := make([]Answer, len(all))
	for i, d := range all {
		answers[i] = call(d)
	}
	return answers
}
