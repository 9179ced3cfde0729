package endpoint_test

import (
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/caddy-dcr/caddy-dcr/internal/endpoint"
	"github.com/caddy-dcr/caddy-dcr/internal/endpoint/habits"
	"github.com/caddy-dcr/caddy-dcr/plugins"
)

func channel(in plugins.Place, name string, required bool) plugins.Location {
	return plugins.Location{In: in, Name: name, Names: plugins.NamesChannel, Required: required}
}

// site has one of everything that the APIs of the house have: routes of
// several scopes side by side, open ones among them, and channels in the path,
// the query and the form.
func site(t testing.TB) habits.Site {
	t.Helper()
	streaming := plugins.API{
		Name: "streaming", Prefixes: []string{"/api/v2/"}, Errors: plugins.Enhanced,
		Routes: []plugins.Route{
			{Methods: []string{"GET"}, Path: "/api/v2/authenticate/{sp}/{code}", Open: true, Entitled: []plugins.Location{channel(plugins.InPath, "sp", true)}},
			{Methods: []string{"GET"}, Path: "/api/v2/{sp}/configuration", Scopes: []string{"watch"}, Entitled: []plugins.Location{channel(plugins.InPath, "sp", true)}},
			{Methods: []string{"GET", "POST"}, Path: "/api/v2/{sp}/sessions/{code}", Scopes: []string{"watch"}, Entitled: []plugins.Location{channel(plugins.InPath, "sp", true)}},
			{Methods: []string{"GET"}, Path: "/api/v2/{sp}/admin", Scopes: []string{"admin"}, Entitled: []plugins.Location{channel(plugins.InPath, "sp", true)}},
		},
	}
	management := plugins.API{
		Name: "management", Prefixes: []string{"/reset/", "/control/", "/report/", "/sdk/"}, Errors: plugins.OAuthJSON, QueryToken: "access_token",
		Routes: []plugins.Route{
			{Methods: []string{"DELETE"}, Path: "/reset/v3/reset", Scopes: []string{"reset"}, Required: []plugins.Parameter{{In: plugins.InQuery, Name: "requestor_id"}}, Entitled: []plugins.Location{channel(plugins.InQuery, "requestor_id", false)}},
			{Methods: []string{"GET"}, Path: "/control/{programmer}/all", Scopes: []string{"read", "write"}, Entitled: []plugins.Location{channel(plugins.InPath, "programmer", true), channel(plugins.InQuery, "programmer", false)}},
			{Methods: []string{"POST"}, Path: "/control/{programmer}/all", Scopes: []string{"write"}, Entitled: []plugins.Location{channel(plugins.InPath, "programmer", true), channel(plugins.InQuery, "programmer", false)}},
			{Methods: []string{"GET"}, Path: "/report/{path...}", Scopes: []string{"report"}, Entitled: []plugins.Location{channel(plugins.InQuery, "requestor-id", true)}},
			{Methods: []string{"GET"}, Path: "/report/open/health", Open: true},
			{Methods: []string{"GET", "POST"}, Path: "/sdk/config", Scopes: []string{"sdk"}, Entitled: []plugins.Location{channel(plugins.InQuery, "requestor_id", false), channel(plugins.InForm, "requestor_id", false)}},
			{Methods: []string{"GET"}, Path: "/sdk/authenticate/{flow...}", Scopes: []string{"sdk"}, OpenWith: "reg_code", Entitled: []plugins.Location{channel(plugins.InQuery, "requestor_id", false)}},
		},
	}
	all := habits.Site{Canonical: endpoint.Canonical}
	for _, api := range []plugins.API{streaming, management} {
		table, err := endpoint.Compile(api)
		require.NoError(t, err)
		all.APIs = append(all.APIs, habits.API{Table: table})
	}
	return all
}

// targets are good ones, one for each route.
var targets = []struct{ method, path, query string }{
	{"GET", "/api/v2/authenticate/REF30/X1", ""},
	{"GET", "/api/v2/REF30/configuration", ""},
	{"POST", "/api/v2/REF30/sessions/X1", ""},
	{"GET", "/api/v2/REF30/admin", ""},
	{"DELETE", "/reset/v3/reset", "requestor_id=REF30"},
	{"GET", "/control/REF30/all", "programmer=REF30"},
	{"POST", "/control/REF30/all", "programmer=REF30"},
	{"GET", "/report/media/year", "requestor-id=REF30"},
	{"GET", "/report/open/health", ""},
	{"POST", "/sdk/config", "requestor_id=REF30"},
	{"GET", "/sdk/authenticate/saml", "reg_code=X&requestor_id=REF30"},
}

// parse is what net/http does with a request line; nil is what it refuses.
func parse(method, target, form string) *http.Request {
	u, err := url.ParseRequestURI(target)
	if err != nil || strings.ContainsAny(target, " \t\r\n") {
		return nil
	}
	r := &http.Request{Method: method, URL: u, RequestURI: target, Header: http.Header{}, Body: http.NoBody}
	if form != "" {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Body = io.NopCloser(strings.NewReader(form))
	}
	return r
}

// spoiltPaths calls back with every hostile path that is made of the good
// ones, and spoiltQueries with every hostile query.
func spoiltPaths(try func(method, name, target string)) {
	for _, good := range targets {
		for _, s := range habits.SpoilPath(good.path) {
			try(good.method, s.Name, s.Target+"?"+good.query)
		}
		segments := strings.Split(good.path, "/")
		for i := 1; i < len(segments); i++ {
			for _, word := range words {
				changed := slices.Clone(segments)
				changed[i] = word
				try(good.method, word+" for "+segments[i], strings.Join(changed, "/")+"?"+good.query)
			}
		}
		for _, other := range targets {
			for _, s := range habits.Climb(good.path, other.path) {
				try(good.method, s.Name, s.Target+"?"+good.query)
			}
		}
	}
}

func spoiltQueries(try func(method, name, target string)) {
	for _, good := range targets {
		for _, name := range []string{"requestor_id", "requestor-id", "programmer", "reg_code"} {
			for _, s := range habits.SpoilQuery(name, "REF30", "CNN") {
				try(good.method, s.Name, good.path+"?"+s.Target)
				if good.query != "" {
					try(good.method, s.Name, good.path+"?"+good.query+"&"+s.Target)
				}
			}
		}
	}
}

func TestNoTargetReachesAServerAsAnotherRouteOrChannel(t *testing.T) {
	s := site(t)
	for _, good := range targets {
		confusion, refused := s.Confusion(parse(good.method, good.path+"?"+good.query, ""), habits.Servers)
		require.Empty(t, confusion, good.path)
		require.False(t, refused, good.path)
	}
	count, passed := 0, 0
	try := func(method, name, target string) {
		count++
		if r := parse(method, target, ""); r != nil {
			confusion, refused := s.Confusion(r, habits.Servers)
			assert.Empty(t, confusion, "%s %s (%s)", method, target, name)
			if !refused {
				passed++
			}
		}
	}
	spoiltPaths(try)
	spoiltQueries(try)
	t.Logf("%d targets, of which %d pass for somebody", count, passed)
	assert.Greater(t, count, 40_000)
	assert.Greater(t, passed, 1_000)
}

// A model that nothing confuses would show nothing: with a gateway that takes
// the path as net/http decodes it, every server is fooled.
func TestEveryHabitFoolsAGatewayThatDoesNotKnowIt(t *testing.T) {
	s := site(t)
	s.Canonical = func(r *http.Request) (string, error) { return r.URL.Path, nil }
	fooled := map[string]int{}
	spoiltPaths(func(method, _, target string) {
		if r := parse(method, target, ""); r != nil {
			for _, server := range habits.Servers {
				if confusion, _ := s.Confusion(r, []habits.Server{server}); confusion != "" {
					fooled[server.Name]++
				}
			}
		}
	})
	t.Log(fooled)
	// Their habits are those of that gateway, or the routes' own table knows them.
	plain := []string{"net/http", "Express", "Rails", "PHP"}
	for _, server := range habits.Servers {
		assert.Equal(t, slices.Contains(plain, server.Name), fooled[server.Name] == 0, server.Name)
	}
}

// And so with a gateway that asks net/http for a parameter.
func TestEveryReaderFoolsAGatewayThatDoesNotKnowIt(t *testing.T) {
	const name = "requestor_id"
	for _, reader := range habits.Readers {
		fooled := 0
		for _, s := range habits.SpoilQuery(name, "REF30", "CNN") {
			parsed, _ := url.ParseQuery(s.Target)
			for _, value := range reader.Values(s.Target, name) {
				if value == "CNN" && !slices.Contains(parsed[name], "CNN") {
					fooled++
				}
			}
		}
		plain := reader.Name == "net/http" || reader.Name == "one that does not decode names"
		assert.Equal(t, plain, fooled == 0, reader.Name)
	}
}

// words are those of the routes.
var words = []string{
	"api", "v2", "REF30", "CNN", "authenticate", "configuration", "sessions", "admin", "X1", "reset", "v3", "control", "all", "report", "open", "health", "sdk", "config", "saml",
	"ADMIN", "Authenticate", "Sessions",
}

// pieces are what random targets are put together of, beside words.
var pieces = append([]string{
	"..", ".", "%2e", "%2E%2e", "..;", ";a=b", "%3b", "%2f", "%5c", `\`, "%25", "%252f", "%00", "%20", "+", " ", "%09", "%ef%bc%8f", "%c0%af", "%e2%80%8b", ".json", ":", "%61", "é", "%E9", "~",
}, words...)

// queries are what random queries and forms are put together of.
var queries = []string{
	"requestor_id", "requestor-id", "programmer", "reg_code", "REQUESTOR_ID", "requestor%5fid", "requestor%255fid", "requestor.id", "[requestor_id]", "requestor_id[]", "_requestor_id", "=", "=", "=REF30", "=CNN",
	"=REF30&", "=CNN&", "&", "&", ";", "%26", "%3d", "%00", "%20", "+", "[", "]", "%5b", "%5d", "%zz", "#", "?", "%EF%BC%BF",
}

func TestNoRandomTargetReachesARandomServerAsAnother(t *testing.T) {
	s := site(t)
	rapid.Check(t, func(t *rapid.T) {
		for range 200 {
			randomTarget(t, s)
		}
	})
}

func randomTarget(t *rapid.T, s habits.Site) {
	method := rapid.SampledFrom([]string{"GET", "POST", "DELETE"}).Draw(t, "method")
	var path strings.Builder
	for _, piece := range rapid.SliceOfN(rapid.SampledFrom(pieces), 1, 8).Draw(t, "path") {
		if rapid.IntRange(0, 4).Draw(t, "joined") > 0 {
			path.WriteByte('/')
		}
		path.WriteString(piece)
	}
	query := strings.Join(rapid.SliceOfN(rapid.SampledFrom(queries), 0, 8).Draw(t, "query"), "")
	form := strings.Join(rapid.SliceOfN(rapid.SampledFrom(queries), 0, 6).Draw(t, "form"), "")
	if good := rapid.SampledFrom(targets).Draw(t, "good"); rapid.Bool().Draw(t, "a good path") {
		path.Reset()
		path.WriteString(good.path)
		method = good.method
		if good.query != "" && rapid.Bool().Draw(t, "its query") {
			query = good.query + "&" + query
		}
	}
	r := parse(method, path.String()+"?"+query, form)
	if r == nil {
		return
	}
	server := habits.Server{
		Name: "a random server", Fold: rapid.Bool().Draw(t, "fold"),
		Steps: rapid.SliceOfN(rapid.SampledFrom(habits.Steps), 0, 6).Draw(t, "steps"),
	}
	if confusion, _ := s.Confusion(r, []habits.Server{server}); confusion != "" {
		var names []string
		for _, step := range server.Steps {
			names = append(names, step.Name)
		}
		t.Fatalf("%s %s?%s with %q: %s (%s)", method, path.String(), query, form, confusion, strings.Join(names, ", "))
	}
}

// FuzzConfusion looks for a target, or a form, that passes and means something
// else to a server.
func FuzzConfusion(f *testing.F) {
	s := site(f)
	f.Fuzz(func(t *testing.T, method, target, form string) {
		r := parse(method, target, form)
		if r == nil {
			return
		}
		confusion, _ := s.Confusion(r, habits.Servers)
		require.Empty(t, confusion)
	})
}
