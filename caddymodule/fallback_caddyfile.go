package caddymodule

import (
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/caddyserver/caddy/v2/caddyconfig/httpcaddyfile"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

func init() {
	httpcaddyfile.RegisterHandlerDirective("dcr_fallback", func(h httpcaddyfile.Helper) (caddyhttp.MiddlewareHandler, error) {
		f := new(Fallback)
		if err := f.UnmarshalCaddyfile(h.Dispenser); err != nil {
			return nil, err
		}
		return f, inContext(h, func() error { return nil })
	})
	// Before everything that could answer or proxy.
	httpcaddyfile.RegisterDirectiveOrder("dcr_fallback", httpcaddyfile.Before, "handle")
}

// UnmarshalCaddyfile reads a fallback:
//
//	dcr_fallback [<matcher>]
func (f *Fallback) UnmarshalCaddyfile(d *caddyfile.Dispenser) error {
	d.Next() // "dcr_fallback"
	if d.NextArg() {
		return d.ArgErr()
	}
	if d.NextBlock(0) {
		return d.Errf("dcr_fallback has no options, got %q", d.Val())
	}
	return nil
}

var _ caddyfile.Unmarshaler = (*Fallback)(nil)
