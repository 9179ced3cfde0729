package console

import "github.com/caddy-dcr/caddy-dcr/internal/management"

// routesPage lists the guarded routes, by API.
type routesPage struct {
	APIs []apiRoutes
}

type apiRoutes struct {
	Name   string
	Routes []management.Route
}

func showRoutes(v *visit) error {
	all, err := v.Management.GuardedRoutes(v.who)
	if err != nil {
		return err
	}
	var data routesPage
	for _, r := range all.Routes {
		if n := len(data.APIs); n == 0 || data.APIs[n-1].Name != r.API {
			data.APIs = append(data.APIs, apiRoutes{Name: r.API})
		}
		last := &data.APIs[len(data.APIs)-1]
		last.Routes = append(last.Routes, r)
	}
	return v.show("routes", "Routes", data)
}
