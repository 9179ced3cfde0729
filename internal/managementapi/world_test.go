package managementapi

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/pb33f/libopenapi"
	validator "github.com/pb33f/libopenapi-validator"
	problems "github.com/pb33f/libopenapi-validator/errors"
	"github.com/stretchr/testify/require"

	"github.com/caddy-dcr/caddy-dcr/internal/access"
	"github.com/caddy-dcr/caddy-dcr/internal/audit"
	"github.com/caddy-dcr/caddy-dcr/internal/explain"
	"github.com/caddy-dcr/caddy-dcr/internal/jws"
	"github.com/caddy-dcr/caddy-dcr/internal/keyring"
	"github.com/caddy-dcr/caddy-dcr/internal/management"
	"github.com/caddy-dcr/caddy-dcr/internal/state"
	"github.com/caddy-dcr/caddy-dcr/internal/statement"
	"github.com/caddy-dcr/caddy-dcr/plugins/boltstore"
)

const issuer = "https://sp.example.com"

// world is the API over a store of its own. Everything that it says is held
// against the document.
type world struct {
	t       *testing.T
	api     *API
	service *management.Service
	trace   uuid.UUID // that of a request that was refused
}

func newWorld(t *testing.T) *world {
	store, err := boltstore.Open(filepath.Join(t.TempDir(), "dcr.db"))
	require.NoError(t, err)
	t.Cleanup(func() { _ = store.Close() })
	logger := slog.New(slog.DiscardHandler)
	replica := &state.Replica{Store: store, Logger: logger}
	nodes := &state.Nodes{Replica: replica, Name: "gateway-1", Logger: logger}
	keys := keyring.New(state.Records{Store: store}, replica, nil, logger)
	replica.KeysChanged = keys.Load
	for _, run := range []func(context.Context){replica.Run, nodes.Run} {
		ctx, cancel := context.WithCancel(context.Background())
		done := make(chan struct{})
		go func() { run(ctx); close(done) }()
		t.Cleanup(func() { cancel(); <-done })
	}
	require.Eventually(t, func() bool { return replica.Fresh(time.Minute) == nil }, 10*time.Second, time.Millisecond)
	key, err := jws.Generate("k1", jws.ES256)
	require.NoError(t, err)
	w := &world{t: t, trace: uuid.New()}
	w.service = &management.Service{
		Records: state.Records{Store: store}, Replica: replica, Nodes: nodes,
		Audit:      audit.New(state.Records{Store: store}, replica, "gateway-1", logger, nil),
		Statements: papers{statement.Minter{Issuer: issuer, Key: func() *jws.Key { return key }, Now: time.Now}, key},
		Issuer:     issuer, Wait: 10 * time.Second,
		Keys:    keys,
		Signing: map[state.KeyUse]jws.Algorithm{state.KeyForSecrets: jws.HS256, state.KeyForStatements: jws.ES256, state.KeyForTokens: jws.HS256},
		Ahead:   time.Minute, Refusals: w, Trials: w,
		Guarded: func() []management.Route {
			return []management.Route{{API: "rest_v2", Methods: []string{"GET"}, Path: "/api/v2/{serviceProvider}/configuration", Scopes: []string{"api:client:v2"}, Entitled: []string{}}}
		},
		Census: func() *state.Census {
			return &state.Census{BeganAt: 1, FinishedAt: 2, By: "gateway-1", Live: map[string]uint64{"iOS": 3}}
		},
	}
	w.api = New(Options{Management: w.service, Logger: logger})
	return w
}

// papers are real statements.
type papers struct {
	statement.Minter
	key *jws.Key
}

func (p papers) Verify(raw string) (statement.Statement, error) {
	v := &statement.Verifier{Issuer: issuer, Keys: func(string) []*jws.Key { return []*jws.Key{p.key} }, Now: time.Now}
	return v.Verify(raw)
}

// Find implements management.Refusals.
func (w *world) Find(_ context.Context, trace uuid.UUID) (explain.Entry, error) {
	if trace != w.trace {
		return explain.Entry{}, explain.ErrUnknown
	}
	return w.refused(trace), nil
}

func (w *world) refused(trace uuid.UUID) explain.Entry {
	e := explain.Entry{Trace: trace, At: time.Now().UnixMilli(), Gateway: "gateway-1", Decider: explain.Guard, Reason: "scope_missing", Status: 403}
	e.Method, e.Path, e.Had, e.Needed = "GET", "/api/v2/REF30/configuration", []string{}, []string{"api:client:v2"}
	return e
}

// The trials of the world find everything refused.
func (w *world) Request(context.Context, management.RequestTrial) ([]explain.Entry, error) {
	return []explain.Entry{w.refused(uuid.Nil)}, nil
}
func (w *world) Token(context.Context, string) explain.Entry { return w.refused(uuid.Nil) }
func (w *world) Statement(context.Context, management.StatementTrial) explain.Entry {
	return w.refused(uuid.Nil)
}

// reply is an answer with its body read.
type reply struct {
	*http.Response
	text string
}

func (r reply) object(t *testing.T) map[string]any {
	t.Helper()
	var o map[string]any
	require.NoError(t, json.Unmarshal([]byte(r.text), &o), r.text)
	return o
}

// kind is that of a problem, or nothing.
func (r reply) kind() Kind {
	var p struct{ Type string }
	_ = json.Unmarshal([]byte(r.text), &p)
	_, kind, _ := strings.Cut(p.Type, "#")
	return Kind(kind)
}

// ask sends a request of somebody. What the API takes and says must be what
// the document says, to the letter.
func (w *world) ask(who access.Actor, method, target, body string, header ...string) reply {
	w.t.Helper()
	build := func() *http.Request {
		r := httptest.NewRequest(method, "http://console.example.com"+target, strings.NewReader(body))
		if body != "" {
			r.Header.Set("Content-Type", "application/json")
		}
		for _, line := range header {
			name, value, _ := strings.Cut(line, ": ")
			r.Header.Set(name, value)
			if value == "" {
				r.Header.Del(name)
			}
		}
		return r
	}
	recorder := httptest.NewRecorder()
	w.api.ServeHTTP(recorder, build(), who)
	response := recorder.Result()
	text, err := io.ReadAll(response.Body)
	require.NoError(w.t, err)
	answer := reply{response, string(text)}
	if known(method, target) {
		w.judge(build, answer)
	}
	return answer
}

// known says whether the document describes the method at the path.
func known(method, target string) bool {
	at, _, _ := strings.Cut(target, "?")
	for _, op := range operations {
		if op.method == method && fits(version1+op.path, at) {
			return true
		}
	}
	return false
}

func fits(pattern, path string) bool {
	want, got := strings.Split(pattern, "/"), strings.Split(path, "/")
	if len(want) != len(got) {
		return false
	}
	for i := range want {
		if want[i] != got[i] && !strings.HasPrefix(want[i], "{") {
			return false
		}
	}
	return true
}

// strictly is the judge of all tests: it is slow to make.
var strictly struct {
	sync.Mutex
	judge validator.Validator
}

func (w *world) judge(build func() *http.Request, answer reply) {
	w.t.Helper()
	var found []string
	if answer.StatusCode < 300 {
		found = judged(w.t, build, nil)
	}
	for _, f := range append(found, judged(w.t, build, &answer)...) {
		asked := build()
		w.t.Errorf("%s %s, answered %d, is not what the document says: %s\n%s", asked.Method, asked.URL, answer.StatusCode, f, answer.text)
	}
}

// judged says what is wrong with a request, or with the answer to it.
func judged(t *testing.T, build func() *http.Request, answer *reply) []string {
	t.Helper()
	strictly.Lock()
	defer strictly.Unlock()
	if strictly.judge == nil {
		parsed, err := libopenapi.NewDocument(describe(t, true))
		require.NoError(t, err)
		judge, errs := validator.NewValidator(parsed)
		require.Empty(t, errs)
		strictly.judge = judge
	}
	var faults []*problems.ValidationError
	if answer == nil {
		_, faults = strictly.judge.ValidateHttpRequestSync(build())
	} else {
		answer.Response.Body = io.NopCloser(strings.NewReader(answer.text))
		_, faults = strictly.judge.ValidateHttpResponse(build(), answer.Response)
	}
	var texts []string
	for _, f := range faults {
		texts = append(texts, fmt.Sprintf("%s: %s %v", f.Message, f.Reason, f.SchemaValidationErrors))
	}
	return texts
}

// do is ask for what must go well in that way.
func (w *world) do(status int, who access.Actor, method, target, body string, header ...string) map[string]any {
	w.t.Helper()
	answer := w.ask(who, method, target, body, header...)
	require.Equal(w.t, status, answer.StatusCode, "%s %s: %s", method, target, answer.text)
	if answer.text == "" {
		return nil
	}
	return answer.object(w.t)
}

func person(name string, role access.Role, place ...string) access.Actor {
	grant, err := access.NewGrant(role, place...)
	if err != nil {
		panic(err)
	}
	return access.Actor{Name: name, Method: "http_basic", Surface: access.API, Address: "192.0.2.7", Grants: []access.Grant{grant}}
}

var (
	ann   = person("ann", access.Operator)
	bob   = person("bob", access.ProgrammerAdmin, "REF")
	eve   = person("eve", access.ChannelAdmin, "REF", "REF30")
	joe   = person("joe", access.ReadOnly)
	kim   = person("kim", access.ReadOnly, "REF")
	lea   = person("lea", access.ReadOnly, "REF", "REF30")
	zed   = person("zed", access.ProgrammerAdmin, "FOX")
	whole = []access.Actor{ann, bob, eve, joe, kim, lea}
)
