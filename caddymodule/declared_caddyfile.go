package caddymodule

import (
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
)

func (a *App) parseProgrammer(d *caddyfile.Dispenser) error {
	var p DeclaredProgrammer
	if err := oneArg(d, &p.ID); err != nil {
		return err
	}
	err := block(d, map[string]func() error{
		"name":    func() error { return oneArg(d, &p.Name) },
		"schemes": func() error { return args(d, &p.Schemes) },
		"channel": func() error { return p.parseChannel(d) },
	}, "schemes", "channel")
	a.Programmers = append(a.Programmers, p)
	return err
}

func (p *DeclaredProgrammer) parseChannel(d *caddyfile.Dispenser) error {
	var ch DeclaredChannel
	if err := oneArg(d, &ch.ID); err != nil {
		return err
	}
	err := block(d, map[string]func() error{
		"name":                 func() error { return oneArg(d, &ch.Name) },
		"domains":              func() error { return args(d, &ch.Domains) },
		"default_redirect_url": func() error { return oneArg(d, &ch.DefaultRedirectURL) },
		"schemes":              func() error { return args(d, &ch.Schemes) },
	}, "domains", "schemes")
	p.Channels = append(p.Channels, ch)
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
	}, "channels", "platforms", "domains", "schemes", "proxy_mvpds", "scopes")
	a.Applications = append(a.Applications, app)
	return err
}
