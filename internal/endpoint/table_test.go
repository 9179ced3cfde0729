package endpoint

import (
	"net/http"
	"net/netip"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/caddy-dcr/caddy-dcr/plugins"
)

// api makes a description of routes written as "METHOD /path".
func api(routes ...[2]string) plugins.API {
	described := plugins.API{Name: "test", Prefixes: []string{"/"}, Errors: plugins.Enhanced}
	for _, r := range routes {
		described.Routes = append(described.Routes, plugins.Route{
			Methods: []string{r[0]}, Path: r[1], Scopes: []string{"s"},
		})
	}
	return described
}

func table(t testing.TB, described plugins.API) *Table {
	t.Helper()
	compiled, err := Compile(described)
	require.NoError(t, err)
	return compiled
}

var streaming = api(
	[2]string{"GET", "/api/v2/{sp}/configuration"},
	[2]string{"POST", "/api/v2/{sp}/sessions"},
	[2]string{"GET", "/api/v2/{sp}/sessions/{code}"},
	[2]string{"POST", "/api/v2/{sp}/sessions/{code}"},
	[2]string{"GET", "/api/v2/{sp}/profiles/{mvpd}"},
	[2]string{"GET", "/api/v2/{sp}/profiles/code/{code}"},
	[2]string{"GET", "/api/v2/authenticate/{sp}/{code}"},
	[2]string{"GET", "/esm/v3/{dimensions...}"},
	[2]string{"GET", "/esm/v3/special/report"},
	[2]string{"GET", "/esm/v3/{media}/year/month"},
	[2]string{"DELETE", "/with/slash/"},
	[2]string{"GET", "/all"},
	[2]string{"POST", "/{other}"},
)

func TestAPathFindsItsRoute(t *testing.T) {
	compiled := table(t, streaming)
	for name, c := range map[string]struct {
		method, path string
		route        string
		values       map[string]string
	}{
		"a name in the middle":                     {"GET", "/api/v2/REF30/configuration", "/api/v2/{sp}/configuration", map[string]string{"sp": "REF30"}},
		"two names":                                {"POST", "/api/v2/REF30/sessions/X1", "/api/v2/{sp}/sessions/{code}", map[string]string{"sp": "REF30", "code": "X1"}},
		"the other method of one shape":            {"GET", "/api/v2/REF30/sessions/X1", "/api/v2/{sp}/sessions/{code}", map[string]string{"code": "X1"}},
		"a literal before a name":                  {"GET", "/api/v2/authenticate/REF30/X1", "/api/v2/authenticate/{sp}/{code}", map[string]string{"sp": "REF30", "code": "X1"}},
		"a literal before a name, further down":    {"GET", "/api/v2/REF30/profiles/code/X1", "/api/v2/{sp}/profiles/code/{code}", map[string]string{"code": "X1"}},
		"a name beside a literal":                  {"GET", "/api/v2/REF30/profiles/Cablevision", "/api/v2/{sp}/profiles/{mvpd}", map[string]string{"mvpd": "Cablevision"}},
		"one segment of many":                      {"GET", "/esm/v3/year", "/esm/v3/{dimensions...}", map[string]string{"dimensions": "year"}},
		"many segments":                            {"GET", "/esm/v3/a/b/c", "/esm/v3/{dimensions...}", map[string]string{"dimensions": "a/b/c"}},
		"many segments and a slash":                {"GET", "/esm/v3/a/b/", "/esm/v3/{dimensions...}", map[string]string{"dimensions": "a/b/"}},
		"many segments beside a literal":           {"GET", "/esm/v3/special/report", "/esm/v3/special/report", nil},
		"many segments that start as a literal":    {"GET", "/esm/v3/special/other", "/esm/v3/{dimensions...}", map[string]string{"dimensions": "special/other"}},
		"many segments beside a longer pattern":    {"GET", "/esm/v3/a/year/month", "/esm/v3/{media}/year/month", map[string]string{"media": "a"}},
		"many segments where the longer one fails": {"GET", "/esm/v3/a/year/week", "/esm/v3/{dimensions...}", map[string]string{"dimensions": "a/year/week"}},
		"a slash at the end that is meant":         {"DELETE", "/with/slash/", "/with/slash/", nil},
		"a name at the top":                        {"POST", "/something", "/{other}", map[string]string{"other": "something"}},
	} {
		t.Run(name, func(t *testing.T) {
			m := compiled.Match(c.method, c.path)
			require.Equal(t, Found, m.Outcome)
			assert.Equal(t, c.route, m.Route.Path)
			assert.Contains(t, m.Route.Methods, c.method)
			assert.Empty(t, m.Allow)
			for name, want := range c.values {
				got, ok := m.Value(name)
				assert.True(t, ok)
				assert.Equal(t, want, got)
			}
			_, ok := m.Value("no such name")
			assert.False(t, ok)
		})
	}
}

func TestAPathThatNoRouteClaimsIsNotFound(t *testing.T) {
	compiled := table(t, streaming)
	for name, path := range map[string]string{
		"the prefix alone":                              "/api/v2/",
		"less than a route":                             "/api/v2/REF30",
		"more than a route":                             "/api/v2/REF30/configuration/x",
		"a route and a slash":                           "/api/v2/REF30/configuration/",
		"a route of a name and a slash":                 "/api/v2/REF30/profiles/Cablevision/",
		"a literal in another case":                     "/api/v2/REF30/CONFIGURATION",
		"a name that equals a literal beside it":        "/api/v2/authenticate/configuration",
		"a name that equals it but for the case":        "/api/v2/AUTHENTICATE/configuration",
		"the literal in another case, by its own route": "/api/v2/Authenticate/REF30/X1",
		"a name that equals a literal further down":     "/api/v2/REF30/profiles/code",
		"the same but for the case":                     "/api/v2/REF30/profiles/Code",
		"no segment of many":                            "/esm/v3/",
		"no segment of many, without the slash":         "/esm/v3",
		"a literal in another case beside many":         "/esm/v3/SPECIAL/report",
		"the end of it in another case beside many":     "/esm/v3/special/Report",
		"a route and a slash beside many":               "/esm/v3/special/report/",
		"a longer pattern and a slash beside many":      "/esm/v3/a/year/month/",
		"without the slash that is meant":               "/with/slash",
		"a name whose value reads like another route":   "/api/v2/authenticate/profiles/code",
		"an empty name":                                 "/api/v2//configuration",
		"the root":                                      "/",
		"no path":                                       "",
		"no slash":                                      "api",
	} {
		t.Run(name, func(t *testing.T) {
			m := compiled.Match("GET", path)
			assert.Equal(t, NotFound, m.Outcome)
			assert.Nil(t, m.Route)
			_, ok := m.Value("sp")
			assert.False(t, ok)
		})
	}
}

func TestAFoldedLetterDoesNotSlipPastALiteral(t *testing.T) {
	compiled := table(t, api([2]string{"GET", "/sessions/x"}, [2]string{"GET", "/{any}/x"}))
	assert.Equal(t, NotFound, compiled.Match("GET", "/\u017fessions/x").Outcome, "a long s")
	assert.Equal(t, Found, compiled.Match("GET", "/zessions/x").Outcome)
}

// Of /a/{x}/c and /a/b/{y} neither is more literal, and a backend may ask for
// them in either order: it would take b for what the one checks as x, or c for
// what the other checks as y.
func TestAPathThatTwoRoutesClaimIsNeithers(t *testing.T) {
	compiled := table(t, api(
		[2]string{"GET", "/a/{x}/c"}, [2]string{"GET", "/a/b/{y}"}, [2]string{"POST", "/a/p/{y}"},
		[2]string{"GET", "/rest/{x}/{y}/d"}, [2]string{"GET", "/rest/e/{z...}"}, [2]string{"GET", "/rest/{x...}"},
	))
	for path, want := range map[string]Outcome{
		"/a/1/c": Found, "/a/b/1": Found, "/a/b/c": NotFound, "/a/b/C": NotFound, "/a/p/c": MethodNotAllowed,
		"/rest/1/2/d": Found, "/rest/e/1/2": Found, "/rest/e/1/d": NotFound, "/rest/e/1/D": NotFound, "/rest/e/1/d/2": Found, "/rest/1": Found,
	} {
		assert.Equal(t, want, compiled.Match("GET", path).Outcome, path)
	}
	assert.Equal(t, Found, compiled.Match("POST", "/a/p/c").Outcome, "the other is not for this method")
}

func TestAMethodThatTheRouteDoesNotOfferIsToldTheOnesItDoes(t *testing.T) {
	compiled := table(t, streaming)
	for name, c := range map[string]struct{ method, path, allow string }{
		"another method":                                 {"DELETE", "/api/v2/REF30/configuration", "GET"},
		"the method of no route of the shape":            {"PUT", "/api/v2/REF30/sessions/X1", "GET, POST"},
		"HEAD, which is not GET":                         {"HEAD", "/api/v2/REF30/configuration", "GET"},
		"a method in lower case":                         {"get", "/api/v2/REF30/configuration", "GET"},
		"OPTIONS":                                        {"OPTIONS", "/api/v2/REF30/configuration", "GET"},
		"the method of a name, on the literal beside it": {"POST", "/all", "GET"},
		"the method of a literal, on the name beside it": {"GET", "/other", "POST"},
		"no method":                                      {"", "/all", "GET"},
	} {
		t.Run(name, func(t *testing.T) {
			m := compiled.Match(c.method, c.path)
			assert.Equal(t, MethodNotAllowed, m.Outcome)
			assert.Equal(t, c.allow, m.Allow)
			assert.Nil(t, m.Route)
		})
	}
}

func TestTheRouteOfAMatchIsItsIdentity(t *testing.T) {
	described := api([2]string{"GET", "/a"}, [2]string{"GET", "/b"})
	compiled := table(t, described)
	described.Routes[0].Methods[0] = http.MethodPut // the caller's slices are the caller's
	described.Prefixes[0] = "/x/"
	routes := compiled.Routes()
	require.Len(t, routes, 2)
	m := compiled.Match("GET", "/a")
	assert.Same(t, routes[0], m.Route)
	assert.Equal(t, "GET", compiled.API().Routes[0].Methods[0])
	assert.Equal(t, "/", compiled.API().Prefixes[0])
}

func TestAddressesAreHeldAgainstTheList(t *testing.T) {
	described := api([2]string{"GET", "/a"})
	anywhere := table(t, described)
	described.AllowIPs = []string{"192.0.2.0/24", "2001:db8::1/32"}
	compiled := table(t, described)
	for text, want := range map[string]bool{
		"192.0.2.77":          true,
		"::ffff:192.0.2.77":   true,
		"192.0.3.1":           false,
		"2001:db8:1::2":       true,
		"2001:db8:1::2%eth0":  true,
		"2001:db9::1":         false,
		"::ffff:203.0.113.10": false,
	} {
		assert.Equal(t, want, compiled.AllowsAddress(netip.MustParseAddr(text)), text)
		assert.True(t, anywhere.AllowsAddress(netip.MustParseAddr(text)), text)
	}
	assert.False(t, compiled.AllowsAddress(netip.Addr{}), "an address that nobody knows")
	assert.True(t, anywhere.AllowsAddress(netip.Addr{}))
}
