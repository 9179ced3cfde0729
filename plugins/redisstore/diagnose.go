package redisstore

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"

	"github.com/redis/go-redis/v9"

	"github.com/caddy-dcr/caddy-dcr/plugins"
)

const (
	// oldest is the major version from which on Redis has what the scripts use.
	oldest = 7
	// full is how many percent of its memory a server may use before somebody
	// has to make room: it takes days to buy some, and minutes to fill it.
	full = 70
)

// Diagnose looks for what makes Redis forget, on every server that holds keys.
func (s *Store) Diagnose(ctx context.Context) ([]string, error) {
	findings, err := s.inspect(ctx, "diagnose")
	if err != nil {
		return nil, err
	}
	var texts []string
	for _, f := range findings {
		if f.Do != "" && f.Aspect != plugins.StoreMemory {
			texts = append(texts, f.Says+": "+f.Do+".")
		}
	}
	return texts, nil
}

// Examine looks at everything that Diagnose does, and at the user's rights, by
// trying them, and at the way to the servers.
func (s *Store) Examine(ctx context.Context) ([]plugins.Finding, error) {
	findings, err := s.inspect(ctx, "examine")
	if err != nil {
		return nil, err
	}
	rights, err := s.rights(ctx)
	if err != nil {
		return nil, err
	}
	return append(findings, rights, s.transport()), nil
}

// inspect examines every server that holds keys.
func (s *Store) inspect(ctx context.Context, what string) ([]plugins.Finding, error) {
	bounded, cancel, err := s.begin(ctx, what)
	if err != nil {
		return nil, err
	}
	defer cancel()
	used := s.clients.Load()
	servers, err := used.servers(bounded)
	if err != nil {
		return nil, s.failed(ctx, what, err)
	}
	var findings []plugins.Finding
	for _, one := range servers {
		found, err := examine(bounded, one)
		if errors.Is(err, errDesync) {
			s.reset(used)
		}
		if err != nil {
			return nil, s.failed(ctx, what, err)
		}
		findings = append(findings, found...)
	}
	return findings, nil
}

func examine(ctx context.Context, one server) ([]plugins.Finding, error) {
	text, err := one.client.Info(ctx).Result()
	if err != nil {
		return nil, err
	}
	who := "Redis"
	if one.address != "" {
		who = "Redis at " + one.address
	}
	info := fields(text)
	version := info["redis_version"]
	if version == "" {
		// INFO carries no nonce. A reply without what every server says of
		// itself belongs to another command, and would find nothing wrong.
		return nil, errDesync
	}
	age := plugins.Finding{Aspect: plugins.StoreVersion, Says: who + " has version " + version}
	major, _, _ := strings.Cut(version, ".")
	if n, err := strconv.Atoi(major); err == nil && n < oldest {
		age.Do = fmt.Sprintf("use %d.0 or later", oldest)
	}
	eviction := plugins.Finding{Aspect: plugins.StoreEviction, Says: who + " evicts nothing"}
	if policy := info["maxmemory_policy"]; policy != "" && policy != "noeviction" {
		eviction.Says = fmt.Sprintf("%s evicts records when its memory is full (%s)", who, policy)
		eviction.Do = "set maxmemory-policy noeviction"
	}
	persistence := plugins.Finding{Aspect: plugins.StorePersistence, Says: who + " has an append-only file"}
	if info["aof_enabled"] == "0" {
		if persistence, err = snapshots(ctx, one.client, who); err != nil {
			return nil, err
		}
	}
	return []plugins.Finding{age, eviction, persistence, memory(info, who)}, nil
}

// snapshots looks whether a server without append-only file saves at all.
func snapshots(ctx context.Context, client redis.Cmdable, who string) (plugins.Finding, error) {
	found := plugins.Finding{Aspect: plugins.StorePersistence}
	save, err := client.ConfigGet(ctx, "save").Result()
	rules, told := save["save"]
	var refused redis.Error
	switch {
	case errors.As(err, &refused):
		found.Says = who + " has no append-only file, and whether it saves snapshots could not be asked"
		found.Do = "set appendonly yes, or allow config|get to its user"
	case err != nil:
		return found, err
	case !told:
		return found, errDesync
	case strings.TrimSpace(rules) == "":
		found.Says, found.Do = who+" keeps nothing on disk, so that a restart loses every client", "set appendonly yes"
	default:
		found.Says = who + " saves snapshots"
	}
	return found, nil
}

func memory(info map[string]string, who string) plugins.Finding {
	found := plugins.Finding{Aspect: plugins.StoreMemory}
	used, _ := strconv.ParseUint(info["used_memory"], 10, 64)
	most, _ := strconv.ParseUint(info["maxmemory"], 10, 64)
	const mib = 1 << 20
	switch {
	case most == 0:
		found.Says = fmt.Sprintf("%s uses %d MiB, and has no maxmemory", who, used/mib)
	default:
		found.Says = fmt.Sprintf("%s uses %d of %d MiB", who, used/mib, most/mib)
		if used > most/100*full {
			found.Do = "give it more memory before it refuses new clients"
		}
	}
	return found
}

// transport says whether strangers can read what goes to the servers.
func (s *Store) transport() plugins.Finding {
	found := plugins.Finding{Aspect: plugins.StoreTransport, Says: "Redis is spoken to on this machine"}
	target, err := s.config.target()
	if err != nil {
		return found // Open has refused it
	}
	if target.tls {
		found.Says = "Redis is spoken to by TLS"
		return found
	}
	for _, host := range target.hosts {
		name, _, err := net.SplitHostPort(host)
		if ip := net.ParseIP(name); err == nil && name != "localhost" && (ip == nil || !ip.IsLoopback()) {
			found.Says = "Redis at " + host + " is spoken to in clear text, secrets' hashes and keys included"
			found.Do = "use rediss://, or a network that is yours alone"
		}
	}
	return found
}

// fields reads the name:value lines of INFO.
func fields(text string) map[string]string {
	all := map[string]string{}
	for line := range strings.Lines(text) {
		if name, value, ok := strings.Cut(strings.TrimSpace(line), ":"); ok {
			all[name] = value
		}
	}
	return all
}
