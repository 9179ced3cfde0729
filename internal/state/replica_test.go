package state_test

import (
	"context"
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/caddy-dcr/caddy-dcr/internal/application"
	"github.com/caddy-dcr/caddy-dcr/internal/revocation"
	"github.com/caddy-dcr/caddy-dcr/internal/scope"
	"github.com/caddy-dcr/caddy-dcr/internal/state"
	"github.com/caddy-dcr/caddy-dcr/plugins"
	"github.com/caddy-dcr/caddy-dcr/plugins/boltstore"
)

func openStore(t *testing.T) plugins.Store {
	store, err := boltstore.Open(filepath.Join(t.TempDir(), "dcr.db"))
	require.NoError(t, err)
	t.Cleanup(func() { _ = store.Close() })
	return store
}

func run(t *testing.T, store plugins.Store) *state.Replica {
	r := &state.Replica{Store: store, Logger: slog.New(slog.DiscardHandler)}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { r.Run(ctx); close(done) }()
	t.Cleanup(func() { cancel(); <-done })
	return r
}

func loaded(t *testing.T, r *state.Replica) {
	require.Eventually(t, func() bool { return r.Fresh(time.Minute) == nil }, 5*time.Second, time.Millisecond)
}

func newApplication() *application.Application {
	return &application.Application{
		ID: uuid.New(), Name: "Demo", Version: "1", Programmer: "REF", Level: application.LevelProgrammer,
		Type: application.TypeDirect, AllChannels: true, AllPlatforms: true,
		Scopes: scope.Must("api:client:v2"), CreatedAt: time.UnixMilli(1764000000000).UTC(),
	}
}

func within(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	t.Cleanup(cancel)
	return ctx
}

func TestAReplicaHoldsWhatWasThereAndWhatComes(t *testing.T) {
	store := openStore(t)
	records := state.Records{Store: store}
	before, after := newApplication(), newApplication()
	_, err := records.CreateApplication(within(t), before)
	require.NoError(t, err)

	r := run(t, store)
	loaded(t, r)
	got, found := r.Application(before.ID)
	require.True(t, found)
	assert.Equal(t, before, got)

	position, err := records.CreateApplication(within(t), after)
	require.NoError(t, err)
	require.NoError(t, r.WaitFor(within(t), position))
	_, found = r.Application(after.ID)
	assert.True(t, found)
	applications, kills := r.Sizes()
	assert.Equal(t, 2, applications)
	assert.Zero(t, kills)
}

func TestAnApplicationsIDIsTakenOnce(t *testing.T) {
	records := state.Records{Store: openStore(t)}
	app := newApplication()
	_, err := records.CreateApplication(within(t), app)
	require.NoError(t, err)
	_, err = records.CreateApplication(within(t), app)
	assert.ErrorIs(t, err, state.ErrExists)
}

func TestAKillReachesEveryReplica(t *testing.T) {
	store := openStore(t)
	records := state.Records{Store: store}
	first, second := run(t, store), run(t, store)
	loaded(t, first)
	loaded(t, second)

	client := uuid.New()
	subject := &revocation.Subject{ClientID: client}
	thrown, position, err := records.Throw(within(t), state.Kill{Kind: revocation.Client, ID: client.String(), At: 5, Reason: "lost"})
	require.NoError(t, err)
	assert.Equal(t, int64(5), thrown.At)
	for _, r := range []*state.Replica{first, second} {
		require.NoError(t, r.WaitFor(within(t), position))
		kind, killed := r.Killed(subject)
		assert.True(t, killed)
		assert.Equal(t, revocation.Client, kind)
	}
	late := run(t, store)
	loaded(t, late)
	_, killed := late.Killed(subject)
	assert.True(t, killed, "a replica that starts later loads the kill")
}

func TestTheFirstKillStands(t *testing.T) {
	records := state.Records{Store: openStore(t)}
	kill := state.Kill{Kind: revocation.Platform, ID: "Android", At: 5, Reason: "first"}
	_, _, err := records.Throw(within(t), kill)
	require.NoError(t, err)
	again, position, err := records.Throw(within(t), state.Kill{Kind: revocation.Platform, ID: "Android", At: 9, Reason: "second"})
	require.NoError(t, err)
	assert.Equal(t, kill, again)
	assert.NotZero(t, position.Seq)

	thrown, lifted, write, err := records.Lifting(within(t), revocation.Platform, "Android", time.UnixMilli(10))
	require.NoError(t, err)
	assert.Equal(t, kill, thrown)
	assert.Equal(t, int64(10), lifted.LiftedAt)
	_, err = records.Store.Append(within(t), write)
	require.NoError(t, err)
	_, _, _, err = records.Lifting(within(t), revocation.Platform, "Android", time.UnixMilli(11))
	assert.ErrorIs(t, err, state.ErrNotFound)

	anew, _, err := records.Throw(within(t), state.Kill{Kind: revocation.Platform, ID: "Android", At: 20, Reason: "third"})
	require.NoError(t, err)
	assert.Equal(t, "third", anew.Reason)
	stored, err := records.Kill(within(t), revocation.Platform, "Android")
	require.NoError(t, err)
	assert.Zero(t, stored.LiftedAt)
}

func TestANodeThatHasNotAppliedIsNamed(t *testing.T) {
	store := openStore(t)
	records := state.Records{Store: store}
	nodes := map[string]*state.Nodes{}
	cancels := map[string]context.CancelFunc{}
	for _, name := range []string{"a", "b"} {
		r := run(t, store)
		n := &state.Nodes{Replica: r, Name: name, Logger: slog.New(slog.DiscardHandler)}
		ctx, cancel := context.WithCancel(context.Background())
		done := make(chan struct{})
		go func() { n.Run(ctx); close(done) }()
		t.Cleanup(func() { cancel(); <-done })
		nodes[name], cancels[name] = n, cancel
		loaded(t, r)
	}
	position, _, err := store.Tail(within(t))
	require.NoError(t, err)
	require.Eventually(t, func() bool {
		states, err := nodes["a"].Await(within(t), position)
		return err == nil && len(states) == 2
	}, 5*time.Second, 10*time.Millisecond, "both report")

	_, position, err = records.Throw(within(t), state.Kill{Kind: revocation.Channel, ID: "CNN", At: 1})
	require.NoError(t, err)
	states, err := nodes["a"].Await(within(t), position)
	require.NoError(t, err)
	require.Len(t, states, 2)
	for _, s := range states {
		assert.True(t, s.Applied, s.Name)
	}

	// A place that nobody can have applied: both are named, neither as done.
	short, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	states, err = nodes["a"].Await(short, plugins.Position{Feed: position.Feed, Seq: position.Seq + 100})
	require.NoError(t, err)
	require.Len(t, states, 2)
	for _, s := range states {
		assert.False(t, s.Applied, s.Name)
	}

	cancels["b"]()
	require.Eventually(t, func() bool {
		states, err := nodes["a"].Await(within(t), position)
		return err == nil && len(states) == 1
	}, 5*time.Second, 10*time.Millisecond, "a node that left is not waited for")
}

func TestAReplicaWithoutStoreIsNotFresh(t *testing.T) {
	store := openStore(t)
	r := &state.Replica{Store: store, Logger: slog.New(slog.DiscardHandler)}
	assert.ErrorIs(t, r.Fresh(time.Hour), plugins.ErrUnavailable)
	_, found := r.Application(uuid.New())
	assert.False(t, found)
	_, killed := r.Killed(&revocation.Subject{})
	assert.False(t, killed)

	live := run(t, store)
	loaded(t, live)
	require.NoError(t, store.Close())
	require.Eventually(t, func() bool { return live.Fresh(10*time.Millisecond) != nil }, 5*time.Second, time.Millisecond)
	assert.NoError(t, live.Fresh(time.Hour), "within the bound the last word counts")
}

func TestClientsAndTokensComeBack(t *testing.T) {
	records := state.Records{Store: openStore(t)}
	client := state.Client{ID: uuid.New(), ApplicationID: uuid.New(), SecretMAC: []byte{1}, SecretKey: 1, CreatedAt: 7}
	require.NoError(t, records.PutClient(within(t), client))
	assert.ErrorIs(t, records.PutClient(within(t), client), state.ErrExists, "an id is never used twice")
	back, err := records.Client(within(t), client.ID)
	require.NoError(t, err)
	assert.Equal(t, client, back)
	_, err = records.Client(within(t), uuid.New())
	assert.ErrorIs(t, err, state.ErrNotFound)

	key := state.TokenKeyOf("dcrt_one")
	token := state.Token{ClientID: client.ID, Scope: "a", IssuedAt: 8, ExpiresAt: 9, Issuer: "i", Audience: "a"}
	require.NoError(t, records.PutToken(within(t), key, token, time.Minute))
	gotToken, err := records.Token(within(t), key, "i", "a")
	require.NoError(t, err)
	assert.Equal(t, token, gotToken)
	_, err = records.Token(within(t), key, "i", "another audience")
	assert.ErrorIs(t, err, state.ErrNotFound)
	_, err = records.Token(within(t), state.TokenKeyOf("dcrt_two"), "i", "a")
	assert.ErrorIs(t, err, state.ErrNotFound)

	listed, cursor, err := records.Clients(within(t), "", 10)
	require.NoError(t, err)
	assert.Empty(t, cursor)
	assert.Equal(t, []state.Client{client}, listed)
}

// swapped answers every Get with what belongs to another key, as a connection
// out of step does.
type swapped struct {
	plugins.Store
	instead string
}

func (s swapped) Get(ctx context.Context, keys ...string) ([]plugins.Item, error) {
	items, err := s.Store.Get(ctx, s.instead)
	for i := range items {
		items[i].Key = keys[i]
	}
	return items, err
}

func TestAReplyOfAnotherRequestIsNobodysIdentity(t *testing.T) {
	store := openStore(t)
	records := state.Records{Store: store}
	mine, theirs := uuid.New(), uuid.New()
	for _, id := range []uuid.UUID{mine, theirs} {
		require.NoError(t, records.PutClient(within(t), state.Client{ID: id, SecretMAC: []byte{1}}))
	}
	page, err := store.List(within(t), "c/", "", 10)
	require.NoError(t, err)
	for _, item := range page.Items {
		confused := state.Records{Store: swapped{store, item.Key}}
		wrong := 0
		for _, id := range []uuid.UUID{mine, theirs} {
			c, err := confused.Client(within(t), id)
			if err != nil {
				assert.ErrorIs(t, err, plugins.ErrUnavailable)
				wrong++
			} else {
				assert.Equal(t, id, c.ID)
			}
		}
		assert.Equal(t, 1, wrong)
	}
}
