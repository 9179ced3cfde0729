package state_test

import (
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/caddy-dcr/caddy-dcr/internal/state"
	"github.com/caddy-dcr/caddy-dcr/plugins"
)

func TestAnAssertionIsUsedOnceByEachClient(t *testing.T) {
	store := openStore(t)
	one, two := state.Records{Store: store}, state.Records{Store: store}
	client, other := uuid.New(), uuid.New()
	require.NoError(t, one.UseAssertion(within(t), client, "j", time.Minute))
	require.ErrorIs(t, two.UseAssertion(within(t), client, "j", time.Minute), state.ErrExists)
	require.NoError(t, two.UseAssertion(within(t), other, "j", time.Minute))
	require.NoError(t, two.UseAssertion(within(t), client, "", time.Minute))
	require.NoError(t, one.UseAssertion(within(t), client, "\x00", time.Minute))
}

func TestAUsedAssertionIsForgottenWhenItCannotComeAgain(t *testing.T) {
	records := state.Records{Store: openStore(t)}
	client := uuid.New()
	require.NoError(t, records.UseAssertion(within(t), client, "j", 50*time.Millisecond))
	require.Eventually(t, func() bool { return records.UseAssertion(within(t), client, "j", time.Minute) == nil }, 5*time.Second, 5*time.Millisecond)
}

func TestNobodyIsCalledAReplayWhileTheStoreIsAway(t *testing.T) {
	store := openStore(t)
	require.NoError(t, store.Close())
	err := state.Records{Store: store}.UseAssertion(within(t), uuid.New(), "j", time.Minute)
	require.ErrorIs(t, err, plugins.ErrUnavailable)
	require.NotErrorIs(t, err, state.ErrExists)
}
