package caddymodule

import (
	"slices"
	"strings"
)

// routeLine is one guarded route, as an operator wants to see it.
type routeLine struct {
	API     string   `json:"api"`
	Methods []string `json:"methods"`
	Path    string   `json:"path"`
	// Scopes open the route, any one of them.
	Scopes []string `json:"scopes,omitempty"`
	// Open routes ask for no token: always, or with the query parameter OpenWith.
	Open     bool   `json:"open,omitempty"`
	OpenWith string `json:"open_with,omitempty"`
	// Entitled lists what the route checks that the application may act for.
	Entitled []string `json:"entitled,omitempty"`
}

// addGuard notes a guard of this configuration.
func (a *App) addGuard(g *Guard) {
	a.guardsMu.Lock()
	defer a.guardsMu.Unlock()
	a.guards = append(a.guards, g)
}

// routes lists every route of every guard of this configuration, once.
func (a *App) routes() []routeLine {
	a.guardsMu.Lock()
	defer a.guardsMu.Unlock()
	var lines []routeLine
	seen := map[string]bool{}
	for _, g := range a.guards {
		api := g.table.API()
		for _, r := range api.Routes {
			line := routeLine{API: api.Name, Methods: r.Methods, Path: r.Path, Scopes: r.Scopes, Open: r.Open, OpenWith: r.OpenWith}
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
	slices.SortStableFunc(lines, func(x, y routeLine) int { return strings.Compare(x.API, y.API) })
	return lines
}
