package caddymodule

import (
	"encoding/json"
	"fmt"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/httpcaddyfile"

	"github.com/caddy-dcr/caddy-dcr/internal/endpoint"
)

// mistake finds what is wrong with a guard by its text alone, and by that of the
// global option.
func (g *Guard) mistake(global any) error {
	if g.API != nil {
		if _, err := endpoint.Compile(withDefaults(*g.API)); err != nil {
			return err
		}
		if !throttles(global) {
			for i, route := range g.API.Routes {
				if route.Throttled {
					return fmt.Errorf("routes[%d]: %w", i, errNotHowMuch(route.Path))
				}
			}
		}
	}
	return g.CORS.mistake()
}

// throttles says whether the global option has a throttle.
func throttles(global any) bool {
	var has struct {
		Throttle *struct{} `json:"throttle"`
	}
	app, ok := global.(httpcaddyfile.App)
	return !ok || json.Unmarshal(app.Value, &has) != nil || has.Throttle != nil
}

func (c *CORSConfig) mistake() error {
	if c == nil {
		return nil
	}
	copied := *c
	_, err := newCrossOrigin(&copied, nil)
	return err
}

// mistake finds what is wrong with an issuer by its text alone.
func (i *Issuer) mistake() error {
	if i.Standards != "" && i.Standards != "off" {
		if err := checkStandards(i.Standards); err != nil {
			return err
		}
	}
	return i.CORS.mistake()
}

// mistake finds what is wrong with a console by its text alone.
func (c *Console) mistake() error {
	copied := *c
	if _, err := copied.identifier(); err != nil {
		return err
	}
	return copied.grant()
}

// valid asks a guest module, if it knows.
func valid(module any) error {
	if v, ok := module.(caddy.Validator); ok {
		return v.Validate()
	}
	return nil
}
