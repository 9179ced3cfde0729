package redisstore

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"
)

const (
	defaultPrefix  = "dcr:"
	defaultTimeout = 2 * time.Second
	// maxTimeout leaves room for a dial and a reply within the five seconds in
	// which the gateway answers whatever happens.
	maxTimeout = 2400 * time.Millisecond
)

// Config says which Redis to use and how. Placeholders such as
// `{env.REDIS_PASSWORD}` and `{file./run/secrets/redis}` are replaced when the
// configuration loads and stay out of configuration dumps.
type Config struct {
	// Addresses are URLs: `redis://[user:password@]host[:port][/database]`,
	// `rediss://…` for TLS, `unix:///path/to/socket`. More than one is for
	// Sentinel (the sentinels) and Cluster (some nodes to begin with).
	Addresses []string `json:"addresses,omitempty"`
	// Username and Password are the credentials of Redis, if not in the URL.
	Username string `json:"username,omitempty"`
	Password string `json:"password,omitempty"`
	// TLS refines how rediss:// addresses are spoken to.
	TLS *TLS `json:"tls,omitempty"`
	// SentinelMaster is the name of the primary that the sentinels watch. With
	// it, Addresses are the sentinels.
	SentinelMaster string `json:"sentinel_master,omitempty"`
	// SentinelUsername and SentinelPassword are the sentinels' own credentials.
	SentinelUsername string `json:"sentinel_username,omitempty"`
	SentinelPassword string `json:"sentinel_password,omitempty"`
	// Cluster says that Addresses are nodes of a Redis Cluster.
	Cluster bool `json:"cluster,omitempty"`
	// KeyPrefix begins every key, so that several gateways, or something else,
	// can use the same database. It must not hold braces. Default: `dcr:`.
	KeyPrefix string `json:"key_prefix,omitempty"`
	// PoolSize is the most connections to one server, besides those that
	// follow the feed. Default: 10 for each CPU.
	PoolSize int `json:"pool_size,omitempty"`
	// DialTimeout and ReadTimeout bound how long a call may take together; at
	// most 2.4s each. Default: 2s.
	DialTimeout caddy.Duration `json:"dial_timeout,omitempty"`
	ReadTimeout caddy.Duration `json:"read_timeout,omitempty"`
	// WaitReplicas is how many replicas must have received a write before it
	// counts, so that a failover to one of them does not lose it. A write that
	// too few received in time is reported as failed, though Redis has it.
	WaitReplicas int `json:"wait_replicas,omitempty"`
}

// TLS is the client's side of TLS.
type TLS struct {
	// CA is a file of certificates to trust instead of the system's.
	CA string `json:"ca,omitempty"`
	// Cert and Key are the files of the client's certificate.
	Cert string `json:"cert,omitempty"`
	Key  string `json:"key,omitempty"`
	// ServerName is the name in the server's certificate, if not the host.
	ServerName string `json:"server_name,omitempty"`
	// InsecureSkipVerify takes any certificate. For tests only.
	InsecureSkipVerify bool `json:"insecure_skip_verify,omitempty"`
}

// withDefaults fills in zero values.
func (c Config) withDefaults() Config {
	if c.KeyPrefix == "" {
		c.KeyPrefix = defaultPrefix
	}
	if c.DialTimeout == 0 {
		c.DialTimeout = caddy.Duration(defaultTimeout)
	}
	if c.ReadTimeout == 0 {
		c.ReadTimeout = caddy.Duration(defaultTimeout)
	}
	return c
}

// validate says which field is wrong. Texts hold no values that can be secret.
func (c Config) validate() error {
	for name, timeout := range map[string]caddy.Duration{"dial_timeout": c.DialTimeout, "read_timeout": c.ReadTimeout} {
		if timeout <= 0 || time.Duration(timeout) > maxTimeout {
			return fmt.Errorf("%s: %s is not between 0 and %s", name, time.Duration(timeout), maxTimeout)
		}
	}
	switch {
	case len(c.Addresses) == 0:
		return errors.New("addresses: none given, for instance redis://127.0.0.1:6379")
	case len(c.Addresses) > 1 && !c.Cluster && c.SentinelMaster == "":
		return errors.New("addresses: more than one needs cluster or sentinel")
	case strings.ContainsAny(c.KeyPrefix, "{}"):
		return fmt.Errorf("key_prefix: %q holds braces, which choose the slot in a Cluster", c.KeyPrefix)
	case c.PoolSize < 0:
		return fmt.Errorf("pool_size: %d is negative", c.PoolSize)
	case c.WaitReplicas < 0:
		return fmt.Errorf("wait_replicas: %d is negative", c.WaitReplicas)
	case c.Cluster && c.SentinelMaster != "":
		return errors.New("cluster: a Cluster has no sentinels; use one of cluster and sentinel")
	case c.SentinelMaster == "" && (c.SentinelUsername != "" || c.SentinelPassword != ""):
		return errors.New("sentinel_password: needs sentinel")
	}
	return nil
}

// options is what go-redis needs. Nothing here touches the network.
func (c Config) options() (*redis.UniversalOptions, error) {
	if err := c.validate(); err != nil {
		return nil, err
	}
	target, err := c.target()
	if err != nil {
		return nil, err
	}
	o := &redis.UniversalOptions{
		Addrs: target.hosts, DB: target.database, Username: target.username, Password: target.password,
		MasterName: c.SentinelMaster, SentinelUsername: c.SentinelUsername, SentinelPassword: c.SentinelPassword,
		// RESP2 has no pushes that could come between a command and its reply.
		Protocol: 2, DisableIdentity: true,
		MaintNotificationsConfig: &maintnotifications.Config{Mode: maintnotifications.ModeDisabled},
		ContextTimeoutEnabled:    true,
		DialTimeout:              time.Duration(c.DialTimeout), DialerRetries: 1,
		ReadTimeout: time.Duration(c.ReadTimeout), WriteTimeout: time.Duration(c.ReadTimeout), PoolTimeout: time.Duration(c.ReadTimeout),
		MaxRetries: 1, PoolSize: c.PoolSize, PipelinePoolSize: -1,
	}
	if target.tls {
		if o.TLSConfig, err = c.TLS.config(); err != nil {
			return nil, fmt.Errorf("tls: %w", err)
		}
	}
	return o, nil
}

func (t *TLS) config() (*tls.Config, error) {
	config := &tls.Config{MinVersion: tls.VersionTLS12}
	if t == nil {
		return config, nil
	}
	config.ServerName = t.ServerName
	config.InsecureSkipVerify = t.InsecureSkipVerify
	if t.CA != "" {
		pem, err := os.ReadFile(t.CA)
		if err != nil {
			return nil, fmt.Errorf("ca: %w", err)
		}
		config.RootCAs = x509.NewCertPool()
		if !config.RootCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("ca: %s holds no certificate", t.CA)
		}
	}
	if (t.Cert == "") != (t.Key == "") {
		return nil, errors.New("cert and key: one is missing")
	}
	if t.Cert != "" {
		pair, err := tls.LoadX509KeyPair(t.Cert, t.Key)
		if err != nil {
			return nil, fmt.Errorf("cert and key: %w", err)
		}
		config.Certificates = []tls.Certificate{pair}
	}
	return config, nil
}
