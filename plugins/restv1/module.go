// Package restv1 is the profile of REST API V1, the older API of devices that
// have no SDK.
package restv1

import (
	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"

	"github.com/caddy-dcr/caddy-dcr/plugins"
	"github.com/caddy-dcr/caddy-dcr/plugins/profilekit"
)

// name is the profile's name in the configuration and in metrics.
const name = "rest_v1"

func init() { caddy.RegisterModule(new(Profile)) }

// Profile protects REST API V1, the registration codes included.
type Profile struct {
	// Scope lists the scopes that open the API; any one of them is enough. No
	// scope is documented for this API. Default: `api:client:v1`.
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
	_ plugins.EntitlementFinder = (*Profile)(nil)
	_ caddy.Module              = (*Profile)(nil)
	_ caddy.Validator           = (*Profile)(nil)
	_ caddyfile.Unmarshaler     = (*Profile)(nil)
	_ plugins.Profile           = (*Profile)(nil)
)
