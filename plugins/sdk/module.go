// Package sdk is the profile of the services behind the JavaScript, iOS, tvOS,
// Android and FireOS SDKs.
package sdk

import (
	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"

	"github.com/caddy-dcr/caddy-dcr/plugins"
	"github.com/caddy-dcr/caddy-dcr/plugins/profilekit"
)

// name is the profile's name in the configuration and in metrics.
const name = "sdk"

func init() { caddy.RegisterModule(new(Profile)) }

// Profile protects the SDK services.
type Profile struct {
	// Scope lists the scopes that open the services; any one of them is
	// enough. No scope is documented for them. Default: `api:client:sdk`.
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
