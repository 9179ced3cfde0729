// Package proxymvpd is the profile of the Proxy MVPD API, with which a TV
// provider that stands in for others lists them.
package proxymvpd

import (
	"errors"
	"fmt"
	"net/netip"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"

	"github.com/caddy-dcr/caddy-dcr/plugins"
	"github.com/caddy-dcr/caddy-dcr/plugins/profilekit"
)

// name is the profile's name in the configuration and in metrics.
const name = "proxy_mvpd"

func init() { caddy.RegisterModule(new(Profile)) }

// Profile protects the Proxy MVPD API.
type Profile struct {
	// AllowIPs lists the CIDR ranges and single addresses from which the API
	// may be called; every other address gets 401, as documented for this API.
	// The address is the one that the server's `trusted_proxies` vouch for.
	// Default: everywhere.
	AllowIPs []string `json:"allow_ips,omitempty"`

	// Scope lists the scopes that open the API; any one of them is enough. No
	// scope is documented for this API. Default: `mvpd:proxies:owner`.
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
func (p *Profile) Validate() error {
	for _, text := range p.AllowIPs {
		if _, err := parseRange(text); err != nil {
			return fmt.Errorf("allow_ips: got %q, want a CIDR range such as 192.0.2.0/24 or an address: %w", text, err)
		}
	}
	return profilekit.ValidateScopes(p.Scope)
}

// ranges lists AllowIPs in the form that the contract wants: CIDR, masked.
func (p *Profile) ranges() []string {
	var ranges []string
	for _, text := range p.AllowIPs {
		prefix, err := parseRange(text)
		if err != nil {
			// Never leave out what cannot be read: an empty list lets
			// everybody in. The gateway refuses the text as it stands.
			ranges = append(ranges, text)
			continue
		}
		ranges = append(ranges, prefix.String())
	}
	return ranges
}

// parseRange reads a CIDR range, or an address as the range of just itself.
func parseRange(text string) (netip.Prefix, error) {
	if address, err := netip.ParseAddr(text); err == nil {
		// A zone names an interface of one machine; as a prefix it would be
		// another address.
		if address.Zone() != "" {
			return netip.Prefix{}, fmt.Errorf("the zone %q has no place in a range", address.Zone())
		}
		address = address.Unmap()
		return netip.PrefixFrom(address, address.BitLen()), nil
	}
	prefix, err := netip.ParsePrefix(text)
	if err != nil {
		return netip.Prefix{}, err
	}
	if prefix.Addr().Is4In6() {
		return netip.Prefix{}, errors.New("a range of IPv4 has to be written as one")
	}
	return prefix.Masked(), nil
}

var (
	_ caddy.Module          = (*Profile)(nil)
	_ caddy.Validator       = (*Profile)(nil)
	_ caddyfile.Unmarshaler = (*Profile)(nil)
	_ plugins.Profile       = (*Profile)(nil)
)
