package profiles

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/caddy-dcr/caddy-dcr/internal/endpoint"
	"github.com/caddy-dcr/caddy-dcr/plugins"
)

// request is one that a client could send, and what the description makes of
// it. The wanted values are compared as a whole: a zero field is wanted zero.
type request struct {
	// line is the method and the target.
	line string
	// form is the body of a form post.
	form string
	want want
}

// want is what the guard learns. All zero is 404.
type want struct {
	// route is the pattern that claims the request.
	route string
	// allow answers 405.
	allow string
	// ambiguous answers 400: servers read the target in different ways.
	ambiguous bool
	open      bool
	scopes    []string
	// named is what the application must be entitled to, such as
	// "channel REF30"; "no channel" where the request should name one.
	named []string
	// missing is the required parameter that is not there.
	missing string
	// code is the error code of a missing parameter.
	code string
}

func check(t *testing.T, loaded profile, requests map[string]request) {
	t.Helper()
	table, err := endpoint.Compile(loaded.API())
	require.NoError(t, err)
	for name, tt := range requests {
		t.Run(name, func(t *testing.T) {
			assert.Equal(t, tt.want, ask(t, loaded, table, tt))
		})
	}
}

func ask(t *testing.T, loaded profile, table *endpoint.Table, asked request) want {
	t.Helper()
	method, target, _ := strings.Cut(asked.line, " ")
	r := httptest.NewRequest(method, target, nil)
	if asked.form != "" {
		r = httptest.NewRequest(method, target, strings.NewReader(asked.form))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}

	path, err := endpoint.Canonical(r)
	if err != nil {
		return want{ambiguous: true}
	}
	match := table.Match(r.Method, path)
	if match.Outcome != endpoint.Found {
		return want{allow: match.Allow}
	}
	parameters := endpoint.NewParameters(r)
	if match.NeedsForm() {
		require.NoError(t, match.ReadForm(&parameters, r, endpoint.FormLimit))
	}
	got := want{
		route:  match.Route.Path,
		open:   match.Open(parameters),
		scopes: match.Route.Scopes,
		named:  named(loaded, r, path, &match, parameters),
	}
	if missing := match.Missing(parameters); missing != nil {
		got.missing, got.code = missing.Name, missing.Code
	}
	return got
}

func named(loaded profile, r *http.Request, path string, match *endpoint.Match, parameters endpoint.Parameters) []string {
	var names []string
	for _, each := range match.Named(parameters, nil) {
		if each.Missing {
			names = append(names, "no "+string(each.Names))
			continue
		}
		names = append(names, string(each.Names)+" "+each.Value)
	}
	if finder, ok := loaded.(plugins.EntitlementFinder); ok {
		for _, channel := range finder.Channels(r, path) {
			names = append(names, "channel "+channel)
		}
	}
	return names
}

func TestEveryDescriptionCompiles(t *testing.T) {
	for _, name := range names {
		_, err := endpoint.Compile(load(t, name).API())
		assert.NoError(t, err)
	}
}

// Whatever the table says of a route must hold for a request that is made of
// its pattern: no route may be hidden behind another.
func TestEveryRouteCanBeReached(t *testing.T) {
	for _, name := range names {
		table, err := endpoint.Compile(load(t, name).API())
		require.NoError(t, err)
		for _, route := range table.Routes() {
			for _, method := range route.Methods {
				match := table.Match(method, placeholder.Replace(route.Path))
				assert.Same(t, route, match.Route, "%s: %s %s", name, method, route.Path)
			}
		}
	}
}

// A name in a pattern stands for itself here, which no literal of ours is.
var placeholder = strings.NewReplacer("{", "any-", "...}", "/more", "}", "")

// The paths of one API under every spelling that a lax backend might take for
// it must not be the gateway's to let through.
func TestOtherSpellingsOfARouteAreNotClaimed(t *testing.T) {
	for _, name := range names {
		table, err := endpoint.Compile(load(t, name).API())
		require.NoError(t, err)
		for _, route := range table.Routes() {
			literal, _, _ := strings.Cut(route.Path, "{")
			if literal != route.Path {
				continue
			}
			for _, other := range []string{strings.ToUpper(literal), literal + "/", literal + "/extra/extra/extra"} {
				match := table.Match(route.Methods[0], other)
				if match.Route != nil {
					assert.Contains(t, match.Route.Path, "...}", "%s: %s", name, other)
				}
			}
		}
	}
}

func TestHeadAndOptionsComeWithNoRoute(t *testing.T) {
	for _, name := range names {
		table, err := endpoint.Compile(load(t, name).API())
		require.NoError(t, err)
		for _, route := range table.Routes() {
			for _, method := range []string{http.MethodHead, http.MethodOptions, http.MethodTrace, http.MethodPut, http.MethodPatch, "get"} {
				match := table.Match(method, placeholder.Replace(route.Path))
				assert.Equal(t, endpoint.MethodNotAllowed, match.Outcome, "%s: %s %s", name, method, route.Path)
				assert.NotEmpty(t, match.Allow)
			}
		}
	}
}
