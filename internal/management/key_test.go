package management_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/caddy-dcr/caddy-dcr/internal/access"
	"github.com/caddy-dcr/caddy-dcr/internal/management"
	"github.com/caddy-dcr/caddy-dcr/internal/state"
)

func in(seconds int64) *int64 { return &seconds }

func TestKeysAreRotatedOneAtATime(t *testing.T) {
	overBoth(t, func(t *testing.T, w *world) {
		list, err := w.OwnKeys(ann)
		require.NoError(t, err)
		assert.Empty(t, list.Keys)
		for _, use := range state.KeyUses {
			first, err := w.RotateKey(within(t), by("ann"), management.KeyOrder{Use: string(use), InSeconds: in(0)})
			require.NoError(t, err)
			assert.True(t, first.Applied)
			assert.Equal(t, "signing", first.Key.State)
			next, err := w.RotateKey(within(t), by("ann"), management.KeyOrder{Use: string(use)})
			require.NoError(t, err)
			assert.Equal(t, "next", next.Key.State)
			assert.WithinDuration(t, time.Now().Add(6*time.Minute), next.Key.SignsFrom, time.Minute)
			assert.Equal(t, use == state.KeyForStatements, next.Key.Published)
			_, err = w.RotateKey(within(t), by("bob"), management.KeyOrder{Use: string(use), InSeconds: in(0)})
			assertFault(t, management.Exists, "use", next.Key.ID+" is next already", err)
		}
		list, err = w.OwnKeys(ann)
		require.NoError(t, err)
		assert.Len(t, list.Keys, 6)
		entries := w.entries(t, ann, management.AuditFilter{Operation: "key.rotate"})
		require.Len(t, entries, 6)
		assert.Nil(t, entries[0].Before)
		assert.Contains(t, string(entries[1].Before), entries[0].Target.ID)
		for _, e := range entries {
			assert.NotContains(t, string(e.After), "aterial")
		}
		_, err = w.Revoke(within(t), by("ann"), management.KillOrder{Kind: "key", ID: list.Keys[0].ID})
		require.NoError(t, err)
		_, err = w.RotateKey(within(t), by("ann"), management.KeyOrder{Use: list.Keys[0].Use})
		assert.NoError(t, err, "the next one was revoked")
	})
}

func TestRotatingWrongly(t *testing.T) {
	w := newWorld(t)
	for name, order := range map[string]management.KeyOrder{
		"use":        {Use: "door"},
		"in_seconds": {Use: "token", InSeconds: in(-1)},
	} {
		_, err := w.RotateKey(within(t), by("ann"), order)
		assertFault(t, management.Invalid, name, "", err)
	}
	_, err := w.RotateKey(within(t), by("ann"), management.KeyOrder{Use: "token", InSeconds: in(91 * 24 * 3600)})
	assertFault(t, management.Invalid, "in_seconds", "", err)
	for _, who := range []access.Actor{refAdmin, ref30Admin, refReader} {
		_, err := w.OwnKeys(who)
		assertFault(t, management.Forbidden, "", "key.show", err)
		_, err = w.RotateKey(within(t), call(who), management.KeyOrder{Use: "token"})
		assertFault(t, management.Forbidden, "", "key.rotate", err)
	}
	_, err = w.RotateKey(within(t), call(reader), management.KeyOrder{Use: "token"})
	assertFault(t, management.Forbidden, "", "key.rotate", err)
	_, err = w.OwnKeys(reader)
	assert.NoError(t, err)
	w.store.away.Store(true)
	_, err = w.RotateKey(within(t), by("ann"), management.KeyOrder{Use: "token"})
	assertFault(t, management.Unavailable, "", "rotating the key of tokens", err)
}

// Two gateways over one store know of one another's keys.
func TestAnotherGatewayHearsOfTheKey(t *testing.T) {
	w := newWorld(t)
	other := newService(t, w.store, "gateway-2")
	made, err := w.RotateKey(within(t), by("ann"), management.KeyOrder{Use: "statement"})
	require.NoError(t, err)
	var list management.KeyList
	require.Eventually(t, func() bool {
		list, err = other.OwnKeys(ann)
		return err == nil && len(list.Keys) == 1
	}, 10*time.Second, time.Millisecond)
	assert.Equal(t, made.Key, list.Keys[0])
}
