package degradation

import (
	"net/http"

	"github.com/caddy-dcr/caddy-dcr/plugins"
	"github.com/caddy-dcr/caddy-dcr/plugins/profilekit"
)

// API describes the Degradation API.
func (p *Profile) API() plugins.API {
	return plugins.API{
		Name:     name,
		Title:    "Degradation",
		Prefixes: []string{"/control/v3/degradation/"},
		Routes:   profilekit.WithScopes(routes, p.Scope),
		Errors:   plugins.OAuthJSON,
	}
}

// The rule sets authnAll, authzAll and authzNone can be written; all is a view
// of the three. A client with decisions:client may only look.
var routes = []plugins.Route{
	{Methods: read, Path: "/control/v3/degradation/{programmer}/all", Scopes: readers, Entitled: named},

	{Methods: read, Path: "/control/v3/degradation/{programmer}/authnAll", Scopes: readers, Entitled: named},
	{Methods: write, Path: "/control/v3/degradation/{programmer}/authnAll", Scopes: owners, Entitled: decided},

	{Methods: read, Path: "/control/v3/degradation/{programmer}/authzAll", Scopes: readers, Entitled: named},
	{Methods: write, Path: "/control/v3/degradation/{programmer}/authzAll", Scopes: owners, Entitled: decided},

	{Methods: read, Path: "/control/v3/degradation/{programmer}/authzNone", Scopes: readers, Entitled: named},
	{Methods: write, Path: "/control/v3/degradation/{programmer}/authzNone", Scopes: owners, Entitled: decided},
}

var (
	read  = []string{http.MethodGet}
	write = []string{http.MethodPost, http.MethodDelete}

	readers = []string{"decisions:owner", "decisions:client"}
	owners  = []string{"decisions:owner"}

	// The programmer of the path is the media company; the one of the query is
	// a channel of it.
	named = []plugins.Location{
		{In: plugins.InPath, Name: "programmer", Names: plugins.NamesProgrammer},
		{In: plugins.InQuery, Name: "programmer", Names: plugins.NamesChannel},
	}

	// A rule that names no channel is one for all of the programmer's, which an
	// application that serves some of them must not set.
	decided = []plugins.Location{
		named[0],
		{In: plugins.InQuery, Name: "programmer", Names: plugins.NamesChannel, Required: true},
	}
)
