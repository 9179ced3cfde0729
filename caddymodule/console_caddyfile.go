package caddymodule

import (
	"strings"

	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/caddyserver/caddy/v2/caddyconfig/httpcaddyfile"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"

	"github.com/caddy-dcr/caddy-dcr/internal/access"
)

func init() {
	httpcaddyfile.RegisterHandlerDirective("dcr_console", func(h httpcaddyfile.Helper) (caddyhttp.MiddlewareHandler, error) {
		c := new(Console)
		if err := c.UnmarshalCaddyfile(h.Dispenser); err != nil {
			return nil, err
		}
		return c, inContext(h, c.mistake)
	})
	// Behind whatever authenticates, and behind what answers for single paths:
	// it takes all that is left.
	httpcaddyfile.RegisterDirectiveOrder("dcr_console", httpcaddyfile.After, "metrics")
}

// UnmarshalCaddyfile reads the directive:
//
//	dcr_console [<matcher>] {
//		identity <placeholder>
//		groups <placeholder>
//		trusted_proxy <address or network…> {
//			identity_header <name>
//			groups_header <name>
//		}
//		role <user> operator
//		role <user> programmer <id>
//		role <user> channel <programmer's id> <id>
//		role <user> read_only [programmer <id> | channel <programmer's id> <id>]
//		group <name> <as for a user>
//	}
func (c *Console) UnmarshalCaddyfile(d *caddyfile.Dispenser) error {
	d.Next() // "dcr_console"
	return block(d, map[string]func() error{
		"identity":      func() error { return oneArg(d, &c.Identity) },
		"groups":        func() error { return oneArg(d, &c.Groups) },
		"trusted_proxy": func() error { return c.parseTrustedProxy(d) },
		"role":          func() error { return c.parseRole(d, func(r *ConsoleRole, name string) { r.User = name }) },
		"group":         func() error { return c.parseRole(d, func(r *ConsoleRole, name string) { r.Group = name }) },
	}, "role", "group")
}

func (c *Console) parseTrustedProxy(d *caddyfile.Dispenser) error {
	c.TrustedProxy = new(TrustedProxy)
	if err := args(d, &c.TrustedProxy.From); err != nil {
		return err
	}
	return block(d, map[string]func() error{
		"identity_header": func() error { return oneArg(d, &c.TrustedProxy.IdentityHeader) },
		"groups_header":   func() error { return oneArg(d, &c.TrustedProxy.GroupsHeader) },
	})
}

func (c *Console) parseRole(d *caddyfile.Dispenser, hold func(*ConsoleRole, string)) error {
	option, words := d.Val(), d.RemainingArgs()
	if len(words) < 2 {
		return d.Errf("%s takes a name and a role, such as: %s ann operator", option, option)
	}
	var r ConsoleRole
	hold(&r, words[0])
	role, place := words[1], words[2:]
	if role == "read_only" {
		r.Role = string(access.ReadOnly)
		if len(place) == 0 {
			c.Roles = append(c.Roles, r)
			return nil
		}
		role, place = place[0], place[1:]
	}
	want := 0
	switch role {
	case "operator":
		if r.Role != "" {
			return d.Errf("%s: read_only: got %q, want nothing, programmer or channel", option, role)
		}
		r.Role = string(access.Operator)
	case "programmer":
		want = 1
		if r.Role == "" {
			r.Role = string(access.ProgrammerAdmin)
		}
	case "channel":
		want = 2
		if r.Role == "" {
			r.Role = string(access.ChannelAdmin)
		}
	default:
		return d.Errf("%s: got the role %q, want operator, programmer, channel or read_only", option, role)
	}
	if len(place) != want {
		return d.Errf("%s: %s takes %s, got %q", option, role, placesOf[role], strings.Join(place, " "))
	}
	place = append(place, "", "")
	r.Programmer, r.Channel = place[0], place[1]
	c.Roles = append(c.Roles, r)
	return nil
}

var placesOf = map[string]string{
	"operator": "no place", "programmer": "the id of the programmer", "channel": "the ids of the programmer and of its channel",
}

var _ caddyfile.Unmarshaler = (*Console)(nil)
