package management_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/caddy-dcr/caddy-dcr/internal/access"
	"github.com/caddy-dcr/caddy-dcr/internal/application"
	"github.com/caddy-dcr/caddy-dcr/internal/audit"
	"github.com/caddy-dcr/caddy-dcr/internal/jws"
	"github.com/caddy-dcr/caddy-dcr/internal/keyring"
	"github.com/caddy-dcr/caddy-dcr/internal/management"
	"github.com/caddy-dcr/caddy-dcr/internal/scope"
	"github.com/caddy-dcr/caddy-dcr/internal/state"
	"github.com/caddy-dcr/caddy-dcr/internal/statement"
	"github.com/caddy-dcr/caddy-dcr/plugins"
	"github.com/caddy-dcr/caddy-dcr/plugins/boltstore"
	"github.com/caddy-dcr/caddy-dcr/plugins/redisstore"
	"github.com/caddy-dcr/caddy-dcr/plugins/storetest/redistest"
)

const (
	ourIssuer   = "https://sp.example.com"
	theirIssuer = "auth.example.org"
	ourKey      = "key-1"
)

// world is one gateway over a store of its own.
type world struct {
	*management.Service
	store  *flaky
	papers *papers
}

func newWorld(t *testing.T) *world {
	bolt, err := boltstore.Open(filepath.Join(t.TempDir(), "dcr.db"))
	require.NoError(t, err)
	t.Cleanup(func() { _ = bolt.Close() })
	return worldOver(t, bolt)
}

// overBoth runs a test over an embedded store and over Redis.
func overBoth(t *testing.T, test func(t *testing.T, w *world)) {
	t.Run("bolt", func(t *testing.T) { test(t, newWorld(t)) })
	t.Run("redis", func(t *testing.T) {
		store, err := redisstore.Open(redisstore.Config{Addresses: []string{redistest.Start(t, redistest.Options{}).URL()}})
		require.NoError(t, err)
		t.Cleanup(func() { _ = store.Close() })
		// A gateway makes its keys before it does anything else, and with them
		// the feed.
		_, err = store.Append(context.Background(), plugins.Write{Key: plugins.ReplicaPrefix + "test", Value: []byte("1")})
		require.NoError(t, err)
		test(t, worldOver(t, store))
	})
}

func worldOver(t *testing.T, store plugins.Store) *world {
	w := &world{store: &flaky{Store: store}, papers: newPapers(t)}
	w.Service = newService(t, w.store, "gateway-1")
	w.Statements = w.papers
	return w
}

func newService(t *testing.T, store plugins.Store, node string) *management.Service {
	logger := slog.New(slog.DiscardHandler)
	replica := &state.Replica{Store: store, Logger: logger}
	nodes := &state.Nodes{Replica: replica, Name: node, Logger: logger}
	keys := keyring.New(state.Records{Store: store}, replica, nil, logger)
	replica.KeysChanged = keys.Load
	run(t, replica.Run)
	require.Eventually(t, func() bool { return replica.Fresh(time.Minute) == nil }, 5*time.Second, time.Millisecond)
	run(t, nodes.Run)
	return &management.Service{
		Records: state.Records{Store: store}, Replica: replica, Nodes: nodes,
		Audit:  audit.New(state.Records{Store: store}, replica, node, logger, nil),
		Issuer: ourIssuer, TrustedIssuers: []string{theirIssuer}, TokenLifetime: 24 * time.Hour, Wait: 5 * time.Second,
		Keys: keys, Ahead: 6 * time.Minute, Signing: map[state.KeyUse]jws.Algorithm{
			state.KeyForTokens: jws.HS256, state.KeyForStatements: jws.ES256, state.KeyForSecrets: jws.HS256,
		},
	}
}

func run(t *testing.T, f func(context.Context)) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { f(ctx); close(done) }()
	t.Cleanup(func() { cancel(); <-done })
}

// ann is an operator.
var ann = access.Trusted("ann", access.CLI, "127.0.0.1")

func by(name string) management.Call {
	return management.Call{Actor: access.Trusted(name, access.CLI, "127.0.0.1")}
}

func within(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	t.Cleanup(cancel)
	return ctx
}

// flaky is a store that can be away.
type flaky struct {
	plugins.Store
	away    atomic.Bool
	appends atomic.Bool // only appending fails
}

var errAway = fmt.Errorf("dial tcp 192.0.2.1:6379: %w", plugins.ErrUnavailable)

func (f *flaky) Get(ctx context.Context, keys ...string) ([]plugins.Item, error) {
	if f.away.Load() {
		return nil, errAway
	}
	return f.Store.Get(ctx, keys...)
}

func (f *flaky) List(ctx context.Context, prefix, cursor string, limit int) (plugins.Page, error) {
	if f.away.Load() {
		return plugins.Page{}, errAway
	}
	return f.Store.List(ctx, prefix, cursor, limit)
}

func (f *flaky) Append(ctx context.Context, writes ...plugins.Write) (plugins.Position, error) {
	if f.away.Load() || f.appends.Load() {
		return plugins.Position{}, errAway
	}
	return f.Store.Append(ctx, writes...)
}

func (f *flaky) Tail(ctx context.Context) (plugins.Position, time.Time, error) {
	if f.away.Load() {
		return plugins.Position{}, time.Time{}, errAway
	}
	return f.Store.Tail(ctx)
}

// papers are the real statements, of us and of somebody whom we trust; they
// can be out of order.
type papers struct {
	statement.Minter
	verifier *statement.Verifier
	theirs   *jws.Key
	err      error
}

func newPapers(t *testing.T) *papers {
	ours, err := jws.Generate(ourKey, jws.ES256)
	require.NoError(t, err)
	theirs, err := jws.Generate("their-key", jws.ES256)
	require.NoError(t, err)
	return &papers{
		Minter: statement.Minter{Issuer: ourIssuer, Key: func() *jws.Key { return ours }, Now: time.Now},
		verifier: &statement.Verifier{
			Issuer: ourIssuer, Keys: func(string) []*jws.Key { return []*jws.Key{ours} }, Now: time.Now,
			Trusted: []statement.TrustedIssuer{{Name: theirIssuer, Keys: []*jws.Key{theirs}}},
		},
		theirs: theirs,
	}
}

func (p *papers) Mint(app uuid.UUID) (string, statement.Statement, error) {
	if p.err != nil {
		return "", statement.Statement{}, p.err
	}
	return p.Minter.Mint(app)
}

func (p *papers) Verify(raw string) (statement.Statement, error) {
	if p.err != nil {
		return statement.Statement{}, p.err
	}
	return p.verifier.Verify(raw)
}

// ofOurs and ofTheirs make statements that are on nobody's record.
func (p *papers) ofOurs(t *testing.T, app uuid.UUID) string {
	raw, _, err := p.Minter.Mint(app)
	require.NoError(t, err)
	return raw
}

func (p *papers) ofTheirs(t *testing.T, app uuid.UUID) string {
	now := time.Now().Unix()
	raw, err := p.theirs.Sign("JWT", map[string]any{"iss": theirIssuer, "sub": app.String(), "iat": now, "nbf": now})
	require.NoError(t, err)
	return raw
}

func spec() management.Spec {
	return management.Spec{
		Name: "Demo", Programmer: "REF", Channels: []string{"REF30"}, Scopes: []string{"api:client:v2"},
	}
}

func (w *world) create(t *testing.T, change func(*management.Spec)) management.Application {
	s := spec()
	if change != nil {
		change(&s)
	}
	app, err := w.CreateApplication(within(t), by("ann"), s)
	require.NoError(t, err)
	return app
}

func (w *world) client(t *testing.T, app, st uuid.UUID, change func(*state.Client)) state.Client {
	c := state.Client{
		ID: uuid.New(), ApplicationID: app, StatementID: st, Platform: "Android",
		SecretMAC: []byte("never shown"), SecretKey: 7, CreatedAt: 1764000000000,
	}
	if change != nil {
		change(&c)
	}
	require.NoError(t, w.Records.PutClient(within(t), c))
	return c
}

func (w *world) revoke(t *testing.T, kind, id string) management.Revocation {
	r, err := w.Revoke(within(t), by("ann"), management.KillOrder{Kind: kind, ID: id, Reason: "stolen"})
	require.NoError(t, err)
	require.True(t, r.Applied, "%+v", r)
	return r
}

// declare gives the gateway an application that its configuration owns.
func (w *world) declare() *application.Application {
	a := &application.Application{
		ID: uuid.MustParse("897029da-2b35-429e-ad45-6f6bf5de7a95"), Name: "Declared", Version: "1", Programmer: "ZED",
		Level: application.LevelProgrammer, Type: application.TypeDirect, AllChannels: true, AllPlatforms: true,
		Scopes: scope.Must("api:client:v2"), Declared: true,
	}
	w.Declared = map[uuid.UUID]*application.Application{a.ID: a}
	return a
}

// aged is a service whose replica heard from the store long ago.
func (w *world) aged() *management.Service {
	old := *w.Service
	old.Replica = &state.Replica{Store: w.store, Logger: slog.New(slog.DiscardHandler)}
	old.Nodes = &state.Nodes{Replica: old.Replica, Name: "old", Logger: slog.New(slog.DiscardHandler)}
	return &old
}

func fault(t *testing.T, err error) *management.Error {
	t.Helper()
	var e *management.Error
	require.True(t, errors.As(err, &e), "want an *Error, got %v", err)
	return e
}

func assertFault(t *testing.T, code management.Code, field, text string, err error) {
	t.Helper()
	e := fault(t, err)
	assert.Equal(t, code, e.Code)
	assert.Equal(t, field, e.Field)
	assert.Contains(t, e.Message, text)
}
