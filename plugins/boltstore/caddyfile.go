package boltstore

import "github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"

// UnmarshalCaddyfile reads what follows `store`:
//
//	bolt [<path>]
func (m *Module) UnmarshalCaddyfile(d *caddyfile.Dispenser) error {
	d.Next() // bolt
	if d.NextArg() {
		m.Path = d.Val()
		if m.Path == "" {
			return d.Err("store bolt: path is empty")
		}
	}
	if d.NextArg() {
		return d.Errf("store bolt: one path expected, got %q too", d.Val())
	}
	for d.NextBlock(d.Nesting()) {
		return d.Errf("store bolt: unknown option %q; it takes a path and no options", d.Val())
	}
	return nil
}
