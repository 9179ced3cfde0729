package restv1

import (
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"

	"github.com/caddy-dcr/caddy-dcr/plugins/profilekit"
)

// UnmarshalCaddyfile reads the profile's block. Syntax:
//
//	rest_v1 {
//	    scope <scope...>
//	}
func (p *Profile) UnmarshalCaddyfile(d *caddyfile.Dispenser) error {
	return profilekit.Parse(d, name, p.options())
}

// Options lists the names of the profile's subdirectives.
func (p *Profile) Options() []string { return profilekit.Names(p.options()) }

func (p *Profile) options() []profilekit.Option {
	return []profilekit.Option{
		profilekit.Values("scope", &p.Scope),
	}
}
