// Package temppass is the profile of the Reset TempPass API, with which a
// media company gives viewers their temporary access anew.
package temppass

import (
	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"

	"github.com/caddy-dcr/caddy-dcr/plugins"
	"github.com/caddy-dcr/caddy-dcr/plugins/profilekit"
)

// name is the profile's name in the configuration and in metrics.
const name = "temp_pass"

func init() { caddy.RegisterModule(new(Profile)) }

// Profile protects the Reset TempPass API.
type Profile struct {
	// Scope lists the scopes that open the API; any one of them is enough.
	// Default: `temporary:passes:owner`.
	Scope []string `json:"scope,omitempty"`
}

// CaddyModule returns the Caddy module information.
func (*Profile) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{
		ID:  "dcr.profiles." + name,
		New: func() caddy.Module { return new(Profile) },
	}
}

// Validate says which option holds what it must not.
func (p *Profile) Validate() error { return profilekit.ValidateScopes(p.Scope) }

var (
	_ caddy.Module          = (*Profile)(nil)
	_ caddy.Validator       = (*Profile)(nil)
	_ caddyfile.Unmarshaler = (*Profile)(nil)
	_ plugins.Profile       = (*Profile)(nil)
)
