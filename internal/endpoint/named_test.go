package endpoint

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/caddy-dcr/caddy-dcr/plugins"
)

// matched finds the route /a/{channel} as changed, for a form POST.
func matched(t testing.TB, query, form string, change func(*plugins.Route)) (*Match, Parameters) {
	t.Helper()
	described := api([2]string{http.MethodPost, "/a/{channel}"})
	change(&described.Routes[0])
	m := table(t, described).Match(http.MethodPost, "/a/REF30")
	require.Equal(t, Found, m.Outcome)
	r := post(query, formType, form)
	p := NewParameters(r)
	require.NoError(t, p.ReadForm(r, FormLimit))
	return &m, p
}

func entitled(locations ...plugins.Location) func(*plugins.Route) {
	return func(r *plugins.Route) { r.Entitled = locations }
}

func TestEverythingThatARequestNamesIsGathered(t *testing.T) {
	channel := func(in plugins.Place, name string, required bool) plugins.Location {
		return plugins.Location{In: in, Name: name, Names: plugins.NamesChannel, Required: required}
	}
	named := func(values ...string) []Named {
		var all []Named
		for _, value := range values {
			all = append(all, Named{Names: plugins.NamesChannel, Value: value, Missing: value == ""})
		}
		return all
	}
	inQuery := entitled(channel(plugins.InQuery, "requestor_id", false))
	required := entitled(channel(plugins.InQuery, "requestor_id", true))
	either := entitled(channel(plugins.InQuery, "requestor_id", true), channel(plugins.InForm, "requestor_id", true))
	for name, c := range map[string]struct {
		query, form string
		route       func(*plugins.Route)
		want        []Named
	}{
		"in the path":                           {"requestor_id=X", "", entitled(channel(plugins.InPath, "channel", true)), named("REF30")},
		"in the query":                          {"a=b&requestor_id=X", "", inQuery, named("X")},
		"in the query in any case":              {"Requestor_ID=X&requestor%5Fid=Y", "", inQuery, named("X", "Y")},
		"more than once":                        {"requestor_id=X&a=b&requestor_id=Y%20Z", "", inQuery, named("X", "Y Z")},
		"as a list":                             {"requestor_id[]=X&requestor.id=Y", "", inQuery, named("X", "Y")},
		"in a form that wins over the query":    {"", "requestor_id=X", inQuery, named("X")},
		"in both, the form being looked at too": {"requestor_id=X", "Requestor_ID[]=Y", inQuery, named("X", "Y")},
		"in a form, though the query must":      {"", "requestor_id=X", required, named("", "X")},
		"not at all":                            {"a=b", "", inQuery, nil},
		"not at all, empty":                     {"requestor_id=", "", inQuery, nil},
		"not at all, though required":           {"a=b", "", required, named("")},
		"empty, though required":                {"requestor_id=", "", required, named("")},
		"empty beside another, though required": {"requestor_id=X&requestor_id=", "", required, named("X", "")},
		"in another case only, though required": {"Requestor_ID=X", "", required, named("X", "")},
		"encoded only, though required":         {"requestor%5Fid=X", "", required, named("X", "")},
		"an empty list beside, though required": {"requestor_id=X&requestor_id[]=", "", required, named("X", "")},
		"an empty form beside, though required": {"requestor_id=X", "requestor_id=", required, named("X", "")},
		"as a list only, though required":       {"requestor_id[]=X", "", required, named("X", "")},
		"in the query, where either will do":    {"requestor_id=X", "", either, named("X")},
		"in the form, where either will do":     {"", "requestor_id=X", either, named("X")},
		"in both, where either will do":         {"requestor_id=X", "requestor_id=Y", either, named("X", "Y")},
		"in neither, where either will do":      {"", "", either, named("", "")},
		"in one, the other being empty":         {"requestor_id=X", "requestor_id=", either, named("X", "", "")},
		"where the path will do for a parameter": {"", "", entitled(
			channel(plugins.InPath, "channel", true), channel(plugins.InQuery, "channel", true)), named("REF30")},
		"as another kind of thing": {"requestor_id=X", "", entitled(
			plugins.Location{In: plugins.InQuery, Name: "requestor_id", Names: plugins.NamesProgrammer}),
			[]Named{{Names: plugins.NamesProgrammer, Value: "X"}}},
	} {
		t.Run(name, func(t *testing.T) {
			m, p := matched(t, c.query, c.form, c.route)
			assert.Equal(t, c.want, m.Named(p, nil))
		})
	}
}

func TestGatheringStopsWhereADecisionRefuses(t *testing.T) {
	m, p := matched(t, strings.Repeat("a=x&", 10_000), "", entitled(
		plugins.Location{In: plugins.InQuery, Name: "a", Names: plugins.NamesChannel}))
	assert.Len(t, m.Named(p, nil), MaxNamed+1)
}

func TestTheBufferOfTheCallerIsUsed(t *testing.T) {
	m, p := matched(t, "a=x", "", entitled(plugins.Location{In: plugins.InQuery, Name: "a", Names: plugins.NamesChannel}))
	var buffer [4]Named
	m.Named(p, buffer[:0])
	assert.Equal(t, "x", buffer[0].Value)
}

func TestAParameterThatTheRouteCannotDoWithoutIsMissed(t *testing.T) {
	required := []plugins.Parameter{
		{In: plugins.InPath, Name: "channel"},
		{In: plugins.InQuery, Name: "mvpd", Code: "invalid_parameter_mvpd"},
		{In: plugins.InQuery, Name: "requestor"},
		{In: plugins.InForm, Name: "requestor"},
	}
	for name, c := range map[string]struct{ query, form, want string }{
		"none when all are there":        {"mvpd=a&requestor=b", "", ""},
		"none when names differ in case": {"MVPD=a&Requestor=b", "", ""},
		"none when one is in the form":   {"mvpd=a", "requestor=b", ""},
		"the one that is not there":      {"requestor=b", "", "mvpd"},
		"the one that is empty":          {"mvpd=&requestor=b", "", "mvpd"},
		"the one that is only similar":   {"mvpd[]=a&requestor=b", "", "mvpd"},
		"the one in the wrong place":     {"requestor=b", "mvpd=a", "mvpd"},
		"the one in neither place":       {"mvpd=a", "", "requestor"},
	} {
		t.Run(name, func(t *testing.T) {
			m, p := matched(t, c.query, c.form, func(r *plugins.Route) { r.Required = required })
			missing := m.Missing(p)
			if c.want == "" {
				assert.Nil(t, missing)
				return
			}
			require.NotNil(t, missing)
			assert.Equal(t, c.want, missing.Name)
		})
	}
}

func TestARouteIsOpen(t *testing.T) {
	opens := func(r *plugins.Route) { r.OpenWith = "reg_code" }
	for name, c := range map[string]struct {
		query string
		route func(*plugins.Route)
		want  bool
	}{
		"always":                            {"", func(r *plugins.Route) { r.Open, r.Scopes = true, nil }, true},
		"never":                             {"reg_code=X", func(*plugins.Route) {}, false},
		"with the parameter":                {"a=b&reg_code=X", opens, true},
		"not without it":                    {"a=b", opens, false},
		"not when it is empty":              {"reg_code=", opens, false},
		"not when one of two is empty":      {"reg_code=X&reg_code", opens, false},
		"not when it is spelt differently":  {"REG_CODE=X", opens, false},
		"not when it is encoded":            {"reg%5Fcode=X", opens, false},
		"not when another spelling follows": {"reg_code=X&reg_code[]=Y", opens, false},
	} {
		t.Run(name, func(t *testing.T) {
			m, p := matched(t, c.query, "reg_code=X", c.route)
			assert.Equal(t, c.want, m.Open(p))
		})
	}
}

func TestOnlyRoutesThatLookIntoAFormNeedIt(t *testing.T) {
	for name, c := range map[string]struct {
		route func(*plugins.Route)
		want  bool
	}{
		"a route that looks nowhere":     {func(*plugins.Route) {}, false},
		"a route that looks elsewhere":   {entitled(plugins.Location{In: plugins.InPath, Name: "channel", Names: plugins.NamesChannel}), false},
		"a name that a form overrules":   {entitled(plugins.Location{In: plugins.InQuery, Name: "a", Names: plugins.NamesChannel}), true},
		"an entitled name in the form":   {entitled(plugins.Location{In: plugins.InForm, Name: "a", Names: plugins.NamesChannel}), true},
		"a parameter required in a form": {func(r *plugins.Route) { r.Required = []plugins.Parameter{{In: plugins.InForm, Name: "a"}} }, true},
	} {
		t.Run(name, func(t *testing.T) {
			m, _ := matched(t, "", "", c.route)
			assert.Equal(t, c.want, m.NeedsForm())
		})
	}
}

func TestAFormNamesNoMethodThatTheRouteDoesNotOffer(t *testing.T) {
	for form, want := range map[string]error{
		"requestor_id=REF30":           nil,
		"_method=GET&requestor_id=X":   nil, // as the SDKs post
		"_method=get":                  nil,
		"_method=P%4FST":               nil,
		"_method=DELETE":               ErrFormMalformed,
		"_method=GET&_method=DELETE":   ErrFormMalformed,
		"%5Fmethod[]=DELETE":           ErrFormMalformed,
		".method=DELETE":               ErrFormMalformed,
		"_method=":                     ErrFormMalformed,
		"X-HTTP-Method-Override=PATCH": ErrFormMalformed,
		"method=DELETE&my_method=PUT":  nil,
	} {
		described := api([2]string{http.MethodPost, "/a"})
		described.Routes[0].Methods = []string{http.MethodGet, http.MethodPost}
		entitled(plugins.Location{In: plugins.InForm, Name: "requestor_id", Names: plugins.NamesChannel})(&described.Routes[0])
		m := table(t, described).Match(http.MethodPost, "/a")
		require.Equal(t, Found, m.Outcome)
		r := post("", formType, form)
		p := NewParameters(r)
		assert.ErrorIs(t, m.ReadForm(&p, r, FormLimit), want, form)
	}
}

func TestNoRouteNamesNothing(t *testing.T) {
	var m Match
	assert.Empty(t, m.Named(Parameters{}, nil))
	assert.Nil(t, m.Missing(Parameters{}))
	assert.False(t, m.Open(Parameters{}))
	assert.False(t, m.NeedsForm())
}
