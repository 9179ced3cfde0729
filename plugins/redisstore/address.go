package redisstore

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"strconv"
	"strings"
)

// target is what the addresses say together.
type target struct {
	hosts              []string
	tls                bool
	username, password string
	database           int
}

// target reads the addresses. An error names an address by its number and
// never quotes it: it can hold a password, also where it does not parse.
func (c Config) target() (target, error) {
	all := target{username: c.Username, password: c.Password}
	for i, address := range c.Addresses {
		one, err := parseAddress(address)
		if err == nil {
			err = all.join(one, i == 0)
		}
		if err != nil {
			return target{}, fmt.Errorf("address %d: %w", i+1, err)
		}
	}
	switch {
	case c.TLS != nil && !all.tls:
		return target{}, errors.New("tls: the addresses must begin with rediss://")
	case c.Cluster && all.database != 0:
		return target{}, errors.New("addresses: a Cluster has only database 0")
	case all.username != "" && all.password == "":
		return target{}, errors.New("password: missing for the user name")
	}
	return all, nil
}

func (t *target) join(one target, first bool) error {
	if first {
		t.tls, t.database = one.tls, one.database
	}
	switch {
	case t.tls != one.tls:
		return errors.New("mixes redis:// and rediss:// with the first")
	case t.database != one.database:
		return errors.New("another database than the first")
	case one.password != "" && t.password != "" && (one.password != t.password || one.username != t.username):
		return errors.New("holds credentials, though others are given already")
	}
	if one.password != "" {
		t.username, t.password = one.username, one.password
	}
	t.hosts = append(t.hosts, one.hosts...)
	return nil
}

func parseAddress(address string) (target, error) {
	u, err := url.Parse(address)
	if err != nil || u.Opaque != "" || u.RawQuery != "" || u.Fragment != "" {
		return target{}, errors.New("not a URL of the form redis://[user:password@]host[:port][/database]; " +
			"special characters in a password must be percent-encoded")
	}
	var t target
	if u.User != nil {
		t.username = u.User.Username()
		t.password, _ = u.User.Password()
		if t.username != "" && t.password == "" {
			return target{}, errors.New("a user without a password; with the option password, give the user with the option username")
		}
	}
	switch u.Scheme {
	case "unix":
		if u.Host != "" || len(u.Path) < 2 {
			return target{}, errors.New("a socket is written unix:///path/to/socket")
		}
		t.hosts = []string{u.Path}
		return t, nil
	case "redis", "rediss":
		t.tls = u.Scheme == "rediss"
	default:
		return target{}, errors.New("must begin with redis://, rediss:// or unix://")
	}
	if u.Hostname() == "" {
		return target{}, errors.New("no host")
	}
	port := u.Port()
	if port == "" {
		port = "6379"
	}
	if number, err := strconv.ParseUint(port, 10, 16); err != nil || number == 0 {
		return target{}, errors.New("the port must be a number from 1 to 65535")
	}
	t.hosts = []string{net.JoinHostPort(u.Hostname(), port)}
	if path := strings.Trim(u.Path, "/"); path != "" {
		if t.database, err = strconv.Atoi(path); err != nil || t.database < 0 {
			return target{}, errors.New("the path must be the number of a database")
		}
	}
	return t, nil
}
