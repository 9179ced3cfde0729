package managementapi

import (
	"context"
	"net/http"
	"net/url"

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

// collection is what the API does with one kind of thing on record: V is how
// it is shown, L a part of its list, N what a new one says, S what an update
// says.
type collection[V, L, N, S any] struct {
	path, one, many string
	// Singular and plural are names for the document, as in showChannel.
	singular, plural string
	filters          []parameter
	list             func(*call) (L, error)
	show             func(*call, string) (V, error)
	create           func(context.Context, *management.Service, management.Call, N) (V, error)
	update           func(context.Context, *management.Service, management.Call, string, S) (V, error)
	remove           func(context.Context, *management.Service, management.Call, string) error
	// named is its name and its version.
	named func(V) (name, version string)
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
				v, err := k.create(c.ctx(), c.service, c.asked(), asked)
				reply := k.reply(v)
				name, _ := k.named(v)
				reply.made = k.path + "/" + url.PathEscape(name)
				return reply, err
			},
		},
		{
			method: http.MethodGet, path: one, id: "show" + k.singular, summary: "Show a " + k.one + ".", gives: view, status: http.StatusOK, tagged: true,
			serve: func(c *call) (answer, error) {
				v, err := k.show(c, c.name("name"))
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
				v, err := k.update(c.ctx(), c.service, c.asked(), c.name("name"), asked)
				return k.reply(v), err
			},
		},
		{
			method: http.MethodDelete, path: one, id: "delete" + k.singular, summary: "Delete the record of a " + k.one + ", on which nothing may depend.",
			status: http.StatusNoContent, seen: true,
			serve: func(c *call) (answer, error) {
				return answer{}, k.remove(c.ctx(), c.service, c.asked(), c.name("name"))
			},
		},
	}
}

func (k collection[V, L, N, S]) reply(v V) answer {
	_, version := k.named(v)
	return answer{body: v, version: version}
}

type service = management.Service

var ofProgrammers = collection[management.Programmer, management.Programmers, NewProgrammer, management.ProgrammerSpec]{
	path: "/programmers", one: "programmer", many: "programmers", singular: "Programmer", plural: "Programmers",
	list: func(c *call) (management.Programmers, error) { return c.service.Programmers(c.who, c.part()) },
	show: func(c *call, id string) (management.Programmer, error) { return c.service.Programmer(c.who, id) },
	create: func(ctx context.Context, s *service, asked management.Call, n NewProgrammer) (management.Programmer, error) {
		return s.CreateProgrammer(ctx, asked, n.ID, n.ProgrammerSpec)
	},
	update: func(ctx context.Context, s *service, asked management.Call, id string, spec management.ProgrammerSpec) (management.Programmer, error) {
		return s.UpdateProgrammer(ctx, asked, id, spec)
	},
	remove: func(ctx context.Context, s *service, asked management.Call, id string) error {
		return s.DeleteProgrammer(ctx, asked, id)
	},
	named: func(v management.Programmer) (string, string) { return v.ID, v.Version },
}

var ofChannels = collection[management.Channel, management.Channels, NewChannel, management.ChannelSpec]{
	path: "/channels", one: "channel", many: "channels", singular: "Channel", plural: "Channels", filters: []parameter{programmer},
	list: func(c *call) (management.Channels, error) {
		return c.service.Channels(c.who, c.query.Get("programmer"), c.part())
	},
	show: func(c *call, id string) (management.Channel, error) { return c.service.Channel(c.who, id) },
	create: func(ctx context.Context, s *service, asked management.Call, n NewChannel) (management.Channel, error) {
		return s.CreateChannel(ctx, asked, n.ID, n.ChannelSpec)
	},
	update: func(ctx context.Context, s *service, asked management.Call, id string, spec management.ChannelSpec) (management.Channel, error) {
		return s.UpdateChannel(ctx, asked, id, spec)
	},
	remove: func(ctx context.Context, s *service, asked management.Call, id string) error {
		return s.DeleteChannel(ctx, asked, id)
	},
	named: func(v management.Channel) (string, string) { return v.ID, v.Version },
}

var ofProxyMVPDs = collection[management.ProxyMVPD, management.ProxyMVPDs, NewProxyMVPD, management.ProxyMVPDSpec]{
	path: "/proxy-mvpds", one: "proxy MVPD", many: "proxy MVPDs", singular: "ProxyMVPD", plural: "ProxyMVPDs",
	list: func(c *call) (management.ProxyMVPDs, error) { return c.service.ProxyMVPDs(c.who, c.part()) },
	show: func(c *call, id string) (management.ProxyMVPD, error) { return c.service.ProxyMVPD(c.who, id) },
	create: func(ctx context.Context, s *service, asked management.Call, n NewProxyMVPD) (management.ProxyMVPD, error) {
		return s.CreateProxyMVPD(ctx, asked, n.ID, n.ProxyMVPDSpec)
	},
	update: func(ctx context.Context, s *service, asked management.Call, id string, spec management.ProxyMVPDSpec) (management.ProxyMVPD, error) {
		return s.UpdateProxyMVPD(ctx, asked, id, spec)
	},
	remove: func(ctx context.Context, s *service, asked management.Call, id string) error {
		return s.DeleteProxyMVPD(ctx, asked, id)
	},
	named: func(v management.ProxyMVPD) (string, string) { return v.ID, v.Version },
}

var ofScopes = collection[management.Scope, management.Scopes, NewScope, management.ScopeSpec]{
	path: "/scopes", one: "scope", many: "scopes of the catalogue", singular: "Scope", plural: "Scopes",
	list: func(c *call) (management.Scopes, error) { return c.service.Scopes(c.who, c.part()) },
	show: func(c *call, name string) (management.Scope, error) { return c.service.Scope(c.who, name) },
	create: func(ctx context.Context, s *service, asked management.Call, n NewScope) (management.Scope, error) {
		return s.AddScope(ctx, asked, n.Name, n.ScopeSpec)
	},
	update: func(ctx context.Context, s *service, asked management.Call, name string, spec management.ScopeSpec) (management.Scope, error) {
		return s.UpdateScope(ctx, asked, name, spec)
	},
	remove: func(ctx context.Context, s *service, asked management.Call, name string) error {
		return s.RemoveScope(ctx, asked, name)
	},
	named: func(v management.Scope) (string, string) { return v.Name, v.Version },
}

var ofPlatforms = collection[management.Platform, management.Platforms, NewPlatform, management.PlatformSpec]{
	path: "/platforms", one: "platform", many: "platforms of the catalogue", singular: "Platform", plural: "Platforms",
	list: func(c *call) (management.Platforms, error) { return c.service.Platforms(c.who, c.part()) },
	show: func(c *call, name string) (management.Platform, error) { return c.service.Platform(c.who, name) },
	create: func(ctx context.Context, s *service, asked management.Call, n NewPlatform) (management.Platform, error) {
		return s.AddPlatform(ctx, asked, n.Name, n.PlatformSpec)
	},
	update: func(ctx context.Context, s *service, asked management.Call, name string, spec management.PlatformSpec) (management.Platform, error) {
		return s.UpdatePlatform(ctx, asked, name, spec)
	},
	remove: func(ctx context.Context, s *service, asked management.Call, name string) error {
		return s.RemovePlatform(ctx, asked, name)
	},
	named: func(v management.Platform) (string, string) { return v.Name, v.Version },
}
