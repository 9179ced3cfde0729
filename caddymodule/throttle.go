package caddymodule

import (
	"fmt"
	"net/http"
	"slices"

	"github.com/caddyserver/caddy/v2"

	"github.com/caddy-dcr/caddy-dcr/internal/throttle"
)

// ThrottleConfig says how many requests a device may send to the client
// endpoints and to the routes that a profile marks as throttled.
type ThrottleConfig struct {
	// Rate is how many requests a second are allowed on and on. Default 1.
	Rate float64 `json:"rate,omitempty"`
	// Burst is how many may come ahead of their time. Default 10; a negative
	// value stands for 0.
	Burst int `json:"burst,omitempty"`
	// Key is by what devices are told apart: `address` (the default), `client`,
	// `application`, `statement` or `header`. Where it is not known, as before
	// there is a token, the address counts.
	Key throttle.Kind `json:"key,omitempty"`
	// Header is the name of the header that tells devices apart, with the key
	// `header`. Use one that a trusted proxy sets: a client's own word is worth
	// nothing.
	Header string `json:"header,omitempty"`
	// IPv6Prefix is how many bits of an IPv6 address are the device's network.
	// Default 64.
	IPv6Prefix int `json:"ipv6_prefix,omitempty"`
	// Size is for how many devices at once a gateway keeps buckets, at 24 bytes
	// each. Only those count that have asked within the time that a bucket
	// takes to fill. Default 1000000.
	Size int `json:"size,omitempty"`
	// Shared counts in the store, so that a device has one bucket at all
	// gateways, at the price of a round trip for each request. While the store
	// does not answer in time, each gateway counts by itself.
	Shared bool `json:"shared,omitempty"`
}

const (
	defaultThrottleRate  = 1
	defaultThrottleBurst = 10
	defaultThrottleSize  = 1_000_000
	mostThrottleBurst    = 10_000
	largestThrottle      = 100_000_000
)

// defaults fills in what was left out and refuses what cannot be.
func (c *ThrottleConfig) defaults() error {
	if c.Rate == 0 {
		c.Rate = defaultThrottleRate
	}
	switch {
	case c.Burst == 0:
		c.Burst = defaultThrottleBurst
	case c.Burst < 0:
		c.Burst = 0
	}
	if c.Burst > mostThrottleBurst {
		return fmt.Errorf("burst: got %d, want 0 to %d", c.Burst, mostThrottleBurst)
	}
	if err := c.limit().Validate(); err != nil {
		return err
	}
	if c.Key == "" {
		c.Key = throttle.ByAddress
	}
	if !slices.Contains(throttle.Kinds, c.Key) {
		return fmt.Errorf("key: got %q, want one of %q", c.Key, throttle.Kinds)
	}
	if (c.Key == throttle.ByHeader) != (c.Header != "") {
		return fmt.Errorf("header: got %q with the key %s, want the name of a header with the key %s, and none with another",
			c.Header, c.Key, throttle.ByHeader)
	}
	c.Header = http.CanonicalHeaderKey(c.Header)
	if c.IPv6Prefix == 0 {
		c.IPv6Prefix = throttle.IPv6Prefix
	}
	if c.IPv6Prefix < 1 || c.IPv6Prefix > 128 {
		return fmt.Errorf("ipv6_prefix: got %d, want 1 to 128", c.IPv6Prefix)
	}
	if c.Size == 0 {
		c.Size = defaultThrottleSize
	}
	if c.Size < 1 || c.Size > largestThrottle {
		return fmt.Errorf("size: got %d, want 1 to %d devices", c.Size, largestThrottle)
	}
	return nil
}

func (c *ThrottleConfig) limit() throttle.Limit { return throttle.Ahead(c.Rate, c.Burst) }

// trackedTable is a pooled table that the metrics show.
type trackedTable struct {
	pooledLimit
	untrack func()
}

// Destruct implements caddy.Destructor.
func (t trackedTable) Destruct() error {
	t.untrack()
	return nil
}

// attachThrottle finds the buckets of the configuration before, or makes new
// ones where that counted otherwise.
func (a *App) attachThrottle() error {
	if a.Throttle == nil {
		return nil
	}
	if err := a.Throttle.defaults(); err != nil {
		return fmt.Errorf("throttle: %w", err)
	}
	c := *a.Throttle
	c.Shared = false // the table is the same, whoever counts beside it
	key := fmt.Sprintf("throttle %+v", c)
	value, _, err := limitTables.LoadOrNew(key, func() (caddy.Destructor, error) {
		table := throttle.NewTable(c.limit(), c.Size, nil)
		return trackedTable{pooledLimit{table}, metricsOf.TrackThrottle(table)}, nil
	})
	if err != nil {
		return err
	}
	a.tables = append(a.tables, key)
	a.throttle = newThrottler(a, value.(trackedTable).Table)
	return nil
}
