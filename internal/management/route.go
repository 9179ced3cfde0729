package management

import "github.com/caddy-dcr/caddy-dcr/internal/access"

// Route is one guarded route, as an operator wants to see it.
type Route struct {
	API     string   `json:"api"`
	Methods []string `json:"methods"`
	Path    string   `json:"path"`
	// Scopes open the route, any one of them.
	Scopes []string `json:"scopes"`
	// Open routes ask for no token: always, or, with OpenWith, when the query
	// has that parameter.
	Open     bool   `json:"open"`
	OpenWith string `json:"open_with,omitempty"`
	// Throttled says that its requests count against what a device may send.
	Throttled bool `json:"throttled,omitempty"`
	// Entitled lists what the application must be entitled to, and where the
	// request names it.
	Entitled []string `json:"entitled"`
}

// Routes are all guarded routes of a configuration.
type Routes struct {
	Routes []Route `json:"routes"`
}

// GuardedRoutes lists the guarded routes of the configuration.
func (s *Service) GuardedRoutes(who access.Actor) (Routes, error) {
	if err := begin(who, access.ShowRoutes); err != nil {
		return Routes{}, err
	}
	return Routes{Routes: s.Guarded()}, nil
}
