package endpoint

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/caddy-dcr/caddy-dcr/plugins"
)

func sound() plugins.API {
	return plugins.API{
		Name: "rest_v2", Title: "REST API V2", Prefixes: []string{"/api/v2/"}, Errors: plugins.Enhanced,
		QueryToken: "access_token", AllowIPs: []string{"192.0.2.0/24"},
		Routes: []plugins.Route{{
			Methods: []string{"GET", "POST"}, Path: "/api/v2/{sp}/sessions/{code}", Scopes: []string{"api:client:v2"},
			OpenWith: "reg_code", Redirect: "redirect_url",
			Required: []plugins.Parameter{{In: plugins.InForm, Name: "mvpd", Code: "invalid_parameter_mvpd"}},
			Entitled: []plugins.Location{{In: plugins.InPath, Name: "sp", Names: plugins.NamesChannel}},
		}},
	}
}

func TestASoundDescriptionCompiles(t *testing.T) {
	_, err := Compile(sound())
	assert.NoError(t, err)
}

func TestEveryFaultOfADescriptionIsNamed(t *testing.T) {
	for name, c := range map[string]struct {
		spoil func(api *plugins.API, r *plugins.Route)
		want  string
	}{
		"no name":                           {func(a *plugins.API, _ *plugins.Route) { a.Name = "" }, `name: got ""`},
		"a name that is no label":           {func(a *plugins.API, _ *plugins.Route) { a.Name = "REST V2" }, `name: got "REST V2"`},
		"no error style":                    {func(a *plugins.API, _ *plugins.Route) { a.Errors = "" }, `errors: got "", want one of`},
		"an unknown error style":            {func(a *plugins.API, _ *plugins.Route) { a.Errors = "html" }, `errors: got "html"`},
		"a query token that is no name":     {func(a *plugins.API, _ *plugins.Route) { a.QueryToken = "a&b" }, `query_token: got "a&b"`},
		"no prefix":                         {func(a *plugins.API, _ *plugins.Route) { a.Prefixes = nil }, `prefixes: got ""`},
		"a prefix without a slash":          {func(a *plugins.API, _ *plugins.Route) { a.Prefixes[0] = "/api/v2" }, `prefixes[0]: got "/api/v2"`},
		"a prefix without a first slash":    {func(a *plugins.API, _ *plugins.Route) { a.Prefixes[0] = "api/v2/" }, `prefixes[0]: got "api/v2/"`},
		"an ambiguous prefix":               {func(a *plugins.API, _ *plugins.Route) { a.Prefixes[0] = "/api/../" }, `prefixes[0]: got "/api/../"`},
		"no route":                          {func(a *plugins.API, _ *plugins.Route) { a.Routes = nil }, `routes: got ""`},
		"an address that is no range":       {func(a *plugins.API, _ *plugins.Route) { a.AllowIPs[0] = "192.0.2.1" }, `allow_ips[0]: got "192.0.2.1", want a CIDR range`},
		"a range that matches nothing":      {func(a *plugins.API, _ *plugins.Route) { a.AllowIPs[0] = "::ffff:192.0.2.0/120" }, `allow_ips[0]`},
		"a route outside":                   {func(_ *plugins.API, r *plugins.Route) { r.Path = "/api/v3/{sp}" }, `routes[0].path: got "/api/v3/{sp}", want a path under one of ["/api/v2/"]`},
		"a path without a slash":            {func(_ *plugins.API, r *plugins.Route) { r.Path = "api" }, `routes[0].path: got "api", want a path that begins with a slash`},
		"an empty segment":                  {func(_ *plugins.API, r *plugins.Route) { r.Path = "/api/v2//{sp}" }, `routes[0].path`},
		"a dot segment":                     {func(_ *plugins.API, r *plugins.Route) { r.Path = "/api/v2/../{sp}" }, `a segment ends in a dot`},
		"an encoded segment":                {func(_ *plugins.API, r *plugins.Route) { r.Path = "/api/v2/a%20b/{sp}" }, `it is encoded twice`},
		"a name that is not closed":         {func(_ *plugins.API, r *plugins.Route) { r.Path = "/api/v2/{sp" }, `braces around a whole segment only`},
		"half a name":                       {func(_ *plugins.API, r *plugins.Route) { r.Path = "/api/v2/x{sp}" }, `braces around a whole segment only`},
		"a name without letters":            {func(_ *plugins.API, r *plugins.Route) { r.Path = "/api/v2/{sp}/{}" }, `{} is none`},
		"a name with a blank":               {func(_ *plugins.API, r *plugins.Route) { r.Path = "/api/v2/{sp}/{a b}" }, `{a b} is none`},
		"a name twice":                      {func(_ *plugins.API, r *plugins.Route) { r.Path = "/api/v2/{sp}/{sp}" }, `{sp} is there twice`},
		"many segments in the middle":       {func(_ *plugins.API, r *plugins.Route) { r.Path = "/api/v2/{x...}/{sp}" }, `{name...} at the end only`},
		"too many names":                    {func(_ *plugins.API, r *plugins.Route) { r.Path = "/api/v2/{sp}/{b}/{c}/{d}/{e}/{f}/{g}/{h}/{i}" }, `at most 8 names`},
		"no method":                         {func(_ *plugins.API, r *plugins.Route) { r.Methods = nil }, `routes[0].methods: got ""`},
		"a method in lower case":            {func(_ *plugins.API, r *plugins.Route) { r.Methods[1] = "post" }, `routes[0].methods[1]: got "post"`},
		"a method for all":                  {func(_ *plugins.API, r *plugins.Route) { r.Methods[0] = "*" }, `routes[0].methods[0]: got "*"`},
		"a method twice":                    {func(_ *plugins.API, r *plugins.Route) { r.Methods[1] = "GET" }, `routes[0].methods[1]: got "GET"`},
		"no scope":                          {func(_ *plugins.API, r *plugins.Route) { r.Scopes = nil }, `routes[0].scopes: got "", want at least one, or an open route`},
		"a scope that is none":              {func(_ *plugins.API, r *plugins.Route) { r.Scopes[0] = "a b" }, `routes[0].scopes: got "a b"`},
		"a scope on an open route":          {func(_ *plugins.API, r *plugins.Route) { r.Open, r.OpenWith = true, "" }, `routes[0].scopes: got "api:client:v2", want none`},
		"an open route that can be opened":  {func(_ *plugins.API, r *plugins.Route) { r.Open, r.Scopes = true, nil }, `routes[0].open_with: got "reg_code"`},
		"an opener that is no name":         {func(_ *plugins.API, r *plugins.Route) { r.OpenWith = "a=b" }, `routes[0].open_with: got "a=b"`},
		"a redirect that is no name":        {func(_ *plugins.API, r *plugins.Route) { r.Redirect = "a b" }, `routes[0].redirect: got "a b"`},
		"an entitled name not in the path":  {func(_ *plugins.API, r *plugins.Route) { r.Entitled[0].Name = "mvpd" }, `routes[0].entitled[0].name: got "mvpd", want a {name} of the path`},
		"an entitled literal":               {func(_ *plugins.API, r *plugins.Route) { r.Entitled[0].Name = "sessions" }, `routes[0].entitled[0].name`},
		"many segments that are one name":   {func(_ *plugins.API, r *plugins.Route) { r.Path = "/api/v2/{sp...}" }, `routes[0].entitled[0].name: got "sp"`},
		"an unknown place":                  {func(_ *plugins.API, r *plugins.Route) { r.Entitled[0].In = "cookie" }, `routes[0].entitled[0].in: got "cookie"`},
		"an unknown kind of name":           {func(_ *plugins.API, r *plugins.Route) { r.Entitled[0].Names = "mvpd" }, `routes[0].entitled[0].names: got "mvpd"`},
		"a required parameter without name": {func(_ *plugins.API, r *plugins.Route) { r.Required[0].Name = "" }, `routes[0].required[0].name: got ""`},
		"an error code that is none":        {func(_ *plugins.API, r *plugins.Route) { r.Required[0].Code = "a\"b" }, `routes[0].required[0].code`},
	} {
		t.Run(name, func(t *testing.T) {
			api := sound()
			c.spoil(&api, &api.Routes[0])
			_, err := Compile(api)
			assert.ErrorContains(t, err, c.want)
		})
	}
}

func TestEveryFaultIsNamedAtOnce(t *testing.T) {
	spoilt := sound()
	spoilt.Errors, spoilt.Routes[0].Methods[0] = "", "get"
	_, err := Compile(spoilt)
	assert.ErrorContains(t, err, "errors: ")
	assert.ErrorContains(t, err, "routes[0].methods[0]: ")
}

func TestRoutesThatCannotBeToldApartAreRefused(t *testing.T) {
	for name, c := range map[string]struct {
		routes [][2]string
		want   string
	}{
		"the same path":                       {[][2]string{{"GET", "/a"}, {"GET", "/a"}}, `routes[1].path: got "/a", want paths that are its own: routes[0] has GET /a`},
		"the same shape":                      {[][2]string{{"GET", "/a/{x}"}, {"GET", "/a/{y}"}}, `routes[0] has GET /a/{x}`},
		"the same shape of many":              {[][2]string{{"GET", "/a/{x...}"}, {"GET", "/a/{y...}"}}, `routes[0] has GET /a/{x...}`},
		"literals that differ in case":        {[][2]string{{"GET", "/a/b"}, {"GET", "/A/c"}}, `another route has "a"`},
		"literals that differ in case, below": {[][2]string{{"GET", "/{x}/b"}, {"POST", "/{y}/B"}}, `another route has "b"`},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Compile(api(c.routes...))
			assert.ErrorContains(t, err, c.want)
		})
	}
}

func TestRoutesThatCanBeToldApartAreTaken(t *testing.T) {
	for name, routes := range map[string][][2]string{
		"by method":                      {{"GET", "/a/{x}"}, {"POST", "/a/{y}"}},
		"by a literal":                   {{"GET", "/a/{x}"}, {"GET", "/a/b"}},
		"by a literal on either side":    {{"GET", "/a/{x}/c"}, {"GET", "/a/b/{y}"}},
		"by one segment instead of many": {{"GET", "/a/{x...}"}, {"GET", "/a/{y}"}},
		"by many segments further down":  {{"GET", "/a/{x...}"}, {"GET", "/a/{y}/{z...}"}},
		"by a slash":                     {{"GET", "/a"}, {"GET", "/a/"}},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Compile(api(routes...))
			assert.NoError(t, err)
		})
	}
}
