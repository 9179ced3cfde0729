package restv2

import (
	"net/http"

	"github.com/caddy-dcr/caddy-dcr/plugins"
	"github.com/caddy-dcr/caddy-dcr/plugins/profilekit"
)

// API describes REST API V2.
func (p *Profile) API() plugins.API {
	return plugins.API{
		Name:     name,
		Title:    "REST API V2",
		Prefixes: []string{"/api/v2/"},
		Routes:   profilekit.Throttled(profilekit.WithScopes(routes, p.Scope)),
		Errors:   plugins.Enhanced,
	}
}

// Of the documented parameters only the query's are asked for: a session that
// lacks one of its form is documented to be resumed with the rest later.
var routes = []plugins.Route{
	// A browser opens this one: the code is its credential.
	{Methods: get, Path: "/api/v2/authenticate/{serviceProvider}/{code}", Open: true, Entitled: channel},

	{Methods: get, Path: "/api/v2/{serviceProvider}/configuration", Scopes: clients, Entitled: channel},

	{Methods: post, Path: "/api/v2/{serviceProvider}/sessions", Scopes: clients, Entitled: channel},
	{Methods: post, Path: "/api/v2/{serviceProvider}/sessions/{code}", Scopes: clients, Entitled: channel},
	{Methods: get, Path: "/api/v2/{serviceProvider}/sessions/{code}", Scopes: clients, Entitled: channel},

	{Methods: get, Path: "/api/v2/{serviceProvider}/profiles", Scopes: clients, Entitled: channel},
	{Methods: get, Path: "/api/v2/{serviceProvider}/profiles/{mvpd}", Scopes: clients, Entitled: channel},
	{Methods: get, Path: "/api/v2/{serviceProvider}/profiles/code/{code}", Scopes: clients, Entitled: channel},

	{Methods: post, Path: "/api/v2/{serviceProvider}/decisions/preauthorize/{mvpd}", Scopes: clients, Entitled: channel},
	{Methods: post, Path: "/api/v2/{serviceProvider}/decisions/authorize/{mvpd}", Scopes: clients, Entitled: channel},

	{Methods: get, Path: "/api/v2/{serviceProvider}/logout/{mvpd}", Scopes: clients, Entitled: channel, Required: []plugins.Parameter{
		{In: plugins.InQuery, Name: "redirectUrl", Code: "invalid_parameter_redirect_url"},
	}},

	{Methods: post, Path: "/api/v2/{serviceProvider}/sessions/sso/{partner}", Scopes: clients, Entitled: channel},
	{Methods: post, Path: "/api/v2/{serviceProvider}/profiles/sso/{partner}", Scopes: clients, Entitled: channel},
}

var (
	get     = []string{http.MethodGet}
	post    = []string{http.MethodPost}
	clients = []string{"api:client:v2"}
	channel = []plugins.Location{{In: plugins.InPath, Name: "serviceProvider", Names: plugins.NamesChannel}}
)
