package habits

import (
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"

	"github.com/caddy-dcr/caddy-dcr/internal/endpoint"
	"github.com/caddy-dcr/caddy-dcr/plugins"
)

// Site is what stands behind a gateway: some APIs, each under its own paths.
type Site struct {
	APIs []API
	// Canonical is how the gateway reads the path.
	Canonical func(r *http.Request) (string, error)
}

// API is one of them.
type API struct {
	Table *endpoint.Table
	// Finder is nil where the routes say everything.
	Finder plugins.EntitlementFinder
}

// Confusion says how a server would take a request for another than the
// gateway lets through. It is empty when none would, and when the gateway
// refuses the request whoever sends it.
func (s Site) Confusion(r *http.Request, servers []Server) (confusion string, refused bool) {
	body, _ := io.ReadAll(r.Body)
	r.Body = io.NopCloser(strings.NewReader(string(body)))
	g, passes := s.read(r)
	if !passes {
		return "", true
	}
	raw := r.URL.EscapedPath()
	alike := map[bool]bool{} // servers that read the path as the gateway does, by Fold
	for _, server := range servers {
		path := server.Path(raw)
		if path == g.path {
			if alike[server.Fold] {
				continue
			}
			alike[server.Fold] = true
		}
		for _, m := range s.match(server, r.Method, path) {
			if why := g.differs(server, m, r, path, string(body)); why != "" {
				return fmt.Sprintf("%s reads %q, takes it for %s, and %s", server.Name, path, m.route.Path, why), false
			}
		}
	}
	return "", false
}

// match is a route that a server could take a path for.
type match struct {
	api    API
	route  *plugins.Route
	values map[string]string
}

// match lists the routes that the path fits, less those that are more general
// than another: of two that cross, either may come first.
func (s Site) match(server Server, method, path string) []match {
	var all []match
	for _, api := range s.APIs {
		for _, route := range api.Table.Routes() {
			if values, ok := server.Match(route.Path, path); ok && slices.Contains(route.Methods, method) {
				all = append(all, match{api, route, values})
			}
		}
	}
	return slices.DeleteFunc(slices.Clone(all), func(m match) bool {
		return slices.ContainsFunc(all, func(other match) bool {
			return covers(m.route.Path, other.route.Path) && !covers(other.route.Path, m.route.Path)
		})
	})
}

// reading is what the gateway makes of a request that it would let through
// for a client with the right token.
type reading struct {
	path  string
	route *plugins.Route
	open  bool
	named []string
}

func (s Site) read(r *http.Request) (reading, bool) {
	path, err := s.Canonical(r)
	if err != nil {
		return reading{}, false
	}
	for _, api := range s.APIs {
		m := api.Table.Match(r.Method, path)
		if m.Outcome != endpoint.Found {
			continue
		}
		parameters := endpoint.NewParameters(r)
		g := reading{path: path, route: m.Route, open: m.Open(parameters)}
		if !g.open && m.NeedsForm() && m.ReadForm(&parameters, r, endpoint.FormLimit) != nil {
			return reading{}, false
		}
		if m.Missing(parameters) != nil {
			return reading{}, false
		}
		for _, named := range m.Named(parameters, nil) {
			if named.Missing {
				return reading{}, false
			}
			g.named = append(g.named, named.Value)
		}
		if api.Finder != nil {
			g.named = append(g.named, api.Finder.Channels(r, path)...)
		}
		return g, true
	}
	return reading{}, false
}

// differs says what a server would do for the request that the gateway has not
// allowed: serve another scope's route, or another channel.
func (g reading) differs(server Server, m match, r *http.Request, path, form string) string {
	route, query := m.route, r.URL.RawQuery
	opens := func(reader Reader) bool {
		return route.OpenWith != "" && slices.ContainsFunc(reader.Values(query, route.OpenWith), func(v string) bool { return v != "" })
	}
	for _, reader := range Readers {
		switch {
		case route.Open || opens(reader):
			continue // asks for less
		case g.open:
			return fmt.Sprintf("to %s it is not open", reader.Name)
		}
	}
	if route.Open || g.open {
		return ""
	}
	for _, scope := range g.route.Scopes {
		if !slices.Contains(route.Scopes, scope) {
			return fmt.Sprintf("wants one of %v, and not %s", route.Scopes, scope)
		}
	}
	for _, location := range route.Entitled {
		if location.In == plugins.InPath {
			if value := m.values[location.Name]; !g.names(server, value) {
				return fmt.Sprintf("reads the %s %q", location.Names, value)
			}
			continue
		}
		// A form is merged with the query, and wins, in many frameworks,
		// whatever the method is.
		for _, reader := range Readers {
			values := append(reader.Values(query, location.Name), reader.Values(form, location.Name)...)
			if location.Required && (len(values) == 0 || slices.Contains(values, "")) {
				return fmt.Sprintf("as %s reads no %s, and may take that for all", reader.Name, location.Names)
			}
			for _, value := range values {
				if value != "" && !slices.ContainsFunc(g.named, func(named string) bool { return decodeAll(named) == decodeAll(value) }) {
					return fmt.Sprintf("as %s reads the %s %q", reader.Name, location.Names, value)
				}
			}
		}
	}
	if m.api.Finder == nil {
		return ""
	}
	for _, value := range m.api.Finder.Channels(r, path) {
		if !g.names(server, value) {
			return fmt.Sprintf("finds the channel %q", value)
		}
	}
	return ""
}

// names says whether the value is one that the gateway has checked, as the
// server would write it.
func (g reading) names(server Server, value string) bool {
	return slices.ContainsFunc(g.named, func(named string) bool {
		return named == value || named == decode(value) || server.Path("/"+named) == "/"+value
	})
}
