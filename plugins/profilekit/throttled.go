package profilekit

import (
	"slices"

	"github.com/caddy-dcr/caddy-dcr/plugins"
)

// Throttled returns a copy of the routes, all of them throttled: for an API
// that is throttled as a whole.
func Throttled(routes []plugins.Route) []plugins.Route {
	routes = slices.Clone(routes)
	for i := range routes {
		routes[i].Throttled = true
	}
	return routes
}
