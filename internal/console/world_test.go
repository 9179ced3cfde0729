package console_test

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/caddy-dcr/caddy-dcr/internal/access"
	"github.com/caddy-dcr/caddy-dcr/internal/application"
	"github.com/caddy-dcr/caddy-dcr/internal/audit"
	"github.com/caddy-dcr/caddy-dcr/internal/console"
	"github.com/caddy-dcr/caddy-dcr/internal/explain"
	"github.com/caddy-dcr/caddy-dcr/internal/guard"
	"github.com/caddy-dcr/caddy-dcr/internal/jws"
	"github.com/caddy-dcr/caddy-dcr/internal/keyring"
	"github.com/caddy-dcr/caddy-dcr/internal/management"
	"github.com/caddy-dcr/caddy-dcr/internal/revocation"
	"github.com/caddy-dcr/caddy-dcr/internal/roster"
	"github.com/caddy-dcr/caddy-dcr/internal/scope"
	"github.com/caddy-dcr/caddy-dcr/internal/state"
	"github.com/caddy-dcr/caddy-dcr/internal/statement"
	"github.com/caddy-dcr/caddy-dcr/plugins"
	"github.com/caddy-dcr/caddy-dcr/plugins/boltstore"
)

const issuer = "https://sp.example.com"

// world is a console over one gateway with a store of its own.
type world struct {
	t       *testing.T
	service *management.Service
	console *console.Console
	census  *state.Census
	// refusal is the one that is remembered.
	refusal explain.Entry
	// away takes the store away.
	away atomic.Bool
}

// flaky is a store that can be away.
type flaky struct {
	plugins.Store
	w *world
}

var errAway = fmt.Errorf("dial tcp 192.0.2.1:6379: %w", plugins.ErrUnavailable)

func (f flaky) Get(ctx context.Context, keys ...string) ([]plugins.Item, error) {
	if f.w.away.Load() {
		return nil, errAway
	}
	return f.Store.Get(ctx, keys...)
}

func (f flaky) List(ctx context.Context, prefix, cursor string, limit int) (plugins.Page, error) {
	if f.w.away.Load() {
		return plugins.Page{}, errAway
	}
	return f.Store.List(ctx, prefix, cursor, limit)
}

func newWorld(t *testing.T) *world {
	w := &world{t: t}
	bolt, err := boltstore.Open(filepath.Join(t.TempDir(), "dcr.db"))
	require.NoError(t, err)
	t.Cleanup(func() { _ = bolt.Close() })
	store := flaky{bolt, w}
	logger := slog.New(slog.DiscardHandler)
	replica := &state.Replica{Store: store, Logger: logger}
	nodes := &state.Nodes{Replica: replica, Name: "gateway-1", Logger: logger}
	keys := keyring.New(state.Records{Store: store}, replica, nil, logger)
	replica.KeysChanged = keys.Load
	run(t, replica.Run)
	require.Eventually(t, func() bool { return replica.Fresh(time.Minute) == nil }, 5*time.Second, time.Millisecond)
	run(t, nodes.Run)
	records := state.Records{Store: store}
	w.service = &management.Service{
		Records: records, Replica: replica, Nodes: nodes, Audit: audit.New(records, replica, "gateway-1", logger, nil),
		Issuer: issuer, TokenLifetime: 24 * time.Hour, Wait: 5 * time.Second,
		Statements: newPapers(t), Census: func() *state.Census { return w.census },
		Keys: keys, Ahead: 6 * time.Minute, Signing: map[state.KeyUse]jws.Algorithm{
			state.KeyForTokens: jws.HS256, state.KeyForStatements: jws.ES256, state.KeyForSecrets: jws.HS256,
		},
		Refusals: w, Trials: trier{w},
		Guarded: func() []management.Route {
			return []management.Route{
				{API: "rest_v2", Methods: []string{"GET"}, Path: "/api/v2/{serviceProvider}/configuration", Scopes: []string{"api:client:v2"}, Entitled: []string{"channel in path"}},
				{API: "sdk", Methods: []string{"POST"}, Path: "/indiv/devices", Open: true, Entitled: []string{}},
			}
		},
	}
	w.console = console.New(console.Options{Management: w.service, Logger: logger, Figures: figures})
	return w
}

func figures() console.Figures {
	f := console.Figures{Since: time.Now().Add(-3 * time.Hour), Step: time.Minute}
	for i := range 60 {
		n := uint64(i * (61 - i) / 20)
		f.Registered, f.Issued = append(f.Registered, n/9), append(f.Issued, n*3)
		f.Passed, f.Refused, f.Lag.Points = append(f.Passed, n*40), append(f.Refused, n%7), append(f.Lag.Points, 0)
	}
	f.Lag.Points[40], f.Lag.Count, f.Lag.Median, f.Lag.Slowest = 2, 2, 5*time.Millisecond, 10*time.Millisecond
	f.Reasons = []console.Reason{{By: "guard", Name: "token_expired", Count: 92}, {By: "token", Name: "client_revoked", Count: 31}, {By: "registration", Name: "statement_invalid", Count: 3}}
	return f
}

func run(t *testing.T, f func(context.Context)) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { f(ctx); close(done) }()
	t.Cleanup(func() { cancel(); <-done })
}

type papers struct {
	statement.Minter
	*statement.Verifier
}

func newPapers(t *testing.T) papers {
	key, err := jws.Generate("key-1", jws.ES256)
	require.NoError(t, err)
	return papers{
		statement.Minter{Issuer: issuer, Key: func() *jws.Key { return key }, Now: time.Now},
		&statement.Verifier{Issuer: issuer, Keys: func(string) []*jws.Key { return []*jws.Key{key} }, Now: time.Now},
	}
}

// Find implements management.Refusals.
func (w *world) Find(_ context.Context, trace uuid.UUID) (explain.Entry, error) {
	if trace == uuid.Nil || trace != w.refusal.Trace {
		return explain.Entry{}, explain.ErrUnknown
	}
	return w.refusal, nil
}

// trier answers every trial with the refusal that is remembered.
type trier struct{ w *world }

func (t trier) Request(context.Context, management.RequestTrial) ([]explain.Entry, error) {
	return []explain.Entry{t.w.refusal}, nil
}
func (t trier) Token(context.Context, string) explain.Entry { return t.w.refusal }
func (t trier) Statement(context.Context, management.StatementTrial) explain.Entry {
	return t.w.refusal
}

func grant(role access.Role, place ...string) access.Grant {
	g, err := access.NewGrant(role, place...)
	if err != nil {
		panic(err)
	}
	return g
}

func who(name string, grants ...access.Grant) access.Actor {
	return access.Actor{Name: name, Method: "http_basic", Address: "192.0.2.7", Grants: grants}
}

// The people of the tests.
var (
	olga  = who("olga", grant(access.Operator))
	paul  = who("paul", grant(access.ProgrammerAdmin, "REF"))
	carla = who("carla", grant(access.ChannelAdmin, "REF", "REF30"))
	rita  = who("rita", grant(access.ReadOnly))
	rolf  = who("rolf", grant(access.ReadOnly, "REF"))
	fay   = who("fay", grant(access.ProgrammerAdmin, "FOX"))
	none  = who("nobody")
)

func within(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	t.Cleanup(cancel)
	return ctx
}

func by(a access.Actor) management.Call { return management.Call{Actor: a} }

// things are what a filled world holds.
type things struct {
	app, appOfChannel, appOfFox, declared management.Application
	client                                uuid.UUID
	statement                             management.IssuedStatement
	draft                                 management.ChangeSet
	trace                                 uuid.UUID
}

// fill gives a world something of everything.
func (w *world) fill() things {
	t, s := w.t, w.service
	ctx := within(t)
	must := func(err error) { t.Helper(); require.NoError(t, err) }
	var x things
	declared := &application.Application{
		ID: uuid.MustParse("897029da-2b35-429e-ad45-6f6bf5de7a95"), Name: "Declared", Version: "1", Programmer: "ZED", Level: application.LevelProgrammer,
		Type: application.TypeDirect, AllChannels: true, AllPlatforms: true, Scopes: scope.Must("api:client:v2"), Declared: true,
	}
	s.Declared = map[uuid.UUID]*application.Application{declared.ID: declared}
	s.DeclaredProgrammers = map[string]roster.Programmer{"ZED": {ID: "ZED", Name: "Zed Media", Story: roster.Story{Declared: true}}}
	x.declared.ID = declared.ID
	_, err := s.CreateProgrammer(ctx, by(olga), "REF", management.ProgrammerSpec{Name: "Reference Media", NewScheme: true})
	must(err)
	_, err = s.CreateProgrammer(ctx, by(olga), "FOX", management.ProgrammerSpec{Name: "Fox Broadcasting"})
	must(err)
	for id, of := range map[string]string{"REF30": "REF", "REF31": "REF", "FOX1": "FOX"} {
		_, err := s.CreateChannel(ctx, by(olga), id, management.ChannelSpec{Programmer: of, Name: "Channel " + id, Domains: []string{strings.ToLower(id) + ".example.com"}})
		must(err)
	}
	_, err = s.AddPlatform(ctx, by(olga), "Fridge", management.PlatformSpec{Description: "With a screen", Aliases: []string{"Smart Fridge"}})
	must(err)
	_, err = s.CreateProxyMVPD(ctx, by(olga), "PROXY1", management.ProxyMVPDSpec{Name: "Proxy One"})
	must(err)
	x.app, err = s.CreateApplication(ctx, by(olga), management.Spec{
		Name: "Reference TV", Programmer: "REF", Channels: []string{"REF30", "REF31"}, Platforms: []string{"iOS", "Roku"}, Scopes: []string{"api:client:v2"},
	})
	must(err)
	x.appOfChannel, err = s.CreateApplication(ctx, by(carla), management.Spec{Name: "Thirty only", Programmer: "REF", Channels: []string{"REF30"}, Scopes: []string{"api:client:v2"}})
	must(err)
	x.appOfFox, err = s.CreateApplication(ctx, by(fay), management.Spec{Name: "Fox secret app", Programmer: "FOX", Channels: []string{"FOX1"}, Scopes: []string{"api:client:v1"}})
	must(err)
	x.statement, err = s.IssueStatement(ctx, by(paul), x.app.ID)
	must(err)
	x.client = uuid.New()
	must(s.Records.PutClient(ctx, state.Client{
		ID: x.client, ApplicationID: x.appOfChannel.ID, StatementID: uuid.New(), Platform: "Roku", SecretMAC: []byte("never shown"), SecretKey: 7, CreatedAt: 1764000000000,
	}))
	_, err = s.Revoke(ctx, by(olga), management.KillOrder{Kind: "platform", ID: "Tizen", Reason: "stolen keys"})
	must(err)
	x.draft, err = s.CreateChangeSet(ctx, by(paul), management.ChangeSetSpec{Title: "Autumn names", Programmer: "REF"})
	must(err)
	x.draft, err = s.AddChange(ctx, by(paul), x.draft.ID, management.Change{
		Operation: access.UpdateChannel, ID: "REF31", Channel: &management.ChannelSpec{Name: "Thirty-one", Domains: []string{"ref31.example.com", "thirty-one.example"}},
	})
	must(err)
	w.census = &state.Census{
		BeganAt: 1764000000000, FinishedAt: 1764000004000, By: "gateway-1", Live: map[string]uint64{"Roku": 20111, "iOS": 1234}, Stopped: 7,
		Applications: map[uuid.UUID]state.ApplicationCount{x.app.ID: {Live: 12345, Stopped: 7}, x.appOfFox.ID: {Live: 9000}},
	}
	x.trace = uuid.New()
	w.refusal = explain.Entry{
		Trace: x.trace, At: 1764000000000, Gateway: "gateway-1", Decider: explain.Guard, Reason: string(guard.ChannelNotAssigned), Status: 401,
		Method: "GET", Path: "/api/v2/OTHER/configuration", Profile: "rest_v2", Route: "/api/v2/{serviceProvider}/configuration", Address: netip.MustParseAddr("192.0.2.1"),
		Facts: explain.Facts{
			Proven: true, Token: "valid", Had: []string{"api:client:v2"}, Needed: []string{"api:client:v2"},
			Subject: revocation.Subject{ApplicationID: x.app.ID, ClientID: x.client},
		},
	}
	return x
}

// get asks for a page.
func (w *world) get(a access.Actor, path string) *httptest.ResponseRecorder {
	return w.ask(a, httptest.NewRequest(http.MethodGet, path, nil))
}

// post sends a form.
func (w *world) post(a access.Actor, path string, form url.Values) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return w.ask(a, r)
}

func (w *world) ask(a access.Actor, r *http.Request) *httptest.ResponseRecorder {
	answer := httptest.NewRecorder()
	w.console.ServeHTTP(answer, r, a)
	return answer
}
