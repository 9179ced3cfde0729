package caddymodule

import (
	"fmt"
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/caddy-dcr/caddy-dcr/internal/application"
	"github.com/caddy-dcr/caddy-dcr/internal/jws"
	"github.com/caddy-dcr/caddy-dcr/internal/scope"
	"github.com/caddy-dcr/caddy-dcr/internal/statement"
)

// all stands for every channel, or every platform, in a list of them.
const all = "all"

// declaredApplications reads the applications that the configuration owns.
func (a *App) declaredApplications(owners declaredRoster) (map[uuid.UUID]*application.Application, error) {
	declared := make(map[uuid.UUID]*application.Application, len(a.Applications))
	for _, config := range a.Applications {
		app, err := config.application()
		if err == nil {
			err = owners.settle(app)
		}
		if err != nil {
			return nil, fmt.Errorf("application %q: %w", config.Name, err)
		}
		if other, taken := declared[app.ID]; taken {
			return nil, fmt.Errorf("application %q: id: %s is that of %q already", config.Name, app.ID, other.Name)
		}
		declared[app.ID] = app
	}
	return declared, nil
}

func (c *DeclaredApplication) application() (*application.Application, error) {
	id, err := uuid.Parse(c.ID)
	if err != nil || len(c.ID) != 36 {
		return nil, fmt.Errorf("id: got %q, want a UUID that never changes, such as %s", c.ID, uuid.New())
	}
	scopes, err := scope.New(c.Scopes...)
	if err != nil {
		return nil, fmt.Errorf("scopes: %w", err)
	}
	app := &application.Application{
		ID: id, Name: c.Name, Version: c.Version, Programmer: c.Programmer,
		Domains: slices.Clone(c.Domains), CustomSchemes: slices.Clone(c.Schemes),
		ProxyMVPDs: slices.Clone(c.ProxyMVPDs), Scopes: scopes, Declared: true,
	}
	if app.Version == "" {
		app.Version = "1"
	}
	if i := slices.IndexFunc(c.Channels, func(id string) bool { return strings.EqualFold(id, all) }); i >= 0 && len(c.Channels) > 1 {
		return nil, fmt.Errorf("channels[%d]: got %q beside others, want it alone or not at all", i, c.Channels[i])
	}
	app.AllChannels, app.Channels = orAll(c.Channels)
	app.AllPlatforms, app.Platforms = orAll(c.Platforms)
	if len(c.Platforms) == 0 {
		app.AllPlatforms = true
	}
	return app, application.Normalize(app, nil)
}

// orAll tells the word "all", standing alone, from a list.
func orAll(words []string) (bool, []string) {
	if len(words) == 1 && strings.EqualFold(words[0], all) {
		return true, nil
	}
	return false, slices.Clone(words)
}

// trusted reads the keys of the other issuers.
func (a *App) trusted() ([]statement.TrustedIssuer, error) {
	trusted := make([]statement.TrustedIssuer, 0, len(a.TrustedIssuers))
	for i := range a.TrustedIssuers {
		config := &a.TrustedIssuers[i]
		if err := algorithm(&config.Algorithm, jws.RS256); err != nil {
			return nil, fmt.Errorf("trusted_issuer %q: algorithm: %w", config.Issuer, err)
		}
		issuer := statement.TrustedIssuer{Name: config.Issuer}
		for _, file := range config.KeyFiles {
			keys, err := readKeys(file, jws.Algorithm(config.Algorithm))
			if err != nil {
				return nil, fmt.Errorf("trusted_issuer %q: key %s: %w", config.Issuer, file, err)
			}
			issuer.Keys = append(issuer.Keys, keys...)
		}
		trusted = append(trusted, issuer)
	}
	return trusted, nil
}
