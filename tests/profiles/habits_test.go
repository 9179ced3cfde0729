package profiles

import (
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/caddy-dcr/caddy-dcr/internal/endpoint"
	"github.com/caddy-dcr/caddy-dcr/internal/endpoint/habits"
	"github.com/caddy-dcr/caddy-dcr/plugins"
)

// aName is a {name} of a pattern, or the {name...} at its end.
var aName = regexp.MustCompile(`\{[^}]*\}`)

// good is a target that the route lets through for an application on REF30.
func good(api plugins.API, route plugins.Route) (path, query string) {
	path = aName.ReplaceAllString(route.Path, "REF30")
	values := url.Values{}
	for _, l := range route.Entitled {
		if l.In == plugins.InQuery {
			values.Set(l.Name, "REF30")
		}
	}
	for _, p := range route.Required {
		if p.In == plugins.InQuery && !values.Has(p.Name) {
			values.Set(p.Name, "x")
		}
	}
	if route.OpenWith != "" {
		values.Set(route.OpenWith, "x")
	}
	return path, values.Encode()
}

func parsed(method, target string) *http.Request {
	u, err := url.ParseRequestURI(target)
	if err != nil || strings.ContainsAny(target, " \t\r\n") {
		return nil // net/http refuses it
	}
	return &http.Request{Method: method, URL: u, RequestURI: target, Header: http.Header{}, Body: http.NoBody}
}

// One host often answers all of these APIs, so that a request for one could
// end up in another.
func TestNoServerTakesARequestForOneAPIForAnother(t *testing.T) {
	site := habits.Site{Canonical: endpoint.Canonical}
	type target struct {
		method, path, query string
		names               []string
	}
	var targets []target
	seen := map[string]bool{}
	for _, name := range names {
		loaded := load(t, name)
		api := loaded.API()
		table, err := endpoint.Compile(api)
		require.NoError(t, err)
		finder, _ := loaded.(plugins.EntitlementFinder)
		site.APIs = append(site.APIs, habits.API{Table: table, Finder: finder})
		for _, route := range api.Routes {
			path, query := good(api, route)
			// Those that differ in the end alone show the same.
			key := fmt.Sprint(route.Methods[0], len(strings.Split(path, "/")), route.Entitled, route.Required, route.Scopes, route.Open, route.OpenWith)
			if seen[key] {
				continue
			}
			seen[key] = true
			found := target{method: route.Methods[0], path: path, query: query}
			for _, l := range route.Entitled {
				if l.In == plugins.InQuery {
					found.names = append(found.names, l.Name)
				}
			}
			targets = append(targets, found)
		}
	}
	count, passed := 0, 0
	try := func(method, what, target string) {
		count++
		if r := parsed(method, target); r != nil {
			confusion, refused := site.Confusion(r, habits.Servers)
			assert.Empty(t, confusion, "%s %s (%s)", method, target, what)
			if !refused {
				passed++
			}
		}
	}
	for i, from := range targets {
		confusion, refused := site.Confusion(parsed(from.method, from.path+"?"+from.query), habits.Servers)
		require.Empty(t, confusion, from.path)
		require.False(t, refused, from.path)
		for _, s := range habits.SpoilPath(from.path) {
			try(from.method, s.Name, s.Target+"?"+from.query)
		}
		for _, name := range from.names {
			for _, s := range habits.SpoilQuery(name, "REF30", "CNN") {
				try(from.method, s.Name, from.path+"?"+from.query+"&"+s.Target)
			}
		}
		// From each to the next, and from each to an open route and back.
		for _, to := range []target{targets[(i+1)%len(targets)], targets[0]} {
			for _, s := range append(habits.Climb(from.path, to.path), habits.Climb(to.path, from.path)...) {
				try(from.method, s.Name, s.Target+"?"+from.query)
			}
		}
	}
	t.Logf("%d targets of %d routes, of which %d pass for somebody", count, len(targets), passed)
	assert.Greater(t, count, 20_000)
}
