package keyring_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/caddy-dcr/caddy-dcr/internal/jws"
	"github.com/caddy-dcr/caddy-dcr/internal/keyring"
	"github.com/caddy-dcr/caddy-dcr/internal/state"
)

// whole are keys as an export has them.
func whole(t *testing.T) []state.SigningKey {
	t.Helper()
	ring, replica := gateway(t, openStore(t), sealerOf(t, 7))
	for use, algorithm := range map[state.KeyUse]jws.Algorithm{
		state.KeyForTokens: jws.ES256, state.KeyForStatements: jws.ES256, state.KeyForSecrets: jws.HS256,
	} {
		require.NoError(t, ring.Ensure(within(t), use, algorithm))
	}
	require.Eventually(t, func() bool { return len(replica.Keys()) == 3 }, 5*time.Second, time.Millisecond)
	keys, err := ring.Revealed()
	require.NoError(t, err)
	return keys
}

func TestKeysThatComeAlongAreLookedAtOneByOne(t *testing.T) {
	good := whole(t)
	require.NoError(t, keyring.CheckRevealed(good))
	secret, signing := 0, 0
	for i, k := range good {
		if k.Use == state.KeyForSecrets {
			secret = i
		} else {
			signing = i
		}
	}
	for name, c := range map[string]struct {
		spoil func(keys []state.SigningKey)
		says  string
	}{
		"nothing at all":          {func(k []state.SigningKey) { k[1] = state.SigningKey{} }, `keys[1].Use: got "", want one of`},
		"an unknown use":          {func(k []state.SigningKey) { k[0].Use = "cookie" }, `keys[0].Use: got "cookie"`},
		"no generation":           {func(k []state.SigningKey) { k[2].Generation = 0 }, "keys[2].Generation: got 0, want 1 to"},
		"a secret's of two bytes": {func(k []state.SigningKey) { k[secret].Generation = 257 }, ".Generation: got 257, want 1 to 255"},
		"a key that is sealed":    {func(k []state.SigningKey) { k[0].Sealed = true }, "keys[0].Sealed: "},
		"no time of making":       {func(k []state.SigningKey) { k[0].CreatedAt = 0 }, "keys[0].CreatedAt: got 0"},
		"a beginning before time": {func(k []state.SigningKey) { k[0].SignsFrom = -1 }, "keys[0].SignsFrom: got -1"},
		"no algorithm":            {func(k []state.SigningKey) { k[0].Algorithm = "none" }, `keys[0].Algorithm: got "none", want one of`},
		"a secret that signs":     {func(k []state.SigningKey) { k[secret].Algorithm = "ES256" }, ".Algorithm: got ES256"},
		"another's algorithm":     {func(k []state.SigningKey) { k[signing].Algorithm = "RS256" }, ".Material: "},
		"material that is cut":    {func(k []state.SigningKey) { k[signing].Material = k[signing].Material[:20] }, ".Material: "},
		"a secret that is short":  {func(k []state.SigningKey) { k[secret].Material = k[secret].Material[:31] }, ".Material: "},
		"material of another key": {func(k []state.SigningKey) { k[secret].Material[0]++ }, ".ID: got "},
		"an id of its own":        {func(k []state.SigningKey) { k[0].ID = "x" }, `keys[0].ID: got "x", but the material is that of`},
		"one key for two uses":    {func(k []state.SigningKey) { k[2] = k[1] }, "keys[2].ID: keys[1] is the same key"},
		"two of a generation":     {func(k []state.SigningKey) { k[signing].Use = otherUse(k[signing].Use) }, ".Generation: keys["},
	} {
		t.Run(name, func(t *testing.T) {
			keys := make([]state.SigningKey, len(good))
			for i, k := range good {
				keys[i] = k
				keys[i].Material = append([]byte(nil), k.Material...)
			}
			c.spoil(keys)
			assert.ErrorContains(t, keyring.CheckRevealed(keys), c.says)
		})
	}
}

func otherUse(use state.KeyUse) state.KeyUse {
	if use == state.KeyForTokens {
		return state.KeyForStatements
	}
	return state.KeyForTokens
}
