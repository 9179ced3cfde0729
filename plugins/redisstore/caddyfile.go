package redisstore

import (
	"strconv"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
)

// UnmarshalCaddyfile reads what follows `store`:
//
//	redis <url...> {
//		username      <name>
//		password      <password>
//		tls {
//			ca          <file>
//			cert        <file>
//			key         <file>
//			server_name <name>
//			insecure_skip_verify
//		}
//		sentinel          <master-name>
//		sentinel_username <name>
//		sentinel_password <password>
//		cluster
//		key_prefix    <prefix>
//		pool_size     <connections>
//		dial_timeout  <duration>
//		read_timeout  <duration>
//		wait_replicas <replicas>
//	}
func (m *Module) UnmarshalCaddyfile(d *caddyfile.Dispenser) error {
	d.Next() // redis
	m.Addresses = d.RemainingArgs()
	if len(m.Addresses) == 0 {
		return d.Err("store redis: at least one address expected, for instance redis://127.0.0.1:6379")
	}
	seen := map[string]bool{}
	for nesting := d.Nesting(); d.NextBlock(nesting); {
		option := d.Val()
		if seen[option] {
			return d.Errf("store redis: %s is given twice", option)
		}
		seen[option] = true
		if err := m.option(d, option); err != nil {
			return err
		}
	}
	return nil
}

func (m *Module) option(d *caddyfile.Dispenser, option string) error {
	switch option {
	case "username":
		return text(d, option, &m.Username)
	case "password":
		return text(d, option, &m.Password)
	case "tls":
		m.TLS = new(TLS)
		return m.TLS.unmarshal(d)
	case "sentinel":
		return text(d, option, &m.SentinelMaster)
	case "sentinel_username":
		return text(d, option, &m.SentinelUsername)
	case "sentinel_password":
		return text(d, option, &m.SentinelPassword)
	case "cluster":
		return flag(d, option, &m.Cluster)
	case "key_prefix":
		return text(d, option, &m.KeyPrefix)
	case "pool_size":
		return count(d, option, &m.PoolSize)
	case "dial_timeout":
		return duration(d, option, &m.DialTimeout)
	case "read_timeout":
		return duration(d, option, &m.ReadTimeout)
	case "wait_replicas":
		return count(d, option, &m.WaitReplicas)
	}
	return d.Errf("store redis: unknown option %q", option)
}

func (t *TLS) unmarshal(d *caddyfile.Dispenser) error {
	if d.NextArg() {
		return d.Errf("store redis: tls takes a block, got %q", d.Val())
	}
	for nesting := d.Nesting(); d.NextBlock(nesting); {
		var err error
		switch option := d.Val(); option {
		case "ca":
			err = text(d, "tls ca", &t.CA)
		case "cert":
			err = text(d, "tls cert", &t.Cert)
		case "key":
			err = text(d, "tls key", &t.Key)
		case "server_name":
			err = text(d, "tls server_name", &t.ServerName)
		case "insecure_skip_verify":
			err = flag(d, "tls insecure_skip_verify", &t.InsecureSkipVerify)
		default:
			err = d.Errf("store redis: unknown option %q in tls", option)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// text reads the one argument of an option. The errors of these helpers never
// quote an argument, which may be a secret with a space in it.
func text(d *caddyfile.Dispenser, option string, to *string) error {
	args := d.RemainingArgs()
	if len(args) != 1 || args[0] == "" {
		return d.Errf("store redis: %s takes one argument, got %d", option, len(args))
	}
	*to = args[0]
	return nil
}

func flag(d *caddyfile.Dispenser, option string, to *bool) error {
	if args := d.RemainingArgs(); len(args) != 0 {
		return d.Errf("store redis: %s takes no argument, got %d", option, len(args))
	}
	*to = true
	return nil
}

func count(d *caddyfile.Dispenser, option string, to *int) error {
	var word string
	if err := text(d, option, &word); err != nil {
		return err
	}
	n, err := strconv.Atoi(word)
	if err != nil || n < 1 {
		return d.Errf("store redis: %s must be a positive number, got %q", option, word)
	}
	*to = n
	return nil
}

func duration(d *caddyfile.Dispenser, option string, to *caddy.Duration) error {
	var word string
	if err := text(d, option, &word); err != nil {
		return err
	}
	value, err := caddy.ParseDuration(word)
	if err != nil || value <= 0 {
		return d.Errf("store redis: %s must be a positive duration such as 2s, got %q", option, word)
	}
	*to = caddy.Duration(value)
	return nil
}
