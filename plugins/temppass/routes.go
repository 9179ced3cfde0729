package temppass

import (
	"net/http"

	"github.com/caddy-dcr/caddy-dcr/plugins"
	"github.com/caddy-dcr/caddy-dcr/plugins/profilekit"
)

// API describes the Reset TempPass API.
func (p *Profile) API() plugins.API {
	return plugins.API{
		Name:     name,
		Title:    "Reset TempPass",
		Prefixes: []string{"/reset-tempass/v3/"},
		Routes:   profilekit.WithScopes(routes, p.Scope),
		Errors:   plugins.OAuthJSON,
	}
}

// The path really says tempass. An absent device_id means every device, and an
// absent key every key, which is why neither is among the required parameters.
var routes = []plugins.Route{
	{
		Methods:  []string{http.MethodDelete},
		Path:     "/reset-tempass/v3/reset",
		Scopes:   []string{"temporary:passes:owner"},
		Required: []plugins.Parameter{requestor, mvpd},
		Entitled: []plugins.Location{channel},
	},
	{
		Methods:  []string{http.MethodDelete},
		Path:     "/reset-tempass/v3/reset/generic",
		Scopes:   []string{"temporary:passes:owner"},
		Required: []plugins.Parameter{requestor, mvpd},
		Entitled: []plugins.Location{channel},
	},
}

var (
	requestor = plugins.Parameter{In: plugins.InQuery, Name: "requestor_id"}
	mvpd      = plugins.Parameter{In: plugins.InQuery, Name: "mvpd_id"}
	channel   = plugins.Location{In: plugins.InQuery, Name: "requestor_id", Names: plugins.NamesChannel}
)
