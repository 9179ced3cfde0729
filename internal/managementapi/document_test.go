package managementapi

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/pb33f/libopenapi"
	validator "github.com/pb33f/libopenapi-validator"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "write openapi.json anew")

// object is a part of the document; its members are written in the order of
// their names.
type object map[string]any

// describe makes the OpenAPI document of the operations. A strict one allows
// no member in an answer that it does not name.
func describe(t *testing.T, strict bool) []byte {
	s := &schemas{t: t, strict: strict, all: object{}, comments: readComments(t)}
	paths := map[string]object{}
	for _, op := range operations {
		at := version1 + op.path
		if paths[at] == nil {
			paths[at] = object{}
		}
		paths[at][strings.ToLower(op.method)] = s.operation(op)
	}
	paths[documentPath] = object{"get": object{
		"operationId": "showDocument", "summary": "Show this document.", "tags": []string{"openapi.json"},
		"responses": object{"200": object{"description": "The document.", "content": object{"application/json": object{"schema": object{"type": "object"}}}}},
	}}
	document := struct {
		OpenAPI    string            `json:"openapi"`
		Info       object            `json:"info"`
		Servers    []object          `json:"servers"`
		Security   []object          `json:"security"`
		Paths      map[string]object `json:"paths"`
		Components object            `json:"components"`
	}{
		OpenAPI: "3.1.0",
		Info: object{
			"title": "caddy-dcr management API", "version": "1",
			"description": "What an operator, and the admins of programmers and channels, look after. " +
				"Every GET can be a HEAD. What is another's does not exist. docs/management-api.md has the whole of it.",
			"license": object{"name": "Apache-2.0", "identifier": "Apache-2.0"},
		},
		Servers:  []object{{"url": "/", "description": "The site of dcr_console."}},
		Security: []object{{"site": []string{}}, {"certificate": []string{}}, {}},
		Paths:    paths,
		Components: object{
			"schemas": s.all, "responses": problemResponses(s),
			"securitySchemes": object{
				"site":        object{"type": "http", "scheme": "basic", "description": "Where the site has basic_auth. Others have another authentication in front."},
				"certificate": object{"type": "mutualTLS", "description": "Where the site asks for client certificates."},
			},
		},
	}
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "\t")
	require.NoError(t, encoder.Encode(document))
	return text.Bytes()
}

func (s *schemas) operation(op operation) object {
	described := object{
		"operationId": op.id, "summary": op.summary, "tags": []string{strings.Split(op.path, "/")[1]},
		"responses": s.responses(op),
	}
	parameters := []object{}
	for _, part := range pathParts(op.path) {
		parameters = append(parameters, object{"name": part, "in": "path", "required": true, "schema": ofPathPart(op, part)})
	}
	for _, p := range op.query {
		parameters = append(parameters, object{"name": p.name, "in": "query", "description": p.means, "schema": ofParameter(p)})
	}
	if op.creates {
		parameters = append(parameters, object{
			"name": "Idempotency-Key", "in": "header", "schema": object{"type": "string", "minLength": 1, "maxLength": 500},
			"description": "A random text, one for each thing. Who asks again with it, within a day, is answered what was made then.",
		})
	}
	if op.seen || op.tagged && op.method != http.MethodGet && !op.creates {
		parameters = append(parameters, object{
			"name": "If-Match", "in": "header", "required": op.seen, "schema": object{"type": "string"},
			"description": "The ETag of what the caller saw, or * for whatever it is now.",
		})
	}
	if len(parameters) > 0 {
		described["parameters"] = parameters
	}
	if op.takes != nil {
		described["requestBody"] = object{
			"required": !op.optional, "content": object{"application/json": object{"schema": s.of(op.takes, true)}},
		}
	}
	return described
}

func (s *schemas) responses(op operation) object {
	good := object{"description": http.StatusText(op.status)}
	if op.gives != nil {
		content := object{"application/json": object{"schema": s.of(op.gives, false)}}
		if op.id == "issueStatement" {
			content["text/plain"] = object{"schema": object{"type": "string"}}
		}
		good["content"] = content
	}
	headers := object{}
	if op.tagged {
		headers["ETag"] = object{"description": "The version, for If-Match. What has no record has none.", "schema": object{"type": "string"}}
	}
	if op.creates && op.id != "issueStatement" {
		headers["Location"] = object{"description": "Where it is.", "schema": object{"type": "string"}}
	}
	if len(headers) > 0 {
		good["headers"] = headers
	}
	all := object{fmt.Sprint(op.status): good}
	statuses := []int{400, 403, 404, 503}
	if op.method != http.MethodGet {
		statuses = append(statuses, 409, 412, 413)
	}
	if op.takes != nil {
		statuses = append(statuses, 415)
	}
	if op.creates {
		statuses = append(statuses, 422)
	}
	if op.seen {
		statuses = append(statuses, 428)
	}
	for _, status := range statuses {
		all[fmt.Sprint(status)] = object{"$ref": fmt.Sprintf("#/components/responses/%d", status)}
	}
	return all
}

// problemResponses are the answers that say what went wrong, by status.
func problemResponses(s *schemas) object {
	types := []string{}
	titles := map[int][]string{}
	for kind := range kinds {
		types = append(types, typePrefix+string(kind))
		titles[kind.Status()] = append(titles[kind.Status()], kind.Title())
	}
	slices.Sort(types)
	s.all["Problem"] = object{
		"type": "object", "description": "What went wrong (RFC 9457).", "required": []string{"type", "title", "status"},
		"properties": object{
			"type":      object{"type": "string", "format": "uri", "enum": types, "description": "What went wrong, for programs: it never changes its meaning."},
			"title":     object{"type": "string", "description": "The same in words."},
			"status":    object{"type": "integer"},
			"detail":    object{"type": "string", "description": "What was the matter this time."},
			"field":     object{"type": "string", "description": "What in the request was at fault, if something was."},
			"hint":      object{"type": "string", "description": "What to do about it."},
			"conflicts": object{"type": "array", "items": s.named("Conflict"), "description": "The changes of a set that cannot be made."},
		},
	}
	if s.strict {
		s.all["Problem"].(object)["additionalProperties"] = false
	}
	all := object{}
	for status, names := range titles {
		slices.Sort(names)
		response := object{
			"description": strings.Join(names, ", or: ") + ".",
			"content":     object{"application/problem+json": object{"schema": object{"$ref": "#/components/schemas/Problem"}}},
		}
		if status == http.StatusServiceUnavailable {
			response["headers"] = object{"Retry-After": object{"schema": object{"type": "string"}, "description": "In how many seconds to try again."}}
		}
		if status != http.StatusMethodNotAllowed && status != http.StatusInternalServerError {
			all[fmt.Sprint(status)] = response
		}
	}
	return all
}

func TestTheDocumentIsWhatTheOperationsAre(t *testing.T) {
	text := describe(t, false)
	if *update {
		require.NoError(t, os.WriteFile("openapi.json", text, 0o600))
		return
	}
	want, got := strings.Split(string(text), "\n"), strings.Split(document, "\n")
	for i := range min(len(want), len(got)) {
		require.Equal(t, want[i], got[i], "openapi.json:%d; run this test with -update, and read the difference", i+1)
	}
	require.Len(t, got, len(want))
}

func TestTheDocumentIsOpenAPI(t *testing.T) {
	parsed, err := libopenapi.NewDocument([]byte(document))
	require.NoError(t, err)
	assert.Equal(t, "3.1.0", parsed.GetVersion())
	judge, errs := validator.NewValidator(parsed)
	require.Empty(t, errs)
	good, faults := judge.ValidateDocument()
	assert.True(t, good, "%v", faults)
}

func TestEveryRouteIsInTheDocumentAndTheOtherWayRound(t *testing.T) {
	var described struct {
		Paths map[string]map[string]struct{ OperationID string }
	}
	require.NoError(t, json.Unmarshal([]byte(document), &described))
	api := New(Options{})
	count := 0
	for path, methods := range described.Paths {
		for method := range methods {
			count++
			method = strings.ToUpper(method)
			_, pattern := api.mux.Handler(httptest.NewRequest(method, strings.NewReplacer("{", "", "}", "").Replace(path), nil))
			assert.Equal(t, method+" "+path, pattern, "the document describes what the API does not serve")
		}
	}
	for _, op := range operations {
		assert.Equal(t, op.id, described.Paths[version1+op.path][strings.ToLower(op.method)].OperationID, "%s %s", op.method, op.path)
	}
	assert.Equal(t, len(operations)+1, count)
}

func TestEveryOperationHasANameOfItsOwnAndADescription(t *testing.T) {
	seen := map[string]bool{}
	for _, op := range operations {
		assert.False(t, seen[op.id], op.id)
		seen[op.id] = true
		assert.True(t, strings.HasSuffix(op.summary, "."), "%s: %q", op.id, op.summary)
		assert.NotZero(t, op.status, op.id)
		for _, p := range op.query {
			assert.True(t, strings.HasSuffix(p.means, "."), "%s: %s: %q", op.id, p.name, p.means)
		}
	}
	for kind, what := range kinds {
		assert.NotEmpty(t, what.title, kind)
		assert.GreaterOrEqual(t, what.status, 400, kind)
	}
}

// A judge that finds nothing wrong with anything would find nothing here.
func TestWhatTheDocumentDoesNotSayIsNoticed(t *testing.T) {
	asked := func(method, target, body string) func() *http.Request {
		return func() *http.Request {
			r := httptest.NewRequest(method, "http://console.example.com"+target, strings.NewReader(body))
			r.Header.Set("Content-Type", "application/json")
			return r
		}
	}
	for name, build := range map[string]func() *http.Request{
		"a parameter that cannot be":   asked("GET", "/api/v1/clients?limit=0", ""),
		"a member that nobody knows":   asked("POST", "/api/v1/programmers", `{"id":"A","owner":"me"}`),
		"a member that is missing":     asked("POST", "/api/v1/programmers", `{"name":"A"}`),
		"a change of what nobody saw":  asked("PUT", "/api/v1/programmers/A", `{"name":"A"}`),
		"a path that is not described": asked("GET", "/api/v1/nothing", ""),
	} {
		assert.NotEmpty(t, judged(t, build, nil), name)
	}
	show := asked("GET", "/api/v1/me", "")
	for text, good := range map[string]bool{
		`{"name":"a","method":"b","roles":[]}`:                   true,
		`{"name":"a","method":"b","roles":[],"password":"c"}`:    false,
		`{"name":"a","method":"b"}`:                              false,
		`{"name":"a","method":"b","roles":"operator"}`:           false,
		`{"name":"a","method":"b","roles":[{"role":"x","y":1}]}`: false,
	} {
		answer := reply{&http.Response{StatusCode: http.StatusOK, Header: http.Header{"Content-Type": {"application/json"}}}, text}
		assert.Equal(t, good, len(judged(t, show, &answer)) == 0, text)
	}
	teapot := reply{&http.Response{StatusCode: http.StatusTeapot, Header: http.Header{"Content-Type": {"application/json"}}}, `{}`}
	assert.NotEmpty(t, judged(t, show, &teapot), "an answer of a status that is not described")
}
