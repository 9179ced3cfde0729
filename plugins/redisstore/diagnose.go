package redisstore

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/redis/go-redis/v9"
)

// oldest is the major version from which on Redis has what the scripts use.
const oldest = 7

// Diagnose looks for what makes Redis forget, on every server that holds keys.
func (s *Store) Diagnose(ctx context.Context) ([]string, error) {
	bounded, cancel, err := s.begin(ctx, "diagnose")
	if err != nil {
		return nil, err
	}
	defer cancel()
	used := s.clients.Load()
	servers, err := used.servers(bounded)
	if err != nil {
		return nil, s.failed(ctx, "diagnose", err)
	}
	var findings []string
	for _, one := range servers {
		found, err := examine(bounded, one)
		if errors.Is(err, errDesync) {
			s.reset(used)
		}
		if err != nil {
			return nil, s.failed(ctx, "diagnose", err)
		}
		findings = append(findings, found...)
	}
	return findings, nil
}

func examine(ctx context.Context, one server) ([]string, error) {
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
	var findings []string
	major, _, _ := strings.Cut(version, ".")
	if n, err := strconv.Atoi(major); err == nil && n < oldest {
		findings = append(findings, fmt.Sprintf("%s has version %s: use %d.0 or later.", who, version, oldest))
	}
	if policy := info["maxmemory_policy"]; policy != "" && policy != "noeviction" {
		findings = append(findings, fmt.Sprintf(
			"%s evicts records when its memory is full (%s): set maxmemory-policy noeviction.", who, policy))
	}
	if info["aof_enabled"] == "0" {
		found, err := snapshots(ctx, one.client, who)
		if err != nil {
			return nil, err
		}
		findings = append(findings, found...)
	}
	return findings, nil
}

// snapshots looks whether a server without append-only file saves at all.
func snapshots(ctx context.Context, client redis.Cmdable, who string) ([]string, error) {
	save, err := client.ConfigGet(ctx, "save").Result()
	rules, told := save["save"]
	var refused redis.Error
	switch {
	case errors.As(err, &refused):
		return []string{who + " has no append-only file, and whether it saves snapshots could not be asked: " +
			"set appendonly yes, or allow config|get to its user."}, nil
	case err != nil:
		return nil, err
	case !told:
		return nil, errDesync
	case strings.TrimSpace(rules) == "":
		return []string{who + " keeps nothing on disk, so that a restart loses every client: set appendonly yes."}, nil
	}
	return nil, nil
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
