package caddymodule

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/caddyserver/caddy/v2"

	"github.com/caddy-dcr/caddy-dcr/internal/endpoint"
	"github.com/caddy-dcr/caddy-dcr/internal/jws"
)

// mistake finds what is wrong with a configuration by its text alone, so that a
// Caddyfile can be told the place: it opens no file, knows no placeholder, and
// works on a copy. [App.Provision] finds the same, and what lies outside the text.
func mistake(config []byte) error {
	a := new(App)
	if err := json.Unmarshal(config, a); err != nil {
		return err
	}
	if err := a.defaults(); err != nil {
		return err
	}
	for _, check := range []func() error{
		a.checkDeclared, a.checkIssuers, a.checkCensus, a.checkQuotas, a.checkReuse, a.Spread.defaults, a.Guesses.defaults,
		func() error { _, err := a.Events.samplers(); return err },
		func() error {
			if err := a.Forgeries.or(usualForgeries); err != nil {
				return fmt.Errorf("forgeries: %w", err)
			}
			return nil
		},
		func() error {
			if a.Throttle == nil {
				return nil
			}
			if err := a.Throttle.defaults(); err != nil {
				return fmt.Errorf("throttle: %w", err)
			}
			return nil
		},
	} {
		if err := check(); err != nil {
			return err
		}
	}
	return nil
}

// checkDeclared looks at what the configuration owns, and at what names that.
func (a *App) checkDeclared() error {
	owners, err := a.declaredRoster()
	if err != nil {
		return err
	}
	declared, err := a.declaredApplications(owners)
	if err != nil {
		return err
	}
	if _, err := a.Metrics.applications(declared); err != nil {
		return fmt.Errorf("metrics: applications: %w", err)
	}
	if _, err := a.Metrics.platforms(); err != nil {
		return fmt.Errorf("metrics: platforms: %w", err)
	}
	return nil
}

// checkIssuers looks at everything about other issuers but the keys, which lie in files.
func (a *App) checkIssuers() error {
	if algorithm := jws.Algorithm(a.Statements.Algorithm); algorithm.Symmetric() {
		return errSymmetric(algorithm)
	}
	seen := map[string]bool{}
	for _, t := range a.TrustedIssuers {
		var err error
		switch {
		case t.Issuer == a.Issuer:
			err = errors.New("it has our own name")
		case seen[t.Issuer]:
			err = errors.New("it is there twice")
		case len(t.KeyFiles) == 0:
			err = errors.New("key: got none, want a file with its public keys")
		default:
			if err = algorithm(&t.Algorithm, jws.RS256); err != nil {
				err = fmt.Errorf("algorithm: %w", err)
			}
		}
		if err != nil {
			return fmt.Errorf("trusted_issuer %q: %w", t.Issuer, err)
		}
		seen[t.Issuer] = true
	}
	return nil
}

func errSymmetric(a jws.Algorithm) error {
	return fmt.Errorf("statements: algorithm: got %s, want one with a public key, since others hold statements", a)
}

// mistake finds what is wrong with a guard by its text alone.
func (g *Guard) mistake() error {
	if g.API != nil {
		if _, err := endpoint.Compile(withDefaults(*g.API)); err != nil {
			return err
		}
	}
	return g.CORS.mistake()
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
