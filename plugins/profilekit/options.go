// Package profilekit holds what the options of all profiles have in common.
package profilekit

import (
	"slices"
	"strings"

	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
)

// Option is one subdirective of a profile's block.
type Option struct {
	Name  string
	parse func(d *caddyfile.Dispenser) error
}

// Values is an option that takes one value or more; written twice, it adds.
func Values(name string, target *[]string) Option {
	return Option{Name: name, parse: func(d *caddyfile.Dispenser) error {
		values := d.RemainingArgs()
		if len(values) == 0 {
			return d.ArgErr()
		}
		*target = append(*target, values...)
		return nil
	}}
}

// Switch is an option that takes no value: it is on when it is written.
func Switch(name string, target *bool) Option {
	return Option{Name: name, parse: func(d *caddyfile.Dispenser) error {
		if d.NextArg() {
			return d.ArgErr()
		}
		*target = true
		return nil
	}}
}

// Names lists the names of the options in order.
func Names(options []Option) []string {
	names := make([]string, 0, len(options))
	for _, option := range options {
		names = append(names, option.Name)
	}
	slices.Sort(names)
	return names
}

// Parse reads the options of the profile from its block. The dispenser stands
// at the profile's name, or just before it, as Caddy hands out segments.
func Parse(d *caddyfile.Dispenser, profile string, options []Option) error {
	if d.Val() == "" {
		d.Next()
	}
	if d.NextArg() {
		return d.ArgErr()
	}
	for nesting := d.Nesting(); d.NextBlock(nesting); {
		name := d.Val()
		at := slices.IndexFunc(options, func(option Option) bool { return option.Name == name })
		if at < 0 {
			return d.Errf("%s has no option %q, known are: %s", profile, name, strings.Join(Names(options), ", "))
		}
		if err := options[at].parse(d); err != nil {
			return err
		}
		if d.NextBlock(nesting + 1) {
			return d.Errf("option %q of %s takes no block", name, profile)
		}
	}
	return nil
}
