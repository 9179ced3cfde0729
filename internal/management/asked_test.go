package management_test

import (
	"sync"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/caddy-dcr/caddy-dcr/internal/access"
	"github.com/caddy-dcr/caddy-dcr/internal/management"
)

func keyed(who access.Actor, key string) management.Call {
	return management.Call{Actor: who, Key: key}
}

func TestAskingTwiceMakesOnce(t *testing.T) {
	overBoth(t, func(t *testing.T, w *world) {
		w.settle(t)
		for name, ask := range map[string]func(key string) (any, error){
			"programmer": func(key string) (any, error) {
				return w.CreateProgrammer(within(t), keyed(ann, key), "ABC", management.ProgrammerSpec{})
			},
			"channel": func(key string) (any, error) {
				return w.CreateChannel(within(t), keyed(ann, key), "REF32", management.ChannelSpec{Programmer: "REF"})
			},
			"proxy MVPD": func(key string) (any, error) {
				return w.CreateProxyMVPD(within(t), keyed(ann, key), "P", management.ProxyMVPDSpec{})
			},
			"scope": func(key string) (any, error) {
				return w.AddScope(within(t), keyed(ann, key), "a:b", management.ScopeSpec{})
			},
			"platform": func(key string) (any, error) {
				return w.AddPlatform(within(t), keyed(ann, key), "VIDAA", management.PlatformSpec{})
			},
			"application": func(key string) (any, error) {
				return w.CreateApplication(within(t), keyed(ann, key), spec())
			},
			"change set": func(key string) (any, error) {
				return w.CreateChangeSet(within(t), keyed(ann, key), management.ChangeSetSpec{Title: "x"})
			},
		} {
			t.Run(name, func(t *testing.T) {
				first, err := ask("key-" + name)
				require.NoError(t, err)
				again, err := ask("key-" + name)
				require.NoError(t, err)
				assert.Equal(t, first, again)
			})
		}
		apps, err := w.Applications(ann, management.Filter{}, management.Part{})
		require.NoError(t, err)
		assert.Len(t, apps.Applications, 1)
		w.whole(t)
	})
}

// The text of a statement is kept nowhere: whoever did not hear the answer gets
// another signature of the same statement, which is revoked by the same id.
func TestAskingTwiceForAStatement(t *testing.T) {
	w := newWorld(t)
	app := w.create(t, nil)
	first, err := w.IssueStatement(within(t), keyed(ann, "k"), app.ID)
	require.NoError(t, err)
	again, err := w.IssueStatement(within(t), keyed(ann, "k"), app.ID)
	require.NoError(t, err)
	assert.Equal(t, first.ID, again.ID)
	list, err := w.StatementsOf(within(t), ann, app.ID, management.StatementFilter{}, management.Part{})
	require.NoError(t, err)
	assert.Len(t, list.Statements, 1)
	w.revoke(t, "statement", first.ID.String())
	for _, raw := range []string{first.JWT, again.JWT} {
		got, err := w.InspectStatement(within(t), ann, raw)
		require.NoError(t, err)
		assert.Equal(t, management.StoppedByKill, got.Verdict)
	}
}

func TestAKeyIsForOneThingOfOneActor(t *testing.T) {
	w := newWorld(t)
	w.settle(t)
	first, err := w.CreateApplication(within(t), keyed(ann, "k"), spec())
	require.NoError(t, err)
	other := spec()
	other.Name = "Other"
	_, err = w.CreateApplication(within(t), keyed(ann, "k"), other)
	assertFault(t, management.Exists, "idempotency_key", "used for something else", err)
	_, err = w.IssueStatement(within(t), keyed(ann, "k"), first.ID)
	assertFault(t, management.Exists, "idempotency_key", "used for something else", err)
	theirs, err := w.CreateApplication(within(t), keyed(refAdmin, "k"), spec())
	require.NoError(t, err)
	assert.NotEqual(t, first.ID, theirs.ID, "everybody has keys of their own")
	_, err = w.CreateApplication(within(t), keyed(ann, "k\x00"), spec())
	assertFault(t, management.Invalid, "idempotency_key", "printable", err)
}

// Clients that do not hear an answer ask again, also while the first call is
// still under way, at whichever gateway.
func TestAskingManyTimesAtOnceMakesOnce(t *testing.T) {
	w := newWorld(t)
	second := newService(t, w.store, "gateway-2")
	second.Statements = w.papers
	var mu sync.Mutex
	ids := map[uuid.UUID]bool{}
	var waiting sync.WaitGroup
	for i := range 8 {
		service := []*management.Service{w.Service, second}[i%2]
		waiting.Go(func() {
			app, err := service.CreateApplication(within(t), keyed(ann, "k"), spec())
			assert.NoError(t, err)
			mu.Lock()
			defer mu.Unlock()
			ids[app.ID] = true
		})
	}
	waiting.Wait()
	assert.Len(t, ids, 1)
}
