package restv1

import (
	"net/http"
	"strings"

	"github.com/caddy-dcr/caddy-dcr/plugins"
	"github.com/caddy-dcr/caddy-dcr/plugins/profilekit"
)

// API describes REST API V1.
func (p *Profile) API() plugins.API {
	return plugins.API{
		Name:     name,
		Title:    "REST API V1",
		Prefixes: []string{"/api/v1/", "/reggie/v1/"},
		Routes:   profilekit.Throttled(profilekit.WithScopes(withFormats(operations), p.Scope)),
		Errors:   plugins.EnhancedXML,
	}
}

// Four operations are open. Adobe documents them as called by the login page
// on a second screen, in a browser that was handed a registration code and has
// no software statement to get a token with; the others are called by the
// streaming application, and most are said to need one.
var operations = []plugins.Route{
	{Methods: get, Path: "/api/v1/authenticate", Open: true, Entitled: byRequestorID},
	{Methods: get, Path: "/api/v1/checkauthn/{code}", Open: true, Entitled: byRequestor},
	{Methods: get, Path: "/api/v1/preauthorize/{code}", Open: true, Entitled: byRequestor},
	// The segment may end in .xml or .json; Channels finds the channel in it.
	{Methods: get, Path: "/api/v1/config/{requestor}", Open: true},

	{Methods: post, Path: "/reggie/v1/{requestor}/regcode", Scopes: clients, Entitled: byPath},
	{Methods: getDelete, Path: "/reggie/v1/{requestor}/regcode/{code}", Scopes: clients, Entitled: byPath},

	{Methods: post, Path: "/api/v1/authenticate/freepreview", Scopes: clients, Required: requestorIDAnywhere, Entitled: byRequestorIDOrForm},
	{Methods: get, Path: "/api/v1/checkauthn", Scopes: clients, Required: requestor, Entitled: byRequestor},
	{Methods: get, Path: "/api/v1/authorize", Scopes: clients, Required: requestorResource, Entitled: byRequestor},
	{Methods: get, Path: "/api/v1/preauthorize", Scopes: clients, Required: requestorResource, Entitled: byRequestor},
	{Methods: get, Path: "/api/v1/mediatoken", Scopes: clients, Required: requestorResource, Entitled: byRequestor},
	{Methods: get, Path: "/api/v1/tokens/media", Scopes: clients, Required: requestorResource, Entitled: byRequestor},
	{Methods: get, Path: "/api/v1/tokens/authn", Scopes: clients, Required: requestor, Entitled: byRequestor},
	{Methods: post, Path: "/api/v1/tokens/authn", Scopes: clients, Required: requestorAnywhere, Entitled: byRequestorOrForm},
	{Methods: get, Path: "/api/v1/tokens/authz", Scopes: clients, Required: requestorResource, Entitled: byRequestor},
	{Methods: get, Path: "/api/v1/tokens/usermetadata", Scopes: clients, Entitled: byRequestor},
	{Methods: get, Path: "/api/v1/{requestor}/profile-requests/{mvpd}", Scopes: clients, Entitled: byPath},
	{Methods: del, Path: "/api/v1/logout", Scopes: clients, Entitled: byRequestor},
}

var (
	get       = []string{http.MethodGet}
	post      = []string{http.MethodPost}
	del       = []string{http.MethodDelete}
	getDelete = []string{http.MethodGet, http.MethodDelete}

	clients = []string{"api:client:v1"}

	requestor         = []plugins.Parameter{{In: plugins.InQuery, Name: "requestor"}}
	requestorResource = []plugins.Parameter{{In: plugins.InQuery, Name: "requestor"}, {In: plugins.InQuery, Name: "resource"}}
	// One that is required in two places is satisfied by either.
	requestorAnywhere   = []plugins.Parameter{{In: plugins.InQuery, Name: "requestor"}, {In: plugins.InForm, Name: "requestor"}}
	requestorIDAnywhere = []plugins.Parameter{{In: plugins.InQuery, Name: "requestor_id"}, {In: plugins.InForm, Name: "requestor_id"}}

	byRequestor         = []plugins.Location{channel(plugins.InQuery, "requestor")}
	byRequestorOrForm   = []plugins.Location{channel(plugins.InQuery, "requestor"), channel(plugins.InForm, "requestor")}
	byRequestorID       = []plugins.Location{channel(plugins.InQuery, "requestor_id")}
	byRequestorIDOrForm = []plugins.Location{channel(plugins.InQuery, "requestor_id"), channel(plugins.InForm, "requestor_id")}
	// The reference writes the requestor of these both into the path and into
	// the list of query parameters.
	byPath = []plugins.Location{channel(plugins.InPath, "requestor"), channel(plugins.InQuery, "requestor")}
)

func channel(in plugins.Place, parameter string) plugins.Location {
	return plugins.Location{In: in, Name: parameter, Names: plugins.NamesChannel}
}

// formats are what a path may end in to say how it wants to be answered.
var formats = []string{".xml", ".json"}

// withFormats adds the .xml and .json form of every protected operation whose
// path ends in a literal: a client may ask for a format by extension. A path
// that ends in a parameter takes the extension as a part of the parameter.
func withFormats(operations []plugins.Route) []plugins.Route {
	var routes []plugins.Route
	for _, operation := range operations {
		routes = append(routes, operation)
		if operation.Open || strings.HasSuffix(operation.Path, "}") {
			continue
		}
		for _, extension := range formats {
			other := operation
			other.Path += extension
			routes = append(routes, other)
		}
	}
	return routes
}
