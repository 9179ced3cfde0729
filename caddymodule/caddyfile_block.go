package caddymodule

import (
	"maps"
	"slices"
	"strings"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
)

// block reads a block of subdirectives, each by its own function. It is where
// an unknown name gets its error, and one that is given twice: only those that
// add up may be.
func block(d *caddyfile.Dispenser, known map[string]func() error, addUp ...string) error {
	name := d.Val()
	if d.NextArg() {
		return d.Errf("%s takes a block and no value, got %q", name, d.Val())
	}
	seen := map[string]bool{}
	for nesting := d.Nesting(); d.NextBlock(nesting); {
		before := name
		name = d.Val()
		parse, ok := known[name]
		switch {
		case name == "{":
			return d.Errf("%s takes no block", before)
		case !ok:
			return d.Errf("unknown option %q; known here: %s", name, list(known))
		case seen[name] && !slices.Contains(addUp, name):
			return d.Errf("%s is given twice", name)
		}
		seen[name] = true
		if err := parse(); err != nil {
			return err
		}
	}
	return nil
}

// oneArg reads the one value of an option. Neither it nor flag quotes what it
// got, which may be a secret with a space in it.
func oneArg(d *caddyfile.Dispenser, into *string) error {
	name, found := d.Val(), d.RemainingArgs()
	switch {
	case len(found) != 1:
		return d.Errf("%s takes one value, got %d", name, len(found))
	case found[0] == "":
		return d.Errf("%s takes a value, got an empty one", name)
	}
	*into = found[0]
	return nil
}

func args(d *caddyfile.Dispenser, into *[]string) error {
	name, found := d.Val(), d.RemainingArgs()
	if len(found) == 0 {
		return d.Errf("%s takes one value or more, got none", name)
	}
	*into = append(*into, found...)
	return nil
}

func flag(d *caddyfile.Dispenser, into *bool) error {
	name, found := d.Val(), d.RemainingArgs()
	if len(found) > 0 {
		return d.Errf("%s takes no value, got %d", name, len(found))
	}
	*into = true
	return nil
}

func duration(d *caddyfile.Dispenser, into *caddy.Duration) error {
	name := d.Val()
	var text string
	if err := oneArg(d, &text); err != nil {
		return err
	}
	value, err := caddy.ParseDuration(text)
	if err != nil {
		return d.Errf("%s: got %q, want a duration such as 90s, 6h or 1d", name, text)
	}
	*into = caddy.Duration(value)
	return nil
}

// guests names the modules of a namespace, in order.
func guests(namespace string) string {
	var names []string
	for _, info := range caddy.GetModules(namespace) {
		names = append(names, info.ID.Name())
	}
	slices.Sort(names)
	return strings.Join(names, ", ")
}

// list names the known options, in order.
func list(known map[string]func() error) string {
	if len(known) == 0 {
		return "none"
	}
	return strings.Join(slices.Sorted(maps.Keys(known)), ", ")
}
