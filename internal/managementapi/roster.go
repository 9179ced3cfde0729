package managementapi

import (
	"context"
	"net/http"
	"net/url"

	"github.com/caddy-dcr/caddy-dcr/internal/access"
	"github.com/caddy-dcr/caddy-dcr/internal/management"
)

// What is created says its name, and all that an update would say.
type (
	// NewProgrammer is a programmer that is to be on record.
	NewProgrammer struct {
		ID string `json:"id"`
		management.ProgrammerSpec
	}
	// NewChannel is a channel that is to be on record.
	NewChannel struct {
		ID string `json:"id"`
		management.ChannelSpec
	}
	// NewProxyMVPD is a proxy MVPD that is to be on record.
	NewProxyMVPD struct {
		ID string `json:"id"`
		management.ProxyMVPDSpec
	}
	// NewScope is a scope for the catalogue.
	NewScope struct {
		Name string `json:"name"`
		management.ScopeSpec
	}
	// NewPlatform is a platform for the catalogue.
	NewPlatform struct {
		Name string `json:"name"`
		management.PlatformSpec
	}
)

// named is something new: what it is to be called, and what an update would say.
type named[S any] interface{ split() (string, S) }

func (n NewProgrammer) split() (string, management.ProgrammerSpec) { return n.ID, n.ProgrammerSpec }
func (n NewChannel) split() (string, management.ChannelSpec)       { return n.ID, n.ChannelSpec }
func (n NewProxyMVPD) split() (string, management.ProxyMVPDSpec)   { return n.ID, n.ProxyMVPDSpec }
func (n NewScope) split() (string, management.ScopeSpec)           { return n.Name, n.ScopeSpec }
func (n NewPlatform) split() (string, management.PlatformSpec)     { return n.Name, n.PlatformSpec }

type service = management.Service

// collection is what the API does with one kind of thing on record: V is how
// it is shown, L a part of its list, N what a new one says, S what an update
// says.
type collection[V, L any, N named[S], S any] struct {
	path, one, many string
	// Singular and plural are names for the document, as in showChannel.
	singular, plural string
	filters          []parameter
	list             func(*call) (L, error)
	show             func(*service, access.Actor, string) (V, error)
	create, update   func(*service, context.Context, management.Call, string, S) (V, error)
	remove           func(*service, context.Context, management.Call, string) error
	// called is its name and its version.
	called func(V) (name, version string)
}

// all lists what has no filters.
func all[L any](list func(*service, access.Actor, management.Part) (L, error)) func(*call) (L, error) {
	return func(c *call) (L, error) { return list(c.service, c.who, c.part()) }
}

func (k collection[V, L, N, S]) operations() []operation {
	one := k.path + "/{name}"
	var view V
	var part L
	var made N
	var spec S
	return []operation{
		{
			method: http.MethodGet, path: k.path, id: "list" + k.plural, summary: "List the " + k.many + ".", query: with(k.filters...),
			gives: part, status: http.StatusOK,
			serve: func(c *call) (answer, error) {
				page, err := k.list(c)
				return answer{body: page}, err
			},
		},
		{
			method: http.MethodPost, path: k.path, id: "create" + k.singular, summary: "Make a record of a " + k.one + ".",
			takes: made, gives: view, status: http.StatusCreated, creates: true, tagged: true,
			serve: func(c *call) (answer, error) {
				asked, err := read[N](c)
				if err != nil {
					return answer{}, err
				}
				name, spec := asked.split()
				v, err := k.create(c.service, c.ctx(), c.asked(), name, spec)
				reply := k.reply(v)
				name, _ = k.called(v)
				reply.made = k.path + "/" + url.PathEscape(name)
				return reply, err
			},
		},
		{
			method: http.MethodGet, path: one, id: "show" + k.singular, summary: "Show a " + k.one + ".", gives: view, status: http.StatusOK, tagged: true,
			serve: func(c *call) (answer, error) {
				v, err := k.show(c.service, c.who, c.name("name"))
				return k.reply(v), err
			},
		},
		{
			method: http.MethodPut, path: one, id: "update" + k.singular, summary: "Change the record of a " + k.one + ": what is left out is gone.",
			takes: spec, gives: view, status: http.StatusOK, seen: true, tagged: true,
			serve: func(c *call) (answer, error) {
				asked, err := read[S](c)
				if err != nil {
					return answer{}, err
				}
				v, err := k.update(c.service, c.ctx(), c.asked(), c.name("name"), asked)
				return k.reply(v), err
			},
		},
		{
			method: http.MethodDelete, path: one, id: "delete" + k.singular, summary: "Delete the record of a " + k.one + ", on which nothing may depend.",
			status: http.StatusNoContent, seen: true,
			serve: func(c *call) (answer, error) {
				return answer{}, k.remove(c.service, c.ctx(), c.asked(), c.name("name"))
			},
		},
	}
}

func (k collection[V, L, N, S]) reply(v V) answer {
	_, version := k.called(v)
	return answer{body: v, version: version}
}

var ofProgrammers = collection[management.Programmer, management.Programmers, NewProgrammer, management.ProgrammerSpec]{
	path: "/programmers", one: "programmer", many: "programmers", singular: "Programmer", plural: "Programmers",
	list: all((*service).Programmers), show: (*service).Programmer,
	create: (*service).CreateProgrammer, update: (*service).UpdateProgrammer, remove: (*service).DeleteProgrammer,
	called: func(v management.Programmer) (string, string) { return v.ID, v.Version },
}

var ofChannels = collection[management.Channel, management.Channels, NewChannel, management.ChannelSpec]{
	path: "/channels", one: "channel", many: "channels", singular: "Channel", plural: "Channels", filters: []parameter{programmer},
	list: func(c *call) (management.Channels, error) {
		return c.service.Channels(c.who, c.query.Get("programmer"), c.part())
	},
	show:   (*service).Channel,
	create: (*service).CreateChannel, update: (*service).UpdateChannel, remove: (*service).DeleteChannel,
	called: func(v management.Channel) (string, string) { return v.ID, v.Version },
}

var ofProxyMVPDs = collection[management.ProxyMVPD, management.ProxyMVPDs, NewProxyMVPD, management.ProxyMVPDSpec]{
	path: "/proxy-mvpds", one: "proxy MVPD", many: "proxy MVPDs", singular: "ProxyMVPD", plural: "ProxyMVPDs",
	list: all((*service).ProxyMVPDs), show: (*service).ProxyMVPD,
	create: (*service).CreateProxyMVPD, update: (*service).UpdateProxyMVPD, remove: (*service).DeleteProxyMVPD,
	called: func(v management.ProxyMVPD) (string, string) { return v.ID, v.Version },
}

var ofScopes = collection[management.Scope, management.Scopes, NewScope, management.ScopeSpec]{
	path: "/scopes", one: "scope", many: "scopes of the catalogue", singular: "Scope", plural: "Scopes",
	list: all((*service).Scopes), show: (*service).Scope,
	create: (*service).AddScope, update: (*service).UpdateScope, remove: (*service).RemoveScope,
	called: func(v management.Scope) (string, string) { return v.Name, v.Version },
}

var ofPlatforms = collection[management.Platform, management.Platforms, NewPlatform, management.PlatformSpec]{
	path: "/platforms", one: "platform", many: "platforms of the catalogue", singular: "Platform", plural: "Platforms",
	list: all((*service).Platforms), show: (*service).Platform,
	create: (*service).AddPlatform, update: (*service).UpdatePlatform, remove: (*service).RemovePlatform,
	called: func(v management.Platform) (string, string) { return v.Name, v.Version },
}
