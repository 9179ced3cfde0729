package management

import (
	"cmp"
	"encoding/json"
	"reflect"
	"slices"
	"strings"

	"github.com/caddy-dcr/caddy-dcr/internal/application"
	"github.com/caddy-dcr/caddy-dcr/internal/manifest"
)

// versionsOf are the applications of one key of the plan's manifest, the oldest
// first.
func (p *plan) versionsOf(key string) []*application.Application {
	return slices.DeleteFunc(p.managedApplications(), func(a *application.Application) bool { return a.ManagedKey != key })
}

// managedApplications are those of the plan's manifest, by key, each version
// after the one before.
func (p *plan) managedApplications() []*application.Application {
	var all []*application.Application
	p.s.Replica.Applications(func(a *application.Application) bool {
		if a.ManagedBy == p.manifest && p.s.Declared[a.ID] == nil {
			all = append(all, a)
		}
		return true
	})
	depth := func(a *application.Application) int {
		n := 0
		for next := a; n < len(all); n++ {
			i := slices.IndexFunc(all, func(b *application.Application) bool { return b.ID == next.Predecessor && b.ManagedKey == a.ManagedKey })
			if i < 0 {
				break
			}
			next = all[i]
		}
		return n
	}
	slices.SortFunc(all, func(a, b *application.Application) int {
		return cmp.Or(strings.Compare(a.ManagedKey, b.ManagedKey), depth(a)-depth(b), a.CreatedAt.Compare(b.CreatedAt), strings.Compare(a.ID.String(), b.ID.String()))
	})
	return all
}

func specFrom(x manifest.Application) Spec {
	return Spec{
		Name: cmp.Or(x.Name, x.Key), Version: x.Version, Programmer: x.Programmer, Level: x.Level,
		AllChannels: x.AllChannels, Channels: x.Channels, Platforms: x.Platforms, Domains: x.Domains,
		CustomSchemes: x.CustomSchemes, ProxyMVPDs: x.ProxyMVPDs, Scopes: x.Scopes,
	}
}

// sameSaid compares what a manifest said when it made an application with what
// it says now: by what both mean to this gateway, whichever wrote the first.
func sameSaid(before []byte, x manifest.Application) bool {
	var old manifest.Application
	return json.Unmarshal(before, &old) == nil && reflect.DeepEqual(old.Said(), x.Said())
}

// saysAsIs says whether a manifest describes an application as it is. What it
// leaves out it says nothing of.
func saysAsIs(x manifest.Application, a *application.Application) bool {
	said := x.Said()
	is := manifest.Application{
		Name: a.Name, Version: a.Version, Programmer: a.Programmer, Level: string(a.Level), AllChannels: a.AllChannels,
		Channels: a.Channels, Platforms: a.Platforms, Domains: a.Domains, CustomSchemes: a.CustomSchemes,
		ProxyMVPDs: a.ProxyMVPDs, Scopes: a.Scopes.Values(),
	}.Said()
	said.Name, said.Version = cmp.Or(said.Name, x.Key), cmp.Or(said.Version, is.Version)
	if len(said.Domains) == 0 {
		said.Domains = is.Domains
	}
	if len(said.CustomSchemes) == 0 {
		said.CustomSchemes = is.CustomSchemes
	}
	return reflect.DeepEqual(said, is)
}
