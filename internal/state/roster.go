package state

import (
	"fmt"
	"strings"

	"github.com/caddy-dcr/caddy-dcr/internal/roster"
	"github.com/caddy-dcr/caddy-dcr/plugins"
)

// The keys of what is on the roster.
const (
	programmerPrefix = plugins.ReplicaPrefix + "p/"
	channelPrefix    = plugins.ReplicaPrefix + "c/"
	proxyMVPDPrefix  = plugins.ReplicaPrefix + "m/"
	scopePrefix      = plugins.ReplicaPrefix + "o/"
	platformPrefix   = plugins.ReplicaPrefix + "f/"
)

// ProgrammerKey is where the record of a programmer stands.
func ProgrammerKey(id string) string { return programmerPrefix + id }

// ChannelKey is where the record of a channel stands: one key for all
// spellings, as for its kill.
func ChannelKey(id string) string { return channelPrefix + strings.ToLower(id) }

// ProxyMVPDKey is where the record of a proxy MVPD stands.
func ProxyMVPDKey(id string) string { return proxyMVPDPrefix + id }

// ScopeKey is where a scope's entry in the catalogue stands.
func ScopeKey(name string) string { return scopePrefix + name }

// PlatformKey is where a platform's entry in the catalogue stands, in any
// spelling.
func PlatformKey(name string) string { return platformPrefix + strings.ToLower(name) }

// EncodeProgrammer makes the stored form of a programmer.
func EncodeProgrammer(p roster.Programmer) ([]byte, error) { return encode(kindProgrammer, p) }

// EncodeChannel makes the stored form of a channel.
func EncodeChannel(c roster.Channel) ([]byte, error) { return encode(kindChannel, c) }

// EncodeProxyMVPD makes the stored form of a proxy MVPD.
func EncodeProxyMVPD(m roster.ProxyMVPD) ([]byte, error) { return encode(kindProxyMVPD, m) }

// EncodeScope makes the stored form of a scope's entry.
func EncodeScope(s roster.Scope) ([]byte, error) { return encode(kindScope, s) }

// EncodePlatform makes the stored form of a platform's entry.
func EncodePlatform(p roster.Platform) ([]byte, error) { return encode(kindPlatform, p) }

// rosterTables are what is on the roster, as a replica holds it.
type rosterTables struct {
	programmers table[Held[roster.Programmer]]
	channels    table[Held[roster.Channel]] // by the id in lower case
	proxyMVPDs  table[Held[roster.ProxyMVPD]]
	scopes      table[Held[roster.Scope]]
	platforms   table[Held[roster.Platform]] // by the name in lower case
}

// unread says that nobody reads the tables yet, or that somebody does.
func (t *rosterTables) unread(yes bool) {
	t.programmers.unread, t.channels.unread, t.proxyMVPDs.unread = yes, yes, yes
	t.scopes.unread, t.platforms.unread = yes, yes
}

// apply makes one write true, if it is of the roster.
func (t *rosterTables) apply(key string, value []byte) error {
	switch {
	case strings.HasPrefix(key, programmerPrefix):
		return applyTo(&t.programmers, kindProgrammer, key, programmerPrefix, value, func(p roster.Programmer) string { return ProgrammerKey(p.ID) })
	case strings.HasPrefix(key, channelPrefix):
		return applyTo(&t.channels, kindChannel, key, channelPrefix, value, func(c roster.Channel) string { return ChannelKey(c.ID) })
	case strings.HasPrefix(key, proxyMVPDPrefix):
		return applyTo(&t.proxyMVPDs, kindProxyMVPD, key, proxyMVPDPrefix, value, func(m roster.ProxyMVPD) string { return ProxyMVPDKey(m.ID) })
	case strings.HasPrefix(key, scopePrefix):
		return applyTo(&t.scopes, kindScope, key, scopePrefix, value, func(s roster.Scope) string { return ScopeKey(s.Name) })
	case strings.HasPrefix(key, platformPrefix):
		return applyTo(&t.platforms, kindPlatform, key, platformPrefix, value, func(p roster.Platform) string { return PlatformKey(p.Name) })
	default:
		return nil
	}
}

func applyTo[T any](t *table[Held[T]], k kind, key, prefix string, value []byte, keyOf func(T) string) error {
	name := strings.TrimPrefix(key, prefix)
	if value == nil {
		t.remove(name)
		return nil
	}
	var record T
	if err := decode(k, value, &record); err != nil {
		return fmt.Errorf("record %q: %w", key, err)
	}
	if keyOf(record) != key {
		return fmt.Errorf("record %q is of another: %w", key, plugins.ErrUnavailable)
	}
	t.put(name, Held[T]{Record: record, Raw: value})
	return nil
}

// Programmer looks a programmer up.
func (r *Replica) Programmer(id string) (Held[roster.Programmer], bool) {
	h, found := r.Programmers()[id]
	return h, found
}

// Channel looks a channel up, in any spelling of its id.
func (r *Replica) Channel(id string) (Held[roster.Channel], bool) {
	h, found := r.Channels()[strings.ToLower(id)]
	return h, found
}

// Programmers are all programmers on record, by id. The map is read only, as
// are those below.
func (r *Replica) Programmers() map[string]Held[roster.Programmer] {
	if v := r.view.Load(); v != nil {
		return v.roster.programmers.all()
	}
	return nil
}

// Channels are all channels on record, by the id in lower case.
func (r *Replica) Channels() map[string]Held[roster.Channel] {
	if v := r.view.Load(); v != nil {
		return v.roster.channels.all()
	}
	return nil
}

// ProxyMVPDs are all proxy MVPDs on record, by id.
func (r *Replica) ProxyMVPDs() map[string]Held[roster.ProxyMVPD] {
	if v := r.view.Load(); v != nil {
		return v.roster.proxyMVPDs.all()
	}
	return nil
}

// Scopes are the catalogue's scopes that are on record, by name.
func (r *Replica) Scopes() map[string]Held[roster.Scope] {
	if v := r.view.Load(); v != nil {
		return v.roster.scopes.all()
	}
	return nil
}

// Platforms are the catalogue's platforms that are on record, by the name in
// lower case.
func (r *Replica) Platforms() map[string]Held[roster.Platform] {
	if v := r.view.Load(); v != nil {
		return v.roster.platforms.all()
	}
	return nil
}
