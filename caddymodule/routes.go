package caddymodule

import (
	"slices"
	"strings"

	"github.com/caddy-dcr/caddy-dcr/internal/endpoint"
	"github.com/caddy-dcr/caddy-dcr/internal/management"
)

// addGuard notes a guard of this configuration.
func (a *App) addGuard(g *Guard) {
	a.guardsMu.Lock()
	defer a.guardsMu.Unlock()
	a.guards = append(a.guards, g)
}

// allGuards lists the guards of this configuration.
func (a *App) allGuards() []*Guard {
	a.guardsMu.Lock()
	defer a.guardsMu.Unlock()
	return slices.Clone(a.guards)
}

// prefixes lists the paths that the guards of this configuration claim. All of
// them are there before the first request is.
func (a *App) prefixes() []string {
	a.prefixesOnce.Do(func() {
		for _, g := range a.allGuards() {
			a.claimed = append(a.claimed, endpoint.Claims(g.table.API())...)
		}
		slices.Sort(a.claimed)
		a.claimed = slices.Compact(a.claimed)
	})
	return a.claimed
}

// routes lists every route of every guard of this configuration, once.
func (a *App) routes() []management.Route {
	a.guardsMu.Lock()
	defer a.guardsMu.Unlock()
	var lines []management.Route
	seen := map[string]bool{}
	for _, g := range a.guards {
		api := g.table.API()
		for _, r := range api.Routes {
			line := management.Route{API: api.Name, Methods: r.Methods, Path: r.Path, Scopes: r.Scopes, Open: r.Open, OpenWith: r.OpenWith, Throttled: r.Throttled && a.throttle != nil}
			for _, l := range r.Entitled {
				line.Entitled = append(line.Entitled, string(l.Names)+" in "+string(l.In)+" "+l.Name)
			}
			key := line.API + " " + strings.Join(line.Methods, ",") + " " + line.Path
			if !seen[key] {
				seen[key] = true
				lines = append(lines, line)
			}
		}
	}
	slices.SortStableFunc(lines, func(x, y management.Route) int { return strings.Compare(x.API, y.API) })
	return lines
}
