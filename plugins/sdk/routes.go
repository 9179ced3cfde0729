package sdk

import (
	"net/http"

	"github.com/caddy-dcr/caddy-dcr/plugins"
	"github.com/caddy-dcr/caddy-dcr/plugins/profilekit"
)

// API describes the SDK services.
func (p *Profile) API() plugins.API {
	return plugins.API{
		Name:       name,
		Title:      "SDK services",
		Prefixes:   []string{"/adobe-services/", "/indiv/"},
		Routes:     profilekit.WithScopes(routes, p.Scope),
		QueryToken: "access_token",
		Errors:     plugins.OAuthJSON,
	}
}

// The SDKs ask by GET or by a form. The native ones add the form field
// _method=GET to the latter; the wire method alone counts here.
var routes = []plugins.Route{
	// A device gets its identifier before it has a token.
	{Methods: post, Path: "/indiv/devices", Open: true},

	{Methods: getPost, Path: "/adobe-services/config", Scopes: clients, Entitled: byQueryOrForm, Throttled: true},
	{Methods: getPost, Path: "/adobe-services/config/{requestor}", Scopes: clients, Entitled: byPathQueryOrForm, Throttled: true},

	{Methods: getPost, Path: "/adobe-services/session", Scopes: clients, Entitled: byQueryOrForm},
	{Methods: getPost, Path: "/adobe-services/sessionDevice", Scopes: clients, Entitled: byQueryOrForm},

	// A browser opens these; with a registration code it needs no token.
	{Methods: get, Path: "/adobe-services/authenticate", Scopes: clients, OpenWith: "reg_code", Entitled: byQuery, Redirect: "redirect_url"},
	{Methods: get, Path: "/adobe-services/authenticate/{flow...}", Scopes: clients, OpenWith: "reg_code", Entitled: byQuery, Redirect: "redirect_url"},
	{Methods: post, Path: "/adobe-services/authenticate", Scopes: clients, Entitled: byQueryOrForm},
	{Methods: post, Path: "/adobe-services/authenticate/{flow...}", Scopes: clients, Entitled: byQueryOrForm},

	{Methods: getPost, Path: "/adobe-services/authorize", Scopes: clients, Entitled: byQueryOrForm},
	{Methods: getPost, Path: "/adobe-services/shortAuthorize", Scopes: clients, Entitled: byQueryOrForm},
	{Methods: getPost, Path: "/adobe-services/preauthorize", Scopes: clients, Entitled: byQueryOrForm},

	{Methods: get, Path: "/adobe-services/logout", Scopes: clients, Entitled: byQuery, Redirect: "redirect_url"},
	{Methods: post, Path: "/adobe-services/logout", Scopes: clients, Entitled: byQueryOrForm},
}

var (
	get     = []string{http.MethodGet}
	post    = []string{http.MethodPost}
	getPost = []string{http.MethodGet, http.MethodPost}

	clients = []string{"api:client:sdk"}

	query = plugins.Location{In: plugins.InQuery, Name: "requestor_id", Names: plugins.NamesChannel}
	form  = plugins.Location{In: plugins.InForm, Name: "requestor_id", Names: plugins.NamesChannel}
	path  = plugins.Location{In: plugins.InPath, Name: "requestor", Names: plugins.NamesChannel}

	byQuery           = []plugins.Location{query}
	byQueryOrForm     = []plugins.Location{query, form}
	byPathQueryOrForm = []plugins.Location{path, query, form}
)
