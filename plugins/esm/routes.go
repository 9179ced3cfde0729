package esm

import (
	"net/http"

	"github.com/caddy-dcr/caddy-dcr/plugins"
	"github.com/caddy-dcr/caddy-dcr/plugins/profilekit"
)

// API describes the Entitlement Service Monitoring API. The root of the API
// has no slash at its end, which is why the prefix is one segment shorter.
func (p *Profile) API() plugins.API {
	return plugins.API{
		Name:       name,
		Title:      "Entitlement Service Monitoring",
		Prefixes:   []string{"/esm/"},
		Routes:     profilekit.WithScopes(p.routes(), p.Scope),
		QueryToken: "access_token",
		Errors:     plugins.OAuthJSON,
	}
}

// routes has one row for the root, which links to the reports, and one for the
// reports: their paths are sequences of dimensions, which the backend links
// and the gateway cannot know.
func (p *Profile) routes() []plugins.Route {
	named := []plugins.Location{
		{In: plugins.InQuery, Name: channelFilter, Names: plugins.NamesChannel, Required: !p.ChannelOptional},
		{In: plugins.InQuery, Name: "media-company", Names: plugins.NamesProgrammer},
	}
	return []plugins.Route{
		{Methods: read, Path: "/esm/v3", Scopes: clients, Entitled: named},
		{Methods: read, Path: "/esm/v3/{path...}", Scopes: clients, Entitled: named},
	}
}

// channelFilter is the dimension whose values are channels.
const channelFilter = "requestor-id"

var (
	read    = []string{http.MethodGet}
	clients = []string{"analytics:client"}
)
