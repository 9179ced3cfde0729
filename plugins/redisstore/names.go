package redisstore

import (
	"strings"

	"github.com/caddy-dcr/caddy-dcr/plugins"
)

// names makes the names of keys. A plain key that begins with a brace gets
// another one, so that no key can be mistaken for a bucket or the feed.
type names struct{ prefix string }

func (n names) plain(key string) string {
	if strings.HasPrefix(key, "{") {
		return n.prefix + "{" + key
	}
	return n.prefix + key
}

// key undoes plain; false is a name of something else.
func (n names) key(name string) (string, bool) {
	key, ok := strings.CutPrefix(name, n.prefix)
	if !ok || !strings.HasPrefix(key, "{") {
		return key, ok
	}
	return key[1:], strings.HasPrefix(key, "{{")
}

func (n names) bucket(key string) string { return n.prefix + "{}" + key }
func (n names) records() string          { return n.prefix + "{f}:r" }
func (n names) stream() string           { return n.prefix + "{f}:s" }
func (n names) meta() string             { return n.prefix + "{f}:m" }

// field is the place of a replicated key among the records.
func field(key string) string { return strings.TrimPrefix(key, plugins.ReplicaPrefix) }

var globs = strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`, `]`, `\]`, `^`, `\^`, `-`, `\-`)

// beginning is the pattern for what begins with s.
func beginning(s string) string { return globs.Replace(s) + "*" }
