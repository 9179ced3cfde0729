package caddymodule

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/caddyserver/caddy/v2/caddyconfig/httpcaddyfile"
)

func init() {
	httpcaddyfile.RegisterGlobalOption("dcr", parseGlobal)
}

func parseGlobal(d *caddyfile.Dispenser, existing any) (any, error) {
	if existing != nil {
		return nil, d.Err("the dcr block is given twice; write one")
	}
	app := new(App)
	if err := app.UnmarshalCaddyfile(d); err != nil {
		return nil, err
	}
	return httpcaddyfile.App{Name: "dcr", Value: caddyconfig.JSON(app, nil)}, nil
}

// UnmarshalCaddyfile reads the global dcr block:
//
//	dcr {
//		issuer <url>
//		store bolt [<path>] | redis <url…> { … }
//		tokens {
//			lifetime <duration>
//			format jwt | opaque
//			algorithm HS256 | EdDSA | ES256 | RS256 | …
//			audience <text>
//			cache_size <count>
//		}
//		statements {
//			algorithm RS256 | …
//		}
//		trusted_issuer <iss> {
//			key <file…>
//			algorithm RS256 | …
//		}
//		application <name> {
//			id <uuid>
//			version <text>
//			programmer <id>
//			channels <id…> | all
//			platforms <platform…> | all
//			domains <host…>
//			schemes <scheme…>
//			proxy_mvpds <id…>
//			scopes <scope…>
//		}
//		staleness <duration>
//		enforce_platforms
//		allow_http
//		key_encryption_key <base64>
//		node_name <name>
//	}
func (a *App) UnmarshalCaddyfile(d *caddyfile.Dispenser) error {
	d.Next() // "dcr"
	if d.NextArg() {
		return d.ArgErr()
	}
	return block(d, map[string]func() error{
		"issuer": func() error { return oneArg(d, &a.Issuer) },
		"store":  func() error { return a.parseStore(d) },
		"tokens": func() error { return a.Tokens.parse(d) },
		"statements": func() error {
			return block(d, map[string]func() error{"algorithm": func() error { return oneArg(d, &a.Statements.Algorithm) }})
		},
		"trusted_issuer":     func() error { return a.parseTrustedIssuer(d) },
		"application":        func() error { return a.parseApplication(d) },
		"staleness":          func() error { return a.parseStaleness(d) },
		"enforce_platforms":  func() error { return flag(d, &a.EnforcePlatforms) },
		"allow_http":         func() error { return flag(d, &a.AllowHTTP) },
		"key_encryption_key": func() error { return oneArg(d, &a.KeyEncryptionKey) },
		"node_name":          func() error { return oneArg(d, &a.NodeName) },
	})
}

func (a *App) parseStore(d *caddyfile.Dispenser) error {
	if a.StoreRaw != nil {
		return d.Err("store is given twice; a gateway has one")
	}
	if !d.NextArg() {
		return d.ArgErr()
	}
	name := d.Val()
	module, err := caddyfile.UnmarshalModule(d, "dcr.stores."+name)
	if err != nil {
		return err
	}
	a.StoreRaw = caddyconfig.JSONModuleObject(module, "module", name, nil)
	return nil
}

func (c *TokenConfig) parse(d *caddyfile.Dispenser) error {
	return block(d, map[string]func() error{
		"lifetime":  func() error { return duration(d, &c.Lifetime) },
		"format":    func() error { return oneArg(d, &c.Format) },
		"algorithm": func() error { return oneArg(d, &c.Algorithm) },
		"audience":  func() error { return oneArg(d, &c.Audience) },
		"cache_size": func() error {
			var text string
			if err := oneArg(d, &text); err != nil {
				return err
			}
			n, err := strconv.Atoi(text)
			if err != nil || n < 1 {
				return d.Errf("cache_size: got %q, want a number of tokens above 0", text)
			}
			c.CacheSize = n
			return nil
		},
	})
}

func (a *App) parseTrustedIssuer(d *caddyfile.Dispenser) error {
	var t TrustedIssuer
	if err := oneArg(d, &t.Issuer); err != nil {
		return err
	}
	err := block(d, map[string]func() error{
		"key":       func() error { return args(d, &t.KeyFiles) },
		"algorithm": func() error { return oneArg(d, &t.Algorithm) },
	})
	a.TrustedIssuers = append(a.TrustedIssuers, t)
	return err
}

func (a *App) parseApplication(d *caddyfile.Dispenser) error {
	var app DeclaredApplication
	if err := oneArg(d, &app.Name); err != nil {
		return err
	}
	err := block(d, map[string]func() error{
		"id":          func() error { return oneArg(d, &app.ID) },
		"version":     func() error { return oneArg(d, &app.Version) },
		"programmer":  func() error { return oneArg(d, &app.Programmer) },
		"channels":    func() error { return args(d, &app.Channels) },
		"platforms":   func() error { return args(d, &app.Platforms) },
		"domains":     func() error { return args(d, &app.Domains) },
		"schemes":     func() error { return args(d, &app.Schemes) },
		"proxy_mvpds": func() error { return args(d, &app.ProxyMVPDs) },
		"scopes":      func() error { return args(d, &app.Scopes) },
	})
	a.Applications = append(a.Applications, app)
	return err
}

// parseStaleness writes the operator's 0 as a negative value, because the zero
// value of the JSON field stands for the default.
func (a *App) parseStaleness(d *caddyfile.Dispenser) error {
	if err := duration(d, &a.Staleness); err != nil {
		return err
	}
	if a.Staleness < 0 {
		return d.Errf("staleness: got %s, want 0 or more", d.Val())
	}
	if a.Staleness == 0 {
		a.Staleness = -1
	}
	return nil
}

var _ caddyfile.Unmarshaler = (*App)(nil)

// block reads a block of subdirectives, each by its own function. It is where
// an unknown name gets its error.
func block(d *caddyfile.Dispenser, known map[string]func() error) error {
	for nesting := d.Nesting(); d.NextBlock(nesting); {
		parse, ok := known[d.Val()]
		if !ok {
			return d.Errf("unknown option %q; known here: %s", d.Val(), list(known))
		}
		if err := parse(); err != nil {
			return err
		}
	}
	return nil
}

func oneArg(d *caddyfile.Dispenser, into *string) error {
	if !d.Args(into) || d.NextArg() {
		return d.ArgErr()
	}
	return nil
}

func args(d *caddyfile.Dispenser, into *[]string) error {
	found := d.RemainingArgs()
	if len(found) == 0 {
		return d.ArgErr()
	}
	*into = append(*into, found...)
	return nil
}

func flag(d *caddyfile.Dispenser, into *bool) error {
	if d.NextArg() {
		return d.ArgErr()
	}
	*into = true
	return nil
}

func duration(d *caddyfile.Dispenser, into *caddy.Duration) error {
	name := d.Val()
	var text string
	if err := oneArg(d, &text); err != nil {
		return err
	}
	value, err := caddy.ParseDuration(text)
	if err != nil {
		return d.Errf("%s: got %q, want a duration such as 90s, 6h or 1d", name, text)
	}
	*into = caddy.Duration(value)
	return nil
}

// list names the known options, in order.
func list(known map[string]func() error) string {
	if len(known) == 0 {
		return "none"
	}
	return strings.Join(slices.Sorted(maps.Keys(known)), ", ")
}
