package endpoint

import (
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestNamesOfParametersAreCompared(t *testing.T) {
	for name, c := range map[string]struct {
		name string
		want fit
	}{
		"the name itself":                      {"requestor_id", same},
		"upper case":                           {"REQUESTOR_ID", same},
		"an encoded letter":                    {"%72equestor_id", same},
		"all of it encoded":                    {"%72%65%71%75%65%73%74%6F%72%5F%69%64", same},
		"an encoded letter in upper case":      {"%52equestor_id", same},
		"a letter that folds into another":     {"reque%C5%BFtor_id", same},
		"the same, not encoded":                {"requeſtor_id", same},
		"the list of PHP":                      {"requestor_id[]", similar},
		"the list, encoded":                    {"requestor_id%5B%5D", similar},
		"an index":                             {"Requestor_ID[0]", similar},
		"a dot that becomes an underscore":     {"requestor.id", similar},
		"a plus that becomes an underscore":    {"requestor+id", similar},
		"a bracket that becomes an underscore": {"requestor[id", similar},
		"a blank before it":                    {"+requestor_id", similar},
		"a blank after it":                     {"requestor_id%20", similar},
		"another name":                         {"requestor", another},
		"a longer name":                        {"requestor_id2", another},
		"a longer encoded name":                {"%72equestor_id2", another},
		"a comparison":                         {"requestor_id!", another},
		"a list of another name":               {"requestor[]", another},
		"an invalid escape":                    {"requestor_id%", another},
		"encoded twice":                        {"requestor%255fid", similar},
		"encoded three times":                  {"%25252572equestor_id", similar},
		"encoded twice, and invalid then":      {"requestor%25zzid", another},
		"half an escape the second time":       {"requestor_id%25", another},
		"brackets around it":                   {"[requestor_id]", similar},
		"a bracket behind it":                  {"requestor_id]x", similar},
		"the marks of Spring":                  {"!_requestor_id", similar},
		"a mark alone":                         {"_", another},
		"a member of it":                       {"requestor_id.x", similar},
		"fullwidth letters":                    {"%EF%BD%92equestor_id", similar},
		"fullwidth letters, not encoded":       {"ｒequestor_id", similar},
		"a no-break space before it":           {"%C2%A0requestor_id", similar},
		"another letter":                       {"é", another},
		"no name":                              {"", another},
		"a name beyond all bounds":             {strings.Repeat("%72", 1000), similar},
	} {
		t.Run(name, func(t *testing.T) {
			assert.Equal(t, c.want, compare(c.name, "requestor_id"))
		})
	}
}

func TestAQueryIsSearched(t *testing.T) {
	for name, c := range map[string]struct {
		query, first string
		count        int
	}{
		"with nothing in it":         {"", "", 0},
		"with other things in it":    {"a=b&c", "", 0},
		"with the parameter":         {"a=b&access_token=x%2By+z&c=d", "x+y z", 1},
		"with an empty one":          {"access_token=", "", 1},
		"with a bare one":            {"access_token", "", 1},
		"with two":                   {"access_token=1&Access_Token=2", "1", 2},
		"with an empty one first":    {"access_token=&%61ccess_token=2", "", 2},
		"with an equals sign inside": {"access_token=a=b", "a=b", 1},
		"with a value that is wrong": {"access_token=%", "%", 1},
	} {
		t.Run(name, func(t *testing.T) {
			first, count := LookupQuery(c.query, "access_token")
			assert.Equal(t, c.first, first)
			assert.Equal(t, c.count, count)
		})
	}
}

func TestAParameterIsRemovedAndNothingElse(t *testing.T) {
	for name, c := range map[string]struct{ query, want string }{
		"where there is none":         {"a=b&&c;d=%zz", "a=b&&c;d=%zz"},
		"from an empty query":         {"", ""},
		"when it is alone":            {"access_token=x", ""},
		"at the front":                {"access_token=x&b=2", "b=2"},
		"in the middle":               {"a=1&access_token=x&b=2", "a=1&b=2"},
		"at the end":                  {"a=1&access_token=x", "a=1"},
		"every time":                  {"access_token=x&a=1&access_token&access_token=", "a=1"},
		"in upper case":               {"ACCESS_TOKEN=x&a=1", "a=1"},
		"percent-encoded":             {"%61ccess%5Ftoken=x&a=1", "a=1"},
		"keeping what looks odd":      {"b=%2F%2f+%20&access_token=x&&a&=c&%zz=1", "b=%2F%2f+%20&&a&=c&%zz=1"},
		"but not one that is similar": {"access_token[]=x&access_token=y", "access_token[]=x"},
	} {
		t.Run(name, func(t *testing.T) {
			assert.Equal(t, c.want, RemoveQuery(c.query, "access_token"))
		})
	}
}

func TestParametersThatAreAlikeAreRemovedAsWell(t *testing.T) {
	assert.Equal(t, "a=1&method=b", RemoveAlike("_method=x&a=1&_Method[]=y&.method=z&method=b&%255fmethod", "_method"))
	assert.Equal(t, "a=1&&b", RemoveAlike("a=1&&b", "_method"))
}

func FuzzRemoveQuery(f *testing.F) {
	f.Fuzz(func(t *testing.T, raw string) {
		const name = "access_token"
		// ParseQuery reports the first fault and reads on.
		before, _ := url.ParseQuery(raw)
		result := RemoveQuery(raw, name)
		after, _ := url.ParseQuery(result)
		for key := range before {
			if strings.EqualFold(key, name) {
				delete(before, key)
			}
		}
		require.Equal(t, before, after)
		require.Equal(t, result, RemoveQuery(result, name))
		_, count := LookupQuery(result, name)
		require.Zero(t, count)
	})
}
