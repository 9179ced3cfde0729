package keyring_test

import (
	"bytes"
	"context"
	"log/slog"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/caddy-dcr/caddy-dcr/internal/jws"
	"github.com/caddy-dcr/caddy-dcr/internal/keyring"
	"github.com/caddy-dcr/caddy-dcr/internal/revocation"
	"github.com/caddy-dcr/caddy-dcr/internal/state"
	"github.com/caddy-dcr/caddy-dcr/plugins"
	"github.com/caddy-dcr/caddy-dcr/plugins/boltstore"
)

var quiet = slog.New(slog.DiscardHandler)

func openStore(t *testing.T) plugins.Store {
	store, err := boltstore.Open(filepath.Join(t.TempDir(), "dcr.db"))
	require.NoError(t, err)
	t.Cleanup(func() { _ = store.Close() })
	return store
}

// gateway is a ring over a replica that follows the store.
func gateway(t *testing.T, store plugins.Store, sealer *keyring.Sealer) (*keyring.Ring, *state.Replica) {
	replica := &state.Replica{Store: store, Logger: quiet}
	ring := keyring.New(state.Records{Store: store}, replica, sealer, quiet)
	replica.KeysChanged = ring.Load
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { replica.Run(ctx); close(done) }()
	t.Cleanup(func() { cancel(); <-done })
	require.Eventually(t, func() bool { return replica.Fresh(time.Minute) == nil }, 5*time.Second, time.Millisecond)
	return ring, replica
}

func within(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	t.Cleanup(cancel)
	return ctx
}

func sealerOf(t *testing.T, b byte) *keyring.Sealer {
	s, err := keyring.NewSealer(bytes.Repeat([]byte{b}, 32))
	require.NoError(t, err)
	return s
}

func TestKeysAreMadeOnceAndFoundByEveryGateway(t *testing.T) {
	store := openStore(t)
	one, _ := gateway(t, store, nil)
	assert.Nil(t, one.Signing(state.KeyForTokens, jws.ES256))
	assert.Nil(t, one.Secrets())
	for range 2 {
		require.NoError(t, one.Ensure(within(t), state.KeyForTokens, jws.ES256))
		require.NoError(t, one.Ensure(within(t), state.KeyForSecrets, jws.HS256))
	}
	key := one.Signing(state.KeyForTokens, jws.ES256)
	require.NotNil(t, key)

	two, replica := gateway(t, store, nil)
	assert.Len(t, replica.Keys(), 2, "asking twice makes nothing more")
	other := two.Signing(state.KeyForTokens, jws.ES256)
	require.NotNil(t, other)
	assert.Equal(t, key.ID(), other.ID())
	assert.True(t, jws.SameMaterial(key, other))
	assert.NotNil(t, two.Verifying(state.KeyForTokens, key.ID()))
	assert.Nil(t, two.Verifying(state.KeyForStatements, key.ID()), "a key has one use")
	assert.Nil(t, two.Signing(state.KeyForTokens, jws.EdDSA), "and one algorithm")

	version, mac := one.Secrets().MAC("client secret", []byte("x"))
	assert.True(t, two.Secrets().Check(version, mac, "client secret", []byte("x")))
	require.Len(t, two.Public(), 1, "keys of secrets are nobody's to see")
}

func TestGatewaysThatStartTogetherAgree(t *testing.T) {
	store := openStore(t)
	var rings []*keyring.Ring
	for range 4 {
		ring, _ := gateway(t, store, nil)
		rings = append(rings, ring)
	}
	var all sync.WaitGroup
	for _, ring := range rings {
		all.Go(func() { assert.NoError(t, ring.Ensure(within(t), state.KeyForTokens, jws.HS256)) })
	}
	all.Wait()
	first := rings[0].Signing(state.KeyForTokens, jws.HS256)
	require.NotNil(t, first)
	for _, ring := range rings {
		assert.Equal(t, first.ID(), ring.Signing(state.KeyForTokens, jws.HS256).ID())
	}
}

func TestAnotherAlgorithmMakesAnotherKeyAndKeepsTheOld(t *testing.T) {
	ring, _ := gateway(t, openStore(t), nil)
	require.NoError(t, ring.Ensure(within(t), state.KeyForTokens, jws.HS256))
	old := ring.Signing(state.KeyForTokens, jws.HS256)
	require.NoError(t, ring.Ensure(within(t), state.KeyForTokens, jws.EdDSA))
	assert.NotNil(t, ring.Verifying(state.KeyForTokens, old.ID()), "tokens of yesterday stay good")
	assert.NotEqual(t, old.ID(), ring.Signing(state.KeyForTokens, jws.EdDSA).ID())
}

func TestAKilledKeySignsNoMoreAndIsReplaced(t *testing.T) {
	store := openStore(t)
	ring, replica := gateway(t, store, nil)
	require.NoError(t, ring.Ensure(within(t), state.KeyForStatements, jws.ES256))
	killed := ring.Signing(state.KeyForStatements, jws.ES256).ID()
	_, position, err := state.Records{Store: store}.Throw(within(t), state.Kill{Kind: revocation.Key, ID: killed, At: 1})
	require.NoError(t, err)
	require.NoError(t, replica.WaitFor(within(t), position))

	assert.Nil(t, ring.Signing(state.KeyForStatements, jws.ES256))
	assert.Empty(t, ring.Public())
	assert.NotNil(t, ring.Verifying(state.KeyForStatements, killed), "what it signed is called killed, not badly signed")
	require.NoError(t, ring.Ensure(within(t), state.KeyForStatements, jws.ES256))
	assert.NotEqual(t, killed, ring.Signing(state.KeyForStatements, jws.ES256).ID())
}

func TestKeysAreSealedInTheStore(t *testing.T) {
	store := openStore(t)
	ring, replica := gateway(t, store, sealerOf(t, 1))
	require.NoError(t, ring.Ensure(within(t), state.KeyForTokens, jws.HS256))
	material, err := ring.Signing(state.KeyForTokens, jws.HS256).Marshal()
	require.NoError(t, err)
	for _, key := range replica.Keys() {
		assert.True(t, key.Sealed)
		assert.NotContains(t, string(key.Material), string(material))
	}

	again, _ := gateway(t, store, sealerOf(t, 1))
	assert.NoError(t, again.Err())
	assert.NotNil(t, again.Signing(state.KeyForTokens, jws.HS256))
}

func TestAKeyThatCannotBeReadIsNotReplacedInSilence(t *testing.T) {
	store := openStore(t)
	ring, _ := gateway(t, store, sealerOf(t, 1))
	require.NoError(t, ring.Ensure(within(t), state.KeyForTokens, jws.HS256))
	for name, tc := range map[string]struct {
		sealer *keyring.Sealer
		says   string
	}{
		"without the operator's key": {nil, "no key_encryption_key"},
		"with another one":           {sealerOf(t, 2), "another key_encryption_key"},
	} {
		t.Run(name, func(t *testing.T) {
			blind, replica := gateway(t, store, tc.sealer)
			require.ErrorContains(t, blind.Err(), tc.says)
			require.ErrorContains(t, blind.Ensure(within(t), state.KeyForTokens, jws.HS256), tc.says)
			assert.Len(t, replica.Keys(), 1)
		})
	}
}

func TestASealerWantsAWholeKey(t *testing.T) {
	for _, n := range []int{0, 16, 31, 33} {
		_, err := keyring.NewSealer(make([]byte, n))
		assert.Error(t, err, n)
	}
}

func TestTheAgeOfAKeyIsThatOfTheOneInUse(t *testing.T) {
	store := openStore(t)
	ring, replica := gateway(t, store, nil)
	_, found := ring.Age(state.KeyForTokens)
	assert.False(t, found, "there is no key yet")

	long := replica.Now().Add(-48 * time.Hour)
	key, err := jws.Generate("", jws.HS256)
	require.NoError(t, err)
	material, err := key.Marshal()
	require.NoError(t, err)
	position, err := state.Records{Store: store}.AddSigningKey(within(t), state.SigningKey{
		Use: state.KeyForTokens, Generation: 1, ID: key.Thumbprint(), Algorithm: string(jws.HS256), Material: material,
		CreatedAt: long.UnixMilli(), SignsFrom: long.UnixMilli(),
	})
	require.NoError(t, err)
	require.NoError(t, replica.WaitFor(within(t), position))
	age, found := ring.Age(state.KeyForTokens)
	require.True(t, found)
	assert.InDelta(t, (48 * time.Hour).Hours(), age.Hours(), 0.5)

	_, position, err = state.Records{Store: store}.Throw(within(t), state.Kill{Kind: revocation.Key, ID: key.Thumbprint(), At: 1})
	require.NoError(t, err)
	require.NoError(t, replica.WaitFor(within(t), position))
	_, found = ring.Age(state.KeyForTokens)
	assert.False(t, found, "a killed key is not in use")
	require.NoError(t, ring.Ensure(within(t), state.KeyForTokens, jws.HS256))
	age, found = ring.Age(state.KeyForTokens)
	require.True(t, found)
	assert.Less(t, age, time.Hour)
}

func TestAnotherKeyInUseIsAChangeOnceWhoeverCausedIt(t *testing.T) {
	store := openStore(t)
	ring, replica := gateway(t, store, nil)
	changed := func(algorithm jws.Algorithm) (keyring.Change, bool) {
		return ring.Changed(state.KeyForTokens, algorithm)
	}
	_, is := changed(jws.HS256)
	assert.False(t, is, "there is no key yet")
	require.NoError(t, ring.Ensure(within(t), state.KeyForTokens, jws.HS256))
	_, is = changed(jws.HS256)
	assert.False(t, is, "the first takes nobody's place")
	first := ring.Signing(state.KeyForTokens, jws.HS256).ID()

	_, position, err := state.Records{Store: store}.Throw(within(t), state.Kill{Kind: revocation.Key, ID: first, At: time.Now().UnixMilli()})
	require.NoError(t, err)
	require.NoError(t, replica.WaitFor(within(t), position))
	_, is = changed(jws.HS256)
	assert.False(t, is, "there is none in its place yet")
	require.NoError(t, ring.Ensure(within(t), state.KeyForTokens, jws.HS256))
	change, is := changed(jws.HS256)
	assert.True(t, is)
	second := ring.Signing(state.KeyForTokens, jws.HS256).ID()
	assert.Equal(t, keyring.Change{Key: second, Previous: first}, change)
	_, is = changed(jws.HS256)
	assert.False(t, is, "it is told once")

	require.NoError(t, ring.Ensure(within(t), state.KeyForTokens, jws.ES256))
	change, is = changed(jws.ES256)
	assert.True(t, is, "another algorithm was configured")
	assert.Equal(t, second, change.Previous)
	require.NoError(t, ring.Ensure(within(t), state.KeyForSecrets, jws.HS256))
	for range 2 {
		_, is = ring.Changed(state.KeyForSecrets, jws.HS256)
		assert.False(t, is, "each use has its own")
	}
}
