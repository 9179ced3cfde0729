package caddymodule

import (
	"strconv"

	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"

	"github.com/caddy-dcr/caddy-dcr/internal/throttle"
)

// parseThrottle reads
//
//	throttle {
//		rate <requests a second>
//		burst <requests>
//		key address | client | application | statement | header <name>
//		ipv6_prefix <bits>
//		size <devices>
//		shared
//	}
func (a *App) parseThrottle(d *caddyfile.Dispenser) error {
	c := new(ThrottleConfig)
	a.Throttle = c
	return block(d, map[string]func() error{
		"rate":        func() error { return c.parseRate(d) },
		"burst":       func() error { return c.parseBurst(d) },
		"key":         func() error { return c.parseKey(d) },
		"ipv6_prefix": func() error { return count(d, &c.IPv6Prefix) },
		"size":        func() error { return count(d, &c.Size) },
		"shared":      func() error { return flag(d, &c.Shared) },
	})
}

func (c *ThrottleConfig) parseRate(d *caddyfile.Dispenser) error {
	var text string
	if err := oneArg(d, &text); err != nil {
		return err
	}
	rate, err := strconv.ParseFloat(text, 64)
	if err != nil || !(rate > 0) {
		return d.Errf("rate: got %q, want a number of requests a second above 0, such as 1 or 0.5", text)
	}
	c.Rate = rate
	return nil
}

// parseBurst writes the operator's 0 as a negative value, because the zero
// value of the JSON field stands for the default.
func (c *ThrottleConfig) parseBurst(d *caddyfile.Dispenser) error {
	var text string
	if err := oneArg(d, &text); err != nil {
		return err
	}
	burst, err := strconv.Atoi(text)
	if err != nil || burst < 0 {
		return d.Errf("burst: got %q, want a number of requests", text)
	}
	if c.Burst = burst; burst == 0 {
		c.Burst = -1
	}
	return nil
}

func (c *ThrottleConfig) parseKey(d *caddyfile.Dispenser) error {
	words := d.RemainingArgs()
	switch {
	case len(words) == 2 && words[0] == string(throttle.ByHeader):
		c.Header = words[1]
	case len(words) != 1 || words[0] == string(throttle.ByHeader):
		return d.Errf("key takes address, client, application, statement, or header and a name")
	}
	c.Key = throttle.Kind(words[0])
	return nil
}

// count reads a whole number above 0.
func count(d *caddyfile.Dispenser, into *int) error {
	name := d.Val()
	var text string
	if err := oneArg(d, &text); err != nil {
		return err
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		return d.Errf("%s: got %q, want a whole number above 0", name, text)
	}
	*into = n
	return nil
}
