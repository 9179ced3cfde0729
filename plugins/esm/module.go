// Package esm is the profile of the Entitlement Service Monitoring API, the
// reports about who watched through whom.
package esm

import (
	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"

	"github.com/caddy-dcr/caddy-dcr/plugins"
	"github.com/caddy-dcr/caddy-dcr/plugins/profilekit"
)

// name is the profile's name in the configuration and in metrics.
const name = "esm"

func init() { caddy.RegisterModule(new(Profile)) }

// Profile protects the Entitlement Service Monitoring API.
type Profile struct {
	// ChannelOptional lets an application that serves only some channels ask
	// for a report without saying which channels it is about. Switch it on
	// only where the backend itself confines the report to the channels of
	// the application. Default: off; such an application must filter by
	// `requestor-id`, and only by channels of its own.
	ChannelOptional bool `json:"channel_optional,omitempty"`

	// Scope lists the scopes that open the API; any one of them is enough.
	// Default: `analytics:client`.
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
	_ caddy.Module              = (*Profile)(nil)
	_ caddy.Validator           = (*Profile)(nil)
	_ caddyfile.Unmarshaler     = (*Profile)(nil)
	_ plugins.Profile           = (*Profile)(nil)
	_ plugins.EntitlementFinder = (*Profile)(nil)
)
