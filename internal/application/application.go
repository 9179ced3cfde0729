// Package application is the registered application: what a media company
// creates once, and every credential and token descends from.
package application

import (
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/caddy-dcr/caddy-dcr/internal/scope"
)

// TypeDirect is the one type of application there is today.
const TypeDirect = "DIRECT"

// Level says who an application was created for.
type Level string

const (
	// LevelProgrammer applications serve all channels of the programmer or a list of them.
	LevelProgrammer Level = "programmer"
	// LevelChannel applications serve exactly one channel.
	LevelChannel Level = "channel"
)

// Application is immutable after its creation: a change means a new one. It
// can be revoked, which is a kill and no field of it.
type Application struct {
	ID         uuid.UUID
	Name       string
	Version    string
	Programmer string
	Level      Level
	Type       string
	// AllChannels stands for every channel of the programmer, present and
	// future; Channels lists them otherwise.
	AllChannels bool
	Channels    []string
	// OnlyRecorded narrows AllChannels to the programmer's channels that are
	// on record. It is true of applications that were created when the
	// programmer was; those created before go on as they were.
	OnlyRecorded bool
	// Recorded are those channels, sorted. It belongs to no application's
	// record: whoever holds the channels fills it in.
	Recorded []string
	// AllPlatforms and Platforms likewise.
	AllPlatforms bool
	Platforms    []string
	// Domains are host names that redirect URIs and origins may lie under.
	Domains []string
	// CustomSchemes are whole URI schemes for the final redirect.
	CustomSchemes []string
	// ProxyMVPDs are the proxy MVPDs on whose behalf it may act.
	ProxyMVPDs []string
	Scopes     scope.Set
	CreatedAt  time.Time
	CreatedBy  string
	// Predecessor is the application of which this one is a new version, if
	// it is one. Both work until one is revoked.
	Predecessor uuid.UUID
	// Declared says that a configuration file owns the application.
	Declared bool
	// ManagedBy names the manifest that the application belongs to, if one
	// does, ManagedKey is how that calls it, through all its versions, and
	// ManagedAs is what it said, as JSON.
	ManagedBy, ManagedKey string
	ManagedAs             []byte
}

// Origin is the manifest to which an application belongs, how that calls it,
// and what it says of it. The zero Origin is none.
type Origin struct {
	Manifest, Key string
	Said          []byte
}

// Mark says where the application comes from.
func (a *Application) Mark(o Origin) {
	a.ManagedBy, a.ManagedKey, a.ManagedAs = o.Manifest, o.Key, o.Said
}

// EveryChannel is what a request names that asks for all channels at once.
const EveryChannel = "*"

// Serves says whether the application is assigned to the channel. Ids are
// compared exactly: a spelling that differs is another channel. Text that can
// be no id is served by nobody, since it goes into a header for the backend.
func (a *Application) Serves(channel string) bool {
	if a.AllChannels && a.OnlyRecorded {
		_, recorded := slices.BinarySearch(a.Recorded, channel)
		return recorded || channel == EveryChannel
	}
	if a.AllChannels {
		return channel == EveryChannel || ValidID(channel)
	}
	return slices.Contains(a.Channels, channel)
}

// ActsFor says whether the name is the application's programmer or one of the
// channels that it serves by name.
func (a *Application) ActsFor(programmer string) bool {
	return programmer != "" && (a.Programmer == programmer || slices.Contains(a.Channels, programmer))
}

// Proxies says whether the application is bound to the proxy MVPD.
func (a *Application) Proxies(proxyMVPD string) bool {
	return proxyMVPD != "" && slices.Contains(a.ProxyMVPDs, proxyMVPD)
}

// Supports says whether the application is meant for the platform.
func (a *Application) Supports(platform string) bool {
	return a.AllPlatforms || slices.ContainsFunc(a.Platforms, func(p string) bool { return strings.EqualFold(p, platform) })
}
