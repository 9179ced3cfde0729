package caddymodule

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/caddyserver/caddy/v2"

	"github.com/caddy-dcr/caddy-dcr/internal/jws"
	"github.com/caddy-dcr/caddy-dcr/internal/oauth"
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
		a.checkStore, a.checkDeclared, a.checkIssuers, a.checkSecrets, a.checkCensus, a.checkQuotas, a.checkReuse, a.Spread.defaults, a.Guesses.defaults,
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

// checkStore asks the store, if it knows.
func (a *App) checkStore() error {
	var named struct {
		Module string `json:"module"`
	}
	if a.StoreRaw == nil {
		return nil
	}
	err := json.Unmarshal(a.StoreRaw, &named)
	if err == nil {
		var info caddy.ModuleInfo
		if info, err = caddy.GetModule("dcr.stores." + named.Module); err == nil {
			store := info.New()
			err = errors.Join(json.Unmarshal(a.StoreRaw, store), valid(store))
		}
	}
	if err != nil {
		return fmt.Errorf("store: %w", err)
	}
	return nil
}

// checkSecrets looks at those that stand in the text. What is behind a
// placeholder may be anything, such as a good one.
func (a *App) checkSecrets() error {
	if text := a.KeyEncryptionKey; text != "" && !strings.Contains(text, "{") {
		if _, err := newSealer(text); err != nil {
			return fmt.Errorf("key_encryption_key: %w", err)
		}
	}
	servers := oauth.Servers{}
	for _, server := range a.ResourceServers {
		secrets := slices.Clone(server.Secrets)
		for i, written := range secrets {
			if strings.Contains(written, "{") {
				secrets[i] = strings.Repeat("0", 64)
			}
		}
		if err := servers.Add(server.ID, secrets); err != nil {
			return fmt.Errorf("resource_server %q: %w", server.ID, err)
		}
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
		case jws.Algorithm(t.Algorithm).Symmetric():
			err = fmt.Errorf("algorithm: %s wants a shared secret, which would let both sides sign; use an algorithm with public keys", t.Algorithm)
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
