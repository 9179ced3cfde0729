package proxymvpd

import (
	"net/http"

	"github.com/caddy-dcr/caddy-dcr/plugins"
	"github.com/caddy-dcr/caddy-dcr/plugins/profilekit"
)

// API describes the Proxy MVPD API. It wants options that passed Validate.
func (p *Profile) API() plugins.API {
	return plugins.API{
		Name:     name,
		Title:    "Proxy MVPD",
		Prefixes: []string{"/control/v3/mvpd-proxies/"},
		Routes:   profilekit.WithScopes(routes, p.Scope),
		Errors:   plugins.OAuthJSON,
		AllowIPs: p.ranges(),
	}
}

// The list of proxied MVPDs travels as XML in the form field proxied-mvpds. It
// can be large and the backend judges it, so the gateway does not ask for it.
var routes = []plugins.Route{
	{
		Methods:  []string{http.MethodGet, http.MethodPost},
		Path:     "/control/v3/mvpd-proxies/{proxy-mvpd}/mvpds",
		Scopes:   []string{"mvpd:proxies:owner"},
		Entitled: []plugins.Location{{In: plugins.InPath, Name: "proxy-mvpd", Names: plugins.NamesProxyMVPD}},
	},
}
