package redisstore

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/redis/go-redis/v9"

	"github.com/caddy-dcr/caddy-dcr/plugins"
)

func init() {
	caddy.RegisterModule(Module{})
	// The driver logs errors of servers, which can quote a password, to
	// standard error. Callers get every error anyway, by its class.
	redis.SetLogger(silence{})
}

type silence struct{}

func (silence) Printf(context.Context, string, ...any) {}

// Module keeps the gateway's state in Redis 7 or later, which gateways can
// share: a single server, one that Sentinel watches, or a Cluster.
type Module struct {
	Config

	resolved Config
	key      string
}

// CaddyModule returns the module's registration.
func (Module) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: "dcr.stores.redis", New: func() caddy.Module { return new(Module) }}
}

// Provision replaces placeholders and checks the configuration; it does not
// connect.
func (m *Module) Provision(caddy.Context) error {
	resolved, err := m.resolve()
	if err != nil {
		return fmt.Errorf("redis store: %w", err)
	}
	resolved = resolved.withDefaults()
	if _, err := resolved.options(); err != nil {
		return fmt.Errorf("redis store: %w", err)
	}
	m.resolved = resolved
	m.key, err = keyOf(resolved)
	return err
}

// Validate finds what is wrong by the text alone, so that a Caddyfile can be told
// the place. Of a field with a placeholder only Provision knows what it holds.
func (m *Module) Validate() error {
	c := m.Config.withDefaults()
	if strings.Contains(c.KeyPrefix, "{") {
		c.KeyPrefix = defaultPrefix
	}
	err := c.validate()
	if err == nil && !slices.ContainsFunc(c.Addresses, func(address string) bool { return strings.Contains(address, "{") }) {
		_, err = c.target()
	}
	if err != nil {
		return fmt.Errorf("redis store: %w", err)
	}
	return nil
}

// resolve replaces the placeholders in a copy. A replacement that fails is
// named by its field; what it would have been is not known to anybody.
func (m *Module) resolve() (Config, error) {
	c := m.Config
	c.Addresses = append([]string(nil), c.Addresses...)
	replacer := caddy.NewReplacer()
	places := map[string]*string{
		"username": &c.Username, "password": &c.Password,
		"sentinel": &c.SentinelMaster, "sentinel_username": &c.SentinelUsername, "sentinel_password": &c.SentinelPassword,
		"key_prefix": &c.KeyPrefix,
	}
	for i := range c.Addresses {
		places[fmt.Sprintf("address %d", i+1)] = &c.Addresses[i]
	}
	if c.TLS != nil {
		own := *c.TLS
		c.TLS = &own
		places["tls ca"], places["tls cert"], places["tls key"], places["tls server_name"] = &own.CA, &own.Cert, &own.Key, &own.ServerName
	}
	for name, place := range places {
		value, err := replacer.ReplaceOrErr(*place, true, true)
		if err != nil && secret(name) {
			return Config{}, fmt.Errorf("%s: a placeholder in it is unknown or empty; a brace that is meant itself needs a backslash", name)
		}
		if err != nil {
			return Config{}, fmt.Errorf("%s: %w", name, err)
		}
		if value == "" && *place != "" {
			return Config{}, fmt.Errorf("%s: empty once its placeholders are replaced", name)
		}
		*place = strings.TrimSpace(value) // a secret's file usually ends in a line break
	}
	return c, nil
}

// secret tells whether what looks like a placeholder's name can be a part of a
// password with braces in it.
func secret(name string) bool {
	return strings.HasSuffix(name, "password") || strings.HasPrefix(name, "address")
}

// keySecret keeps the hash in a store's key from being guessed at: keys are
// compared within one process only.
var keySecret = []byte(rand.Text())

// keyOf names the servers, and hashes everything that they are asked with,
// the contents of certificate files included.
func keyOf(c Config) (string, error) {
	target, err := c.target()
	if err != nil {
		return "", err
	}
	all, err := json.Marshal(c) //nolint:gosec // what is marshalled goes into the hash below and nowhere else
	if err != nil {
		return "", err
	}
	mac := hmac.New(sha256.New, keySecret)
	mac.Write(all)
	if c.TLS != nil {
		for _, path := range []string{c.TLS.CA, c.TLS.Cert, c.TLS.Key} {
			if path == "" {
				continue
			}
			content, err := os.ReadFile(path)
			if err != nil {
				return "", fmt.Errorf("redis store: tls: %w", err)
			}
			mac.Write(content)
		}
	}
	return "redis:" + strings.Join(target.hosts, ",") + "#" + hex.EncodeToString(mac.Sum(nil)[:16]), nil
}

// StoreKey names the servers and a hash of the rest.
func (m *Module) StoreKey() string { return m.key }

// OpenStore makes the store; it does not connect.
func (m *Module) OpenStore() (plugins.Store, error) {
	s, err := Open(m.resolved)
	if err != nil {
		return nil, err
	}
	return s, nil
}

var (
	_ plugins.StoreModule   = (*Module)(nil)
	_ caddy.Provisioner     = (*Module)(nil)
	_ caddyfile.Unmarshaler = (*Module)(nil)
)
