package caddymodule

import (
	"strconv"

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
		d.Next() // an error names the line of the current token
		return nil, d.Err("dcr is given twice; write one block")
	}
	app := new(App)
	if err := app.UnmarshalCaddyfile(d); err != nil {
		return nil, err
	}
	config := caddyconfig.JSON(app, nil)
	if err := placed(d, mistake(config)); err != nil {
		return nil, err
	}
	return httpcaddyfile.App{Name: "dcr", Value: config}, nil
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
//		programmer <id> {
//			name <text>
//			schemes <scheme…>
//			channel <id> {
//				name <text>
//				domains <host…>
//				default_redirect_url <url>
//				schemes <scheme…>
//			}
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
//		resource_server <id> {
//			secret <text…>
//		}
//		staleness <duration>
//		guesses {
//			per_client <count>/<time> [burst <count>] | off
//			per_address <count>/<time> [burst <count>] | off
//		}
//		throttle { … }
//		forgeries <count>/<time> [burst <count>] | off
//		spread off | {
//			devices <count>
//			within <duration>
//		}
//		quotas {
//			statement {
//				rate <count>/<time> [burst <count>] | off
//				live <count>
//			}
//			application {
//				rate <count>/<time> [burst <count>] | off
//				live <count>
//			}
//			address {
//				rate <count>/<time> [burst <count>] | off
//			}
//			warn_at <percent>%
//		}
//		census <duration> | off
//		reaper {
//			unused <duration>
//			mode observe | remove
//		}
//		reuse_registrations <duration>
//		enforce_platforms
//		allow_http
//		key_encryption_key <base64>
//		node_name <name>
//		metrics {
//			applications <id or declared name…>
//			platforms <platform…> | all
//		}
//		events {
//			registered 1/<count> | off
//			token_issued 1/<count> | off
//			refused 1/<count> | off
//		}
//		explain off | { size <count>; store <duration> [<per second>] }
//	}
func (a *App) UnmarshalCaddyfile(d *caddyfile.Dispenser) error {
	d.Next() // "dcr"
	return block(d, map[string]func() error{
		"issuer": func() error { return oneArg(d, &a.Issuer) },
		"store":  func() error { return a.parseStore(d) },
		"tokens": func() error { return a.Tokens.parse(d) },
		"statements": func() error {
			return block(d, map[string]func() error{"algorithm": func() error { return oneArg(d, &a.Statements.Algorithm) }})
		},
		"trusted_issuer":     func() error { return a.parseTrustedIssuer(d) },
		"programmer":         func() error { return a.parseProgrammer(d) },
		"application":        func() error { return a.parseApplication(d) },
		"resource_server":    func() error { return a.parseResourceServer(d) },
		"staleness":          func() error { return a.parseStaleness(d) },
		"guesses":            func() error { return a.Guesses.parse(d) },
		"throttle":           func() error { return a.parseThrottle(d) },
		"forgeries":          func() error { return a.Forgeries.parse(d) },
		"spread":             func() error { return a.Spread.parse(d) },
		"quotas":             func() error { return a.Quotas.parse(d) },
		"census":             func() error { return a.parseCensus(d) },
		"reaper":             func() error { return a.Reaper.parse(d) },
		"enforce_platforms":  func() error { return flag(d, &a.EnforcePlatforms) },
		"allow_http":         func() error { return flag(d, &a.AllowHTTP) },
		"key_encryption_key": func() error { return oneArg(d, &a.KeyEncryptionKey) },
		"node_name":          func() error { return oneArg(d, &a.NodeName) },
		"explain":            func() error { return a.Explain.parse(d) },
		"metrics":            func() error { return a.Metrics.parse(d) },
		"events":             func() error { return a.Events.parse(d) },
		"reuse_registrations": func() error {
			return duration(d, &a.ReuseRegistrations)
		},
	}, "trusted_issuer", "programmer", "application", "resource_server")
}

func (a *App) parseStore(d *caddyfile.Dispenser) error {
	if !d.NextArg() {
		return d.Errf("store takes a kind of store; known here: %s", guests("dcr.stores"))
	}
	name := d.Val()
	if _, err := caddy.GetModule("dcr.stores." + name); err != nil {
		// What stands there may be an address with a password in it.
		return d.Errf("store takes a kind of store before anything else; known here: %s", guests("dcr.stores"))
	}
	module, err := caddyfile.UnmarshalModule(d, "dcr.stores."+name)
	if err != nil {
		return err
	}
	a.StoreRaw = caddyconfig.JSONModuleObject(module, "module", name, nil)
	return nil
}

func (c *TokenConfig) parse(d *caddyfile.Dispenser) error {
	return block(d, map[string]func() error{
		"lifetime": func() error {
			if err := duration(d, &c.Lifetime); err != nil || c.Lifetime != 0 {
				return err
			}
			// What is left out in JSON has the default, and so would zero.
			return d.Errf("lifetime: got %q, want 1s to 24h", d.Val())
		},
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
	}, "key")
	a.TrustedIssuers = append(a.TrustedIssuers, t)
	return err
}

func (a *App) parseResourceServer(d *caddyfile.Dispenser) error {
	var s ResourceServer
	if err := oneArg(d, &s.ID); err != nil {
		return err
	}
	err := block(d, map[string]func() error{"secret": func() error { return args(d, &s.Secrets) }}, "secret")
	a.ResourceServers = append(a.ResourceServers, s)
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
