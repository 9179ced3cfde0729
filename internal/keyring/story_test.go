package keyring_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/caddy-dcr/caddy-dcr/internal/jws"
	"github.com/caddy-dcr/caddy-dcr/internal/keyring"
	"github.com/caddy-dcr/caddy-dcr/internal/revocation"
	"github.com/caddy-dcr/caddy-dcr/internal/secret"
	"github.com/caddy-dcr/caddy-dcr/internal/state"
	"github.com/caddy-dcr/caddy-dcr/plugins"
)

var usual = map[state.KeyUse]jws.Algorithm{
	state.KeyForTokens: jws.ES256, state.KeyForStatements: jws.ES256, state.KeyForSecrets: jws.HS256,
}

// aKey stores the next key of a use, which is used from a moment on.
func aKey(t *testing.T, store plugins.Store, ring *keyring.Ring, replica *state.Replica, use state.KeyUse, from time.Time) string {
	t.Helper()
	record, err := ring.Generate(use, usual[use], from)
	require.NoError(t, err)
	position, err := state.Records{Store: store}.AddSigningKey(within(t), record)
	require.NoError(t, err)
	require.NoError(t, replica.WaitFor(within(t), position))
	return record.ID
}

func stages(ring *keyring.Ring) map[string]keyring.Stage {
	found := map[string]keyring.Stage{}
	for _, s := range ring.Stories(usual) {
		found[s.ID] = s.Stage
	}
	return found
}

func published(ring *keyring.Ring) (ids []string) {
	for _, key := range ring.Public() {
		ids = append(ids, key.ID())
	}
	return ids
}

func TestANewKeyIsPublishedBeforeItSigns(t *testing.T) {
	store := openStore(t)
	ring, replica := gateway(t, store, nil)
	other, _ := gateway(t, store, nil)
	now := replica.Now()
	old := aKey(t, store, ring, replica, state.KeyForTokens, now.Add(-time.Hour))
	next := aKey(t, store, ring, replica, state.KeyForTokens, now.Add(time.Hour))
	assert.Equal(t, old, ring.Signing(state.KeyForTokens, jws.ES256).ID())
	assert.ElementsMatch(t, []string{old, next}, published(ring))
	assert.Equal(t, map[string]keyring.Stage{old: keyring.Signs, next: keyring.Next}, stages(ring))
	require.Eventually(t, func() bool { return len(published(other)) == 2 }, 5*time.Second, time.Millisecond, "so at every gateway")

	soon := aKey(t, store, ring, replica, state.KeyForTokens, now.Add(-time.Minute))
	assert.Equal(t, soon, ring.Signing(state.KeyForTokens, jws.ES256).ID())
	assert.Equal(t, map[string]keyring.Stage{old: keyring.Verifies, next: keyring.Next, soon: keyring.Signs}, stages(ring))
	for _, s := range ring.Stories(usual) {
		assert.True(t, s.Published)
		assert.Equal(t, s.ID != soon, !s.EndsAt.IsZero(), "%s", s.ID)
	}
}

func TestAKeyOfTokensGoesWhenItsLastTokenHasExpired(t *testing.T) {
	store := openStore(t)
	ring, replica := gateway(t, store, nil)
	now := replica.Now()
	gone := aKey(t, store, ring, replica, state.KeyForTokens, now.Add(-80*time.Hour))
	stays := aKey(t, store, ring, replica, state.KeyForTokens, now.Add(-26*time.Hour))
	aKey(t, store, ring, replica, state.KeyForTokens, now.Add(-24*time.Hour))
	for range 2 { // and once more, to be sure that nothing goes twice
		aKey(t, store, ring, replica, state.KeyForStatements, now.Add(-9000*time.Hour))
		aKey(t, store, ring, replica, state.KeyForSecrets, now.Add(-9000*time.Hour))
	}
	for range 2 {
		require.NoError(t, ring.Retire(within(t)))
	}
	require.Eventually(t, func() bool { return ring.Verifying(state.KeyForTokens, gone) == nil }, 5*time.Second, time.Millisecond)
	assert.NotNil(t, ring.Verifying(state.KeyForTokens, stays), "a token of it may live for another hour")
	assert.NotContains(t, published(ring), gone)
	assert.Len(t, replica.Keys(), 6, "keys of statements and secrets stay")
	fresh, _ := gateway(t, store, nil)
	assert.Nil(t, fresh.Verifying(state.KeyForTokens, gone), "its private part is gone from the store")
}

func TestSecretsAreHashedWithANewKeyWhenItIsTime(t *testing.T) {
	store := openStore(t)
	ring, replica := gateway(t, store, nil)
	now := replica.Now()
	aKey(t, store, ring, replica, state.KeyForSecrets, now.Add(-time.Hour))
	version, old := ring.Secrets().MAC(secret.ClientSecret, []byte("x"))
	aKey(t, store, ring, replica, state.KeyForSecrets, now.Add(time.Hour))
	again, _ := ring.Secrets().MAC(secret.ClientSecret, []byte("x"))
	assert.Equal(t, version, again, "gateways that have not heard of the new one could not check it")
	assert.True(t, ring.Secrets().Has(2))

	aKey(t, store, ring, replica, state.KeyForSecrets, now.Add(-time.Second))
	newer, _ := ring.Secrets().MAC(secret.ClientSecret, []byte("x"))
	assert.EqualValues(t, 3, newer)
	assert.True(t, ring.Secrets().Check(version, old, secret.ClientSecret, []byte("x")), "clients of before keep their secrets")
}

// Every stage comes up, each for the reason that its name says.
func TestEveryStageOfAKey(t *testing.T) {
	store := openStore(t)
	ring, replica := gateway(t, store, nil)
	now := replica.Now()
	seen := map[keyring.Stage]bool{}
	note := func(r *keyring.Ring) {
		for _, s := range r.Stories(usual) {
			seen[s.Stage] = true
			switch s.Stage {
			case keyring.Killed, keyring.Unreadable:
				assert.False(t, s.Published)
			case keyring.Signs:
				assert.Equal(t, s.SignsFrom.Add(365*24*time.Hour), s.DueAt)
			default:
			}
		}
	}
	aKey(t, store, ring, replica, state.KeyForTokens, now.Add(-3*time.Hour))
	killed := aKey(t, store, ring, replica, state.KeyForTokens, now.Add(-2*time.Hour))
	aKey(t, store, ring, replica, state.KeyForTokens, now.Add(-time.Hour))
	aKey(t, store, ring, replica, state.KeyForTokens, now.Add(time.Hour))
	_, position, err := state.Records{Store: store}.Throw(within(t), state.Kill{Kind: revocation.Key, ID: killed, At: 1})
	require.NoError(t, err)
	require.NoError(t, replica.WaitFor(within(t), position))
	note(ring)
	sealed, _ := gateway(t, store, sealerOf(t, 1))
	aKey(t, store, sealed, replica, state.KeyForStatements, now)
	require.Eventually(t, func() bool { return ring.Err() != nil }, 5*time.Second, time.Millisecond)
	note(ring)
	for _, stage := range keyring.Stages {
		assert.True(t, seen[stage], "%s", stage)
	}
}

// A key that nobody uses any more was used by a gateway of another algorithm
// until nobody knows when: it stays.
func TestAKeyOfAnotherAlgorithmEndsAtNoTimeThatIsKnown(t *testing.T) {
	store := openStore(t)
	ring, _ := gateway(t, store, nil)
	require.NoError(t, ring.Ensure(within(t), state.KeyForTokens, jws.HS256))
	require.NoError(t, ring.Ensure(within(t), state.KeyForTokens, jws.ES256))
	stories := ring.Stories(usual)
	require.Len(t, stories, 2)
	assert.Equal(t, keyring.Verifies, stories[1].Stage)
	assert.Zero(t, stories[1].EndsAt)
	assert.False(t, stories[1].Published, "a shared secret is nobody's to see")
}
