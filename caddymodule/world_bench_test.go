//go:build linux

package caddymodule

import (
	"context"
	"encoding/json"
	"path/filepath"
	"testing"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/caddy-dcr/caddy-dcr/internal/revocation"
	"github.com/caddy-dcr/caddy-dcr/internal/scope"
	"github.com/caddy-dcr/caddy-dcr/internal/state"
	"github.com/caddy-dcr/caddy-dcr/internal/token"
	"github.com/caddy-dcr/caddy-dcr/plugins"
	"github.com/caddy-dcr/caddy-dcr/plugins/boltstore"
)

const (
	benchApplication = "897029da-2b35-429e-ad45-6f6bf5de7a95"
	benchChannel     = "REF30"
	benchScope       = "api:client:v2"
)

// benchWorld is an app that runs, with one guard, as a configuration makes
// them: nothing of it stands in for the real thing.
type benchWorld struct {
	app   *App
	guard *Guard
	// ready is how long the app took from Start until it decided.
	ready time.Duration
}

// newBenchWorld starts an app over a store of its own that holds that many
// kills, none of which concerns any token of the benchmarks. Forged signatures
// are looked at however many there are.
func newBenchWorld(b *testing.B, tokens TokenConfig, kills int, change ...func(*App)) *benchWorld {
	b.Helper()
	file := filepath.Join(b.TempDir(), "dcr.db")
	storeKills(b, file, kills)
	app := &App{
		Issuer:   "https://sp.example.com",
		StoreRaw: benchJSON(b, map[string]string{"module": "bolt", "path": file}),
		Tokens:   tokens, Forgeries: LimitConfig{Off: true},
		Applications: []DeclaredApplication{{
			Name: "demo", ID: benchApplication, Programmer: "Demo",
			Channels: []string{benchChannel}, Scopes: []string{benchScope},
		}},
	}
	for _, change := range change {
		change(app)
	}
	config := caddy.Config{
		Logging: &caddy.Logging{Logs: map[string]*caddy.CustomLog{
			"default": {BaseLog: caddy.BaseLog{WriterRaw: json.RawMessage(`{"output":"discard"}`)}},
		}},
		AppsRaw: caddy.ModuleMap{"dcr": benchJSON(b, app)},
	}
	ctx, err := caddy.ProvisionContext(&config)
	require.NoError(b, err)
	w := new(benchWorld)
	w.app, err = appOf(ctx)
	require.NoError(b, err)
	b.Cleanup(func() {
		require.NoError(b, w.app.Stop())
		require.NoError(b, w.app.Cleanup())
	})
	handler, err := ctx.LoadModuleByID("http.handlers.dcr_guard", json.RawMessage(`{"profile":{"name":"rest_v2"}}`))
	require.NoError(b, err)
	w.guard = handler.(*Guard)

	begun := time.Now()
	require.NoError(b, w.app.Start())
	require.Eventually(b, func() bool { return w.app.services.tokens.minter.Key() != nil }, time.Minute, time.Millisecond)
	w.ready = time.Since(begun)
	return w
}

func benchJSON(b *testing.B, value any) json.RawMessage {
	b.Helper()
	text, err := json.Marshal(value)
	require.NoError(b, err)
	return text
}

// client makes up a client: nobody asks the store for it.
func (w *benchWorld) client() state.Client {
	return state.Client{
		ID: uuid.New(), ApplicationID: uuid.MustParse(benchApplication), StatementID: uuid.MustParse(benchApplication),
		Platform: "Android", CreatedAt: w.app.services.directory.Now().UnixMilli(),
	}
}

// mint makes a token of a new client, as the token endpoint does.
func (w *benchWorld) mint(b *testing.B, scopes ...string) (string, token.Grant) {
	b.Helper()
	t, client := w.app.services.tokens, w.client()
	raw, grant, err := t.minter.Mint(token.Grant{
		ClientID: client.ID, ClientIssuedAt: client.CreatedAt, Lineage: t.lineage(client, scope.Must(scopes...)),
	})
	require.NoError(b, err)
	return raw, grant
}

// learn makes the app know that many tokens of as many clients, and gives some
// of them, spread over all, so that no processor cache holds what they need.
func (w *benchWorld) learn(b *testing.B, count int) []string {
	b.Helper()
	const most = 20_000
	some := make([]string, 0, most)
	step := max(1, count/most)
	for i := range count {
		raw, grant := w.mint(b, benchScope)
		w.app.cache.Put(raw, grant)
		if i%step == 0 && len(some) < most {
			some = append(some, raw)
		}
	}
	return some
}

// kill throws a switch and waits until the guard has heard of it.
func (w *benchWorld) kill(b *testing.B, kind revocation.Kind, id string) {
	b.Helper()
	_, position, err := w.app.backing.records.Throw(context.Background(), state.Kill{Kind: kind, ID: id, At: time.Now().UnixMilli()})
	require.NoError(b, err)
	require.NoError(b, w.app.backing.replica.WaitFor(context.Background(), position))
}

// storeKills writes kills of as many tokens, clients and statements into the
// file, in a few big steps: what they are is what throwing each would write.
func storeKills(b *testing.B, file string, count int) {
	b.Helper()
	store, err := boltstore.Open(file)
	require.NoError(b, err)
	defer func() { require.NoError(b, store.Close()) }()
	kinds := []revocation.Kind{revocation.Token, revocation.Client, revocation.Statement}
	steps := &steps{store: store}
	records := state.Records{Store: steps}
	for i := range count {
		_, _, err := records.Throw(context.Background(), state.Kill{
			Kind: kinds[i%len(kinds)], ID: uuid.NewString(), At: time.Now().UnixMilli(), Reason: "benchmark", By: "benchmark",
		})
		require.NoError(b, err)
	}
	require.NoError(b, steps.flush())
}

// steps appends to a store many writes at a time.
type steps struct {
	plugins.Store
	store   plugins.Store
	waiting []plugins.Write
}

// Get finds nothing: what is killed has a new id.
func (s *steps) Get(_ context.Context, keys ...string) ([]plugins.Item, error) {
	items := make([]plugins.Item, len(keys))
	for i, key := range keys {
		items[i].Key = key
	}
	return items, nil
}

func (s *steps) Append(_ context.Context, writes ...plugins.Write) (plugins.Position, error) {
	s.waiting = append(s.waiting, writes...)
	if len(s.waiting) < 10_000 {
		return plugins.Position{}, nil
	}
	return plugins.Position{}, s.flush()
}

func (s *steps) flush() error {
	if len(s.waiting) == 0 {
		return nil
	}
	_, err := s.store.Append(context.Background(), s.waiting...)
	s.waiting = s.waiting[:0]
	return err
}
