package managementapi

import (
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestWhatTheAPIRefuses(t *testing.T) {
	w := newWorld(t)
	w.settle()
	nobody := uuid.NewString()
	for name, test := range map[string]struct {
		method, target, body string
		header               string
		kind                 Kind
		field, text          string
	}{
		"a path that is not there":         {"GET", "/api/v1/nothing", "", "", NoRoute, "", "nothing at this path"},
		"the root of the API":              {"GET", "/api/", "", "", NoRoute, "", ""},
		"a path that goes on":              {"GET", "/api/v1/programmers/REF/channels", "", "", NoRoute, "", ""},
		"a path that ends with a slash":    {"GET", "/api/v1/programmers/", "", "", NoRoute, "", ""},
		"a path with a way back":           {"GET", "/api/v1/programmers/../channels", "", "", NoRoute, "", ""},
		"a path with an empty part":        {"GET", "/api/v1//programmers", "", "", NoRoute, "", ""},
		"a method that is not there":       {"PATCH", "/api/v1/programmers/REF", "{}", "", MethodNotAllowed, "", "PATCH"},
		"an application cannot be deleted": {"DELETE", "/api/v1/applications/" + nobody, "", "", MethodNotAllowed, "", ""},
		"the document cannot be written":   {"PUT", "/api/openapi.json", "{}", "", MethodNotAllowed, "", ""},

		"a form":                     {"POST", "/api/v1/programmers", "id=A", "Content-Type: application/x-www-form-urlencoded", UnsupportedMediaType, "Content-Type", "application/json"},
		"a text, as a page can send": {"POST", "/api/v1/programmers", `{"id":"A"}`, "Content-Type: text/plain", UnsupportedMediaType, "Content-Type", ""},
		"a body of no type":          {"POST", "/api/v1/programmers", `{"id":"A"}`, "Content-Type: ", UnsupportedMediaType, "Content-Type", ""},
		"JSON in another charset":    {"POST", "/api/v1/programmers", `{"id":"A"}`, "Content-Type: application/json;charset=latin1", UnsupportedMediaType, "Content-Type", ""},
		"a body without end":         {"POST", "/api/v1/programmers", strings.Repeat(" ", bodyLimit+1), "", TooLarge, "", "65536"},
		"a body where none belongs":  {"GET", "/api/v1/programmers", "{}", "", Invalid, "", "want none"},

		"a field that nobody knows":    {"POST", "/api/v1/programmers", `{"id":"A","owner":"me"}`, "", Invalid, "", `unknown field "owner"`},
		"a field in other letters":     {"POST", "/api/v1/programmers", `{"ID":"A"}`, "", Invalid, "", `unknown field "ID"`},
		"… deep inside":                {"POST", "/api/v1/change-sets/" + nobody + "/changes", `{"operation":"channel.update","channel":{"Name":"x"}}`, "", Invalid, "", `unknown field "Name"`},
		"a field given twice":          {"POST", "/api/v1/programmers", `{"id":"A","id":"B"}`, "", Invalid, "", "twice"},
		"an array for the object":      {"POST", "/api/v1/programmers", `[]`, "", Invalid, "", "not an object"},
		"half an object":               {"POST", "/api/v1/programmers", `{"id":`, "", Invalid, "", "not JSON"},
		"text for a list":              {"POST", "/api/v1/programmers", `{"id":"A","custom_schemes":"a.b"}`, "", Invalid, "custom_schemes", "want an array of strings"},
		"text for an object":           {"POST", "/api/v1/change-sets/" + nobody + "/changes", `{"operation":"channel.update","channel":"x"}`, "", Invalid, "channel", "want an object"},
		"an id that cannot be":         {"POST", "/api/v1/programmers", `{"id":"a/b"}`, "", Invalid, "id", "1 to 128"},
		"no body where one is needed":  {"POST", "/api/v1/programmers", "", "", Invalid, "id", ""},
		"an id that is taken":          {"POST", "/api/v1/programmers", `{"id":"REF"}`, "", Exists, "id", "exists already"},
		"a channel of nobody":          {"POST", "/api/v1/channels", `{"id":"A","programmer":"NOBODY"}`, "", NotFound, "programmer", ""},
		"a new version of another one": {"POST", "/api/v1/applications/" + nobody + "/versions", `{"predecessor":"` + nobody + `"}`, "", Invalid, "predecessor", "leave it out"},
		"a key for two things":         {"POST", "/api/v1/programmers", `{"id":"A"}`, "Idempotency-Key: \x01", Invalid, "idempotency_key", "printable"},

		"a parameter that nobody knows": {"GET", "/api/v1/programmers?programmer=REF", "", "", Invalid, "programmer", "known here: cursor, limit"},
		"a parameter where none is":     {"GET", "/api/v1/me?verbose=1", "", "", Invalid, "verbose", "known here: none"},
		"a parameter of a change":       {"POST", "/api/v1/programmers?dry_run=true", `{"id":"A"}`, "", Invalid, "dry_run", ""},
		"a parameter given twice":       {"GET", "/api/v1/channels?programmer=A&programmer=B", "", "", Invalid, "programmer", "more than once"},
		"an empty filter":               {"GET", "/api/v1/channels?programmer=", "", "", Invalid, "programmer", "leave it out"},
		"clients of an empty id":        {"GET", "/api/v1/clients?application=", "", "", Invalid, "application", "want a UUID"},
		"a query that cannot be read":   {"GET", "/api/v1/channels?%zz=1", "", "", Invalid, "", "query cannot be read"},
		"a limit of none":               {"GET", "/api/v1/clients?limit=0", "", "", Invalid, "limit", "1 to 1000"},
		"a limit beyond the bound":      {"GET", "/api/v1/clients?limit=1001", "", "", Invalid, "limit", "1 to 1000"},
		"a time without a zone":         {"GET", "/api/v1/audit?since=2025-11-24T16:00:00", "", "", Invalid, "since", "want a time"},
		"a truth in other words":        {"GET", "/api/v1/applications?living=yes", "", "", Invalid, "living", "true or false"},
		"a kind of kill that is none":   {"GET", "/api/v1/kills?kind=all", "", "", Invalid, "kind", "want one of"},
		"a cursor of another list":      {"GET", "/api/v1/programmers?cursor=%25", "", "", Invalid, "cursor", ""},
		"an anchor that is none":        {"GET", "/api/v1/audit/verification?anchor=x", "", "", Invalid, "anchor", ""},

		"an application that is no UUID":   {"GET", "/api/v1/applications/demo", "", "", Invalid, "id", "want a UUID"},
		"an application that nobody knows": {"GET", "/api/v1/applications/" + nobody, "", "", NotFound, "application", nobody},
		"a client that nobody knows":       {"GET", "/api/v1/clients/" + nobody, "", "", NotFound, "client", nobody},
		"a scope that nobody knows":        {"GET", "/api/v1/scopes/x", "", "", NotFound, "scope", ""},
		"a platform that nobody knows":     {"GET", "/api/v1/platforms/x", "", "", NotFound, "platform", ""},
		"a kill that cannot be lifted":     {"DELETE", "/api/v1/kills/client/" + nobody, "", "", Invalid, "kind", "platform or channel"},
		"a kill that was not thrown":       {"DELETE", "/api/v1/kills/platform/tvOS", "", "", NotFound, "id", "not revoked"},
	} {
		t.Run(name, func(t *testing.T) {
			w.t = t
			var header []string
			if test.header != "" {
				header = append(header, test.header)
			}
			got := w.ask(ann, test.method, test.target, test.body, header...)
			require.Equal(t, test.kind, got.kind(), "%d %s", got.StatusCode, got.text)
			assert.Equal(t, test.kind.Status(), got.StatusCode)
			assert.Equal(t, "application/problem+json", got.Header.Get("Content-Type"))
			assert.Equal(t, "no-store", got.Header.Get("Cache-Control"))
			said := got.object(t)
			assert.EqualValues(t, got.StatusCode, said["status"])
			assert.Equal(t, test.kind.Title(), said["title"])
			if test.field != "" {
				assert.Equal(t, test.field, said["field"])
			}
			assert.Contains(t, fmt.Sprint(said), test.text)
			assert.Equal(t, test.kind == MethodNotAllowed, got.Header.Get("Allow") != "")
		})
	}
	assert.Equal(t, "DELETE, GET, HEAD, PUT", w.ask(ann, "POST", "/api/v1/programmers/REF", "").Header.Get("Allow"))
}

// What the store does not answer is nobody's fault but ours, and its reason is
// for the log alone.
func TestAnOutageIsNotTheCallersFault(t *testing.T) {
	w := newWorld(t)
	closer := w.service.Records.Store.(interface{ Close() error })
	require.NoError(t, closer.Close())
	got := w.ask(ann, "GET", "/api/v1/clients/"+uuid.NewString(), "")
	assert.Equal(t, Unavailable, got.kind(), got.text)
	assert.Equal(t, http.StatusServiceUnavailable, got.StatusCode)
	assert.Equal(t, "1", got.Header.Get("Retry-After"))
	assert.NotContains(t, got.text, "bolt")
}

// A type is where its explanation stands.
func TestEveryKindOfProblemIsExplained(t *testing.T) {
	text, err := os.ReadFile("../../docs/management-api.md")
	require.NoError(t, err)
	for kind := range kinds {
		assert.Contains(t, string(text), "\n### "+string(kind)+"\n", "docs/management-api.md")
	}
	for code, kind := range kindOf {
		assert.Equal(t, string(code), string(kind), "management's words are the API's")
	}
}
