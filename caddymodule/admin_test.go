package caddymodule

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/google/uuid"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/caddy-dcr/caddy-dcr/internal/audit"
	"github.com/caddy-dcr/caddy-dcr/internal/jws"
	"github.com/caddy-dcr/caddy-dcr/internal/management"
	"github.com/caddy-dcr/caddy-dcr/internal/state"
	"github.com/caddy-dcr/caddy-dcr/internal/statement"
	"github.com/caddy-dcr/caddy-dcr/plugins"
	"github.com/caddy-dcr/caddy-dcr/plugins/boltstore"
)

// realStatements are signed and judged as in a gateway, with a key of the test's.
func realStatements(t *testing.T) *statements {
	key, err := jws.Generate("k1", jws.ES256)
	require.NoError(t, err)
	return &statements{
		Minter: statement.Minter{Issuer: "https://sp.example.com", Key: func() *jws.Key { return key }, Now: time.Now},
		Cached: &statement.Cached{Verifier: &statement.Verifier{
			Issuer: "https://sp.example.com", Keys: func(string) []*jws.Key { return []*jws.Key{key} }, Now: time.Now,
		}},
	}
}

// manage makes a management service over a store of its own.
func manage(t *testing.T) *management.Service {
	store, err := boltstore.Open(filepath.Join(t.TempDir(), "dcr.db"))
	require.NoError(t, err)
	t.Cleanup(func() { _ = store.Close() })
	logger := slog.New(slog.DiscardHandler)
	replica := &state.Replica{Store: store, Logger: logger}
	nodes := &state.Nodes{Replica: replica, Name: "gateway-1", Logger: logger}
	for _, run := range []func(context.Context){replica.Run, nodes.Run} {
		ctx, cancel := context.WithCancel(context.Background())
		done := make(chan struct{})
		go func() { run(ctx); close(done) }()
		t.Cleanup(func() { cancel(); <-done })
	}
	require.Eventually(t, func() bool { return replica.Fresh(time.Minute) == nil }, 5*time.Second, time.Millisecond)
	return &management.Service{
		Records: state.Records{Store: store}, Replica: replica, Nodes: nodes,
		Audit:      audit.New(state.Records{Store: store}, replica, "gateway-1", logger, nil),
		Statements: realStatements(t), Issuer: "https://sp.example.com",
	}
}

func resolved(service *management.Service) func() (*management.Service, error) {
	return func() (*management.Service, error) { return service, nil }
}

func serveAdmin(mux http.Handler, method, target, body string) (int, http.Header, map[string]any) {
	w := httptest.NewRecorder()
	mux.ServeHTTP(w, httptest.NewRequest(method, target, strings.NewReader(body)))
	var answer map[string]any
	_ = json.Unmarshal(w.Body.Bytes(), &answer)
	return w.Code, w.Header(), answer
}

func TestTheManagementAPIFromApplicationToKill(t *testing.T) {
	service := manage(t)
	mux := newAdminMux(resolved(service))
	do := func(status int, method, target, body string) map[string]any {
		t.Helper()
		got, header, answer := serveAdmin(mux, method, target, body)
		require.Equal(t, status, got, "%v", answer)
		assert.Equal(t, "application/json", header.Get("Content-Type"))
		assert.Equal(t, "no-store", header.Get("Cache-Control"))
		return answer
	}
	app := do(201, "POST", "/dcr/applications",
		`{"name":"Demo","programmer":"REF","channels":["REF30"],"scopes":["api:client:v2"],"by":"ann"}`)
	id := app["id"].(string)
	assert.Equal(t, "ann", app["created_by"])
	assert.Len(t, do(200, "GET", "/dcr/applications", "")["applications"], 1)
	assert.Empty(t, do(200, "GET", "/dcr/applications?programmer=CNN", "")["applications"])
	assert.Empty(t, do(200, "GET", "/dcr/applications?channel=CNN", "")["applications"])
	assert.Equal(t, "Demo", do(200, "GET", "/dcr/applications/"+id, "")["name"])

	issued := do(201, "POST", "/dcr/applications/"+id+"/statements", "")
	assert.Len(t, do(200, "GET", "/dcr/applications/"+id+"/statements", "")["statements"], 1)
	inspect := `{"software_statement":"` + issued["software_statement"].(string) + `"}`
	assert.Equal(t, "approved", do(200, "POST", "/dcr/statements/inspect", inspect)["verdict"])

	client := state.Client{
		ID: uuid.New(), ApplicationID: uuid.MustParse(id), StatementID: uuid.New(), SecretMAC: []byte("hidden"), CreatedAt: 1,
	}
	require.NoError(t, service.Records.PutClient(t.Context(), client))
	assert.Len(t, do(200, "GET", "/dcr/clients?application="+id+"&limit=5", "")["clients"], 1)
	shown := do(200, "GET", "/dcr/clients/"+client.ID.String(), "")
	assert.Equal(t, id, shown["application_id"])
	assert.NotContains(t, fmt.Sprint(shown), "aGlkZGVu", "base64 of the secret's hash")

	revoked := do(200, "POST", "/dcr/kills", `{"kind":"application","id":"`+id+`","reason":"stolen"}`)
	assert.Equal(t, true, revoked["applied"])
	assert.Equal(t, "revoked", do(200, "POST", "/dcr/statements/inspect", inspect)["verdict"])
	assert.Equal(t, "application", do(200, "GET", "/dcr/clients/"+client.ID.String(), "")["stopped_by"])
	assert.Equal(t, true, do(200, "GET", "/dcr/applications/"+id, "")["revoked"])
	do(409, "POST", "/dcr/applications/"+id+"/statements", `{"by":"ann"}`)

	do(200, "POST", "/dcr/kills", `{"kind":"channel","id":"REF30"}`)
	assert.Len(t, do(200, "GET", "/dcr/kills?kind=channel", "")["kills"], 1)
	lifted := do(200, "DELETE", "/dcr/kills/channel/REF30", "")
	assert.NotEmpty(t, lifted["kill"].(map[string]any)["lifted_at"])
	do(404, "DELETE", "/dcr/kills/channel/REF30", "")
}

func TestWhatTheManagementAPIRefuses(t *testing.T) {
	service := manage(t)
	mux := newAdminMux(resolved(service))
	unknown := uuid.NewString()
	good := `{"id":"897029da-2b35-429e-ad45-6f6bf5de7a95","name":"Demo","programmer":"REF","channels":["REF30"],"scopes":["s"]}`
	status, _, answer := serveAdmin(mux, "POST", "/dcr/applications", good)
	require.Equal(t, 201, status, answer)
	for name, test := range map[string]struct {
		method, target, body string
		status               int
		field, text          string
	}{
		"an empty body lacks everything":      {"POST", "/dcr/applications", "", 400, "scopes", "at least one"},
		"an unknown field":                    {"POST", "/dcr/applications", `{"name":"a","secret":"b"}`, 400, "", `unknown field "secret"`},
		"a field in other letters":            {"POST", "/dcr/applications", `{"NAME":"a"}`, 400, "", `unknown field "NAME"`},
		"a field given twice":                 {"POST", "/dcr/applications", `{"name":"a","name":"b"}`, 400, "", "twice"},
		"text for a list":                     {"POST", "/dcr/applications", `{"channels":"REF30"}`, 400, "channels", "got a JSON string, want an array of strings"},
		"text for a truth":                    {"POST", "/dcr/applications", `{"all_channels":"yes"}`, 400, "all_channels", "want true or false"},
		"a number for text":                   {"POST", "/dcr/applications", `{"name":1}`, 400, "name", "want a string"},
		"an array for the object":             {"POST", "/dcr/applications", `[]`, 400, "", "not an object"},
		"two objects":                         {"POST", "/dcr/applications", `{}{}`, 400, "", "something follows"},
		"half an object":                      {"POST", "/dcr/applications", `{"name":`, 400, "", "not JSON"},
		"a body without end":                  {"POST", "/dcr/applications", strings.Repeat(" ", 64<<10+1), 400, "", "larger than 65536 bytes"},
		"an id that is taken":                 {"POST", "/dcr/applications", good, 409, "id", "exists already"},
		"an application that nobody knows":    {"GET", "/dcr/applications/" + unknown, "", 404, "application", unknown},
		"an application that is no UUID":      {"GET", "/dcr/applications/demo", "", 400, "id", `got "demo", want a UUID`},
		"statements of no UUID":               {"GET", "/dcr/applications/demo/statements", "", 400, "id", "want a UUID"},
		"statements of nobody":                {"GET", "/dcr/applications/" + unknown + "/statements", "", 404, "application", unknown},
		"a statement for no UUID":             {"POST", "/dcr/applications/demo/statements", "", 400, "id", "want a UUID"},
		"a statement for nobody":              {"POST", "/dcr/applications/" + unknown + "/statements", "", 404, "application", unknown},
		"a statement with more than by":       {"POST", "/dcr/applications/" + unknown + "/statements", `{"lifetime":1}`, 400, "", "unknown field"},
		"no statement to inspect":             {"POST", "/dcr/statements/inspect", "{}", 400, "software_statement", "got nothing"},
		"an inspection that is no JSON":       {"POST", "/dcr/statements/inspect", "e30.e30.x", 400, "", "not an object"},
		"a client that nobody knows":          {"GET", "/dcr/clients/" + unknown, "", 404, "client", unknown},
		"a client that is no UUID":            {"GET", "/dcr/clients/x", "", 400, "id", "want a UUID"},
		"clients of no UUID":                  {"GET", "/dcr/clients?application=x", "", 400, "application", "want a UUID"},
		"clients of an empty id are not all":  {"GET", "/dcr/clients?application=", "", 400, "application", "want a UUID"},
		"clients of nobody":                   {"GET", "/dcr/clients?application=" + unknown, "", 404, "application", unknown},
		"a limit of none":                     {"GET", "/dcr/clients?limit=0", "", 400, "limit", "above 0"},
		"a limit in words":                    {"GET", "/dcr/kills?limit=ten", "", 400, "limit", `"ten"`},
		"a filter that is misspelled":         {"GET", "/dcr/applications?programer=REF", "", 400, "programer", "unknown parameter"},
		"clients by a filter of applications": {"GET", "/dcr/clients?programmer=REF", "", 400, "programmer", "unknown parameter"},
		"kills by a filter of clients":        {"GET", "/dcr/kills?application=x", "", 400, "application", "unknown parameter"},
		"a filter given twice":                {"GET", "/dcr/applications?channel=A&channel=B", "", 400, "channel", "more than once"},
		"a query that cannot be read":         {"GET", "/dcr/applications?%zz=1", "", 400, "", "query cannot be read"},
		"a kill of an unknown kind":           {"POST", "/dcr/kills", `{"kind":"all","id":"x"}`, 400, "kind", "want one of"},
		"kills of an unknown kind":            {"GET", "/dcr/kills?kind=all", "", 400, "kind", "want one of"},
		"a kill that is no JSON":              {"POST", "/dcr/kills", "kind=client", 400, "", "not an object"},
		"a kill of no UUID":                   {"POST", "/dcr/kills", `{"kind":"client","id":"x"}`, 400, "id", "want a UUID"},
		"a kill of nobody":                    {"POST", "/dcr/kills", `{"kind":"client","id":"` + unknown + `"}`, 404, "id", unknown},
		"a kill that cannot be lifted":        {"DELETE", "/dcr/kills/client/" + unknown, "", 400, "kind", "platform or channel"},
		"a kill that was not thrown":          {"DELETE", "/dcr/kills/platform/tvOS", "", 404, "id", "not revoked"},
		"a method that is not there":          {"PUT", "/dcr/applications", "{}", 405, "", "PUT is not offered"},
		"an application cannot be deleted":    {"DELETE", "/dcr/applications/" + unknown, "", 405, "", "DELETE is not offered"},
		"a path that is not there":            {"GET", "/dcr/nothing", "", 404, "", "nothing at this path"},
		"a path that goes on":                 {"GET", "/dcr/clients/" + unknown + "/secret", "", 404, "", "nothing at this path"},
	} {
		t.Run(name, func(t *testing.T) {
			status, header, answer := serveAdmin(mux, test.method, test.target, test.body)
			assert.Equal(t, test.status, status)
			assert.Equal(t, "application/json", header.Get("Content-Type"))
			assert.Contains(t, answer["error"], test.text)
			if test.field == "" {
				assert.NotContains(t, answer, "field")
			} else {
				assert.Equal(t, test.field, answer["field"])
			}
			assert.Equal(t, status == 405, header.Get("Allow") != "")
		})
	}
}

func TestEveryCodeHasAStatus(t *testing.T) {
	for _, code := range management.Codes {
		assert.NotZero(t, adminStatus[code], code)
	}
	assert.Len(t, adminStatus, len(management.Codes))
}

func TestAFaultOfOursShowsNoCause(t *testing.T) {
	for name, err := range map[string]error{
		"the store is away": &management.Error{
			Code: management.Unavailable, Message: "listing: the state is not available now",
			Cause: fmt.Errorf("redis://user:hunter2@192.0.2.1: %w", plugins.ErrUnavailable),
		},
		"something unheard of": errors.New("hunter2"),
	} {
		t.Run(name, func(t *testing.T) {
			mux := newAdminMux(func() (*management.Service, error) { return nil, err })
			w := httptest.NewRecorder()
			mux.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/dcr/applications", nil))
			assert.Equal(t, http.StatusServiceUnavailable, w.Code)
			assert.Equal(t, "1", w.Header().Get("Retry-After"))
			assert.NotContains(t, w.Body.String(), "hunter2")
			assert.True(t, json.Valid(w.Body.Bytes()))
		})
	}
}

func TestABodyThatBreaksOffIsTheSendersFault(t *testing.T) {
	mux := newAdminMux(func() (*management.Service, error) { return nil, nil })
	w := httptest.NewRecorder()
	mux.ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/dcr/kills", io.MultiReader(bytes.NewReader([]byte("{")), broken{})))
	assert.Equal(t, http.StatusBadRequest, w.Code)
}

type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

func TestWithoutTheAppThereIsNothingToManage(t *testing.T) {
	routes := AdminAPI{}.Routes()
	require.Len(t, routes, 1)
	assert.Equal(t, "/dcr/", routes[0].Pattern)
	w := httptest.NewRecorder()
	require.NoError(t, routes[0].Handler.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/dcr/applications", nil)))
	assert.Equal(t, http.StatusNotFound, w.Code)
	assert.Contains(t, w.Body.String(), "no dcr app")
	info, err := caddy.GetModule("admin.api.dcr")
	require.NoError(t, err)
	assert.Implements(t, (*caddy.AdminRouter)(nil), info.New())
}
