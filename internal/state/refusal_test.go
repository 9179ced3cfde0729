package state_test

import (
	"encoding/base64"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/caddy-dcr/caddy-dcr/internal/state"
	"github.com/caddy-dcr/caddy-dcr/plugins"
)

func TestARefusalIsKeptForItsTimeAndNoLonger(t *testing.T) {
	overStores(t, func(t *testing.T, store plugins.Store) {
		records, trace := state.Records{Store: store}, uuid.New()
		found, err := records.Refusal(within(t), trace)
		require.NoError(t, err)
		assert.Nil(t, found)
		require.NoError(t, records.PutRefusal(within(t), trace, []byte("why"), time.Hour))
		found, err = records.Refusal(within(t), trace)
		require.NoError(t, err)
		assert.Equal(t, []byte("why"), found)
		require.NoError(t, records.PutRefusal(within(t), trace, []byte("why"), 50*time.Millisecond))
		assert.Eventually(t, func() bool {
			found, err := records.Refusal(within(t), trace)
			return err == nil && found == nil
		}, 10*time.Second, 10*time.Millisecond)
	})
}

// A store that mixes replies up must not have one refusal explained by another.
func TestARefusalOfAnotherTraceIsNotBelieved(t *testing.T) {
	store := openStore(t)
	records, trace := state.Records{Store: store}, uuid.New()
	require.NoError(t, records.PutRefusal(within(t), trace, []byte("why"), time.Hour))
	_, err := state.Records{Store: swapped{store, "x/" + base64.RawURLEncoding.EncodeToString(trace[:])}}.Refusal(within(t), uuid.New())
	assert.ErrorIs(t, err, plugins.ErrUnavailable)
}
