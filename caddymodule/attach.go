package caddymodule

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/caddyserver/caddy/v2"

	"github.com/caddy-dcr/caddy-dcr/internal/keyring"
	"github.com/caddy-dcr/caddy-dcr/plugins"
	"github.com/caddy-dcr/caddy-dcr/plugins/boltstore"
)

// sealer reads the operator's key, if there is one. The resolved key stays out
// of the configuration, which Caddy shows and saves.
func (a *App) sealer() (*keyring.Sealer, error) {
	if a.KeyEncryptionKey == "" {
		a.logger.Warn("signing keys lie in the store in the clear; set key_encryption_key to encrypt them")
		return nil, nil
	}
	text, err := caddy.NewReplacer().ReplaceOrErr(a.KeyEncryptionKey, true, true)
	if err != nil {
		return nil, err
	}
	if text == a.KeyEncryptionKey {
		a.logger.Warn("key_encryption_key stands in the configuration, which Caddy shows and saves; " +
			"write a placeholder such as {env.DCR_KEK} or {file./run/secrets/dcr_kek}")
	}
	a.sealedBy = sha256.Sum256([]byte(text))
	return newSealer(text)
}

func newSealer(text string) (*keyring.Sealer, error) {
	key, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return nil, errors.New("want 32 bytes as base64 (openssl rand -base64 32)")
	}
	return keyring.NewSealer(key)
}

// attach finds or makes the backing of the configured store.
func (a *App) attach(ctx caddy.Context, sealer *keyring.Sealer) error {
	module, err := a.storeModule(ctx)
	if err != nil {
		return err
	}
	name, err := a.nodeName()
	if err != nil {
		return err
	}
	a.poolKey = module.StoreKey() + "|" + a.NodeName + "|" + hex.EncodeToString(a.sealedBy[:])
	value, _, err := backings.LoadOrNew(a.poolKey, func() (caddy.Destructor, error) {
		return newBacking(module, name, sealer, a.logger), nil
	})
	if err != nil {
		return err
	}
	a.backing = value.(*backing)
	a.forget = a.backing.nodes.Remember(time.Duration(a.Staleness))
	return nil
}

func (a *App) storeModule(ctx caddy.Context) (plugins.StoreModule, error) {
	if a.StoreRaw == nil {
		bolt := new(boltstore.Module)
		if err := bolt.Provision(ctx); err != nil {
			return nil, fmt.Errorf("store: %w", err)
		}
		return bolt, nil
	}
	value, err := ctx.LoadModule(a, "StoreRaw")
	if err != nil {
		return nil, fmt.Errorf("store: %w", err)
	}
	module, ok := value.(plugins.StoreModule)
	if !ok {
		return nil, fmt.Errorf("store: the module %T opens no store", value)
	}
	return module, nil
}

// nodeName resolves the configured name, or makes one that no other gateway of
// the fleet has, since many run in containers that are all called the same.
func (a *App) nodeName() (string, error) {
	if a.NodeName != "" {
		name, err := caddy.NewReplacer().ReplaceOrErr(a.NodeName, true, true)
		if err != nil {
			return "", fmt.Errorf("node_name: %w", err)
		}
		return name, nil
	}
	host, err := os.Hostname()
	if err != nil {
		return "", fmt.Errorf("node_name: the host has no name (%w); give one", err)
	}
	suffix := make([]byte, 3)
	_, _ = rand.Read(suffix) // never fails: crypto/rand
	return host + "-" + hex.EncodeToString(suffix), nil
}
