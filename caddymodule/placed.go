package caddymodule

import (
	"errors"
	"strconv"
	"strings"

	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/caddyserver/caddy/v2/caddyconfig/httpcaddyfile"
)

// inContext checks what a directive means, once its words were read.
func inContext(h httpcaddyfile.Helper, mistake func() error) error {
	if h.Option("dcr") == nil {
		return placed(h.Dispenser, errors.New("the global dcr block is needed"))
	}
	return placed(h.Dispenser, mistake())
}

// placed adds file and line to an error about what a directive means. Such an
// error begins with the names of the fields in which it lies, as in
// `application "demo": channels[1]: got …`, and they lead down the blocks to the
// option that is at fault, or as far as there are any.
func placed(d *caddyfile.Dispenser, err error) error {
	if err == nil {
		return nil
	}
	d.Reset()
	d.Next()
	names, _, _ := strings.Cut(err.Error(), "\n")
	names, _, _ = strings.Cut(names, ": got ")
	names = strings.ReplaceAll(names, "].", "]: ")
	at := caddyfile.NewDispenser([]caddyfile.Token{find(d.NextSegment(), strings.Split(names, ": "))})
	at.Next()
	return at.WrapErr(err)
}

// find follows the names from an option to one below it.
func find(option caddyfile.Segment, names []string) caddyfile.Token {
	below := options(option)
	for i, name := range names {
		if found := named(below, name); found != nil {
			return find(found, names[i+1:])
		}
	}
	return option[0]
}

// options cuts the block of an option into its own options.
func options(option caddyfile.Segment) (below []caddyfile.Segment) {
	d := caddyfile.NewDispenser(option)
	d.Next()
	for d.NextArg() {
	}
	for nesting := d.Nesting(); d.NextBlock(nesting); {
		below = append(below, d.NextSegment())
	}
	return below
}

// named finds the option that a field of an error stands for: `lifetime`,
// `application "demo"`, `channels[1]`, or `routes[1]`, which is the second route.
func named(options []caddyfile.Segment, field string) caddyfile.Segment {
	field, list := strings.CutSuffix(field, "]")
	field, index, _ := strings.Cut(field, "[")
	field = strings.TrimPrefix(field, "custom_") // its option is shorter
	number := 0
	if list {
		number, _ = strconv.Atoi(index)
	}
	var last caddyfile.Segment
	for _, option := range options {
		name := option.Directive()
		if field == name || len(option) > 1 && (field == name+" "+strconv.Quote(option[1].Text) || field == name+" "+option[1].Text) {
			return option
		}
		if field == name+"s" || field == name+"es" {
			if last = option; number == 0 {
				return option
			}
			number--
		}
	}
	return last
}
