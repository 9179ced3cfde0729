package management_test

import (
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/caddy-dcr/caddy-dcr/internal/management"
	"github.com/caddy-dcr/caddy-dcr/internal/revocation"
)

func TestATokenThatItsClientGaveBackIsDeadAndForgottenWhenItWouldHaveEnded(t *testing.T) {
	w := newWorld(t)
	client, token := uuid.New(), uuid.New()
	now := w.Replica.Now()
	done, err := w.RevokeOwnToken(within(t), client, token, now.Add(time.Hour))
	require.NoError(t, err)
	assert.True(t, done.Applied)
	assert.Equal(t, "client "+client.String(), done.Kill.By)
	_, killed := w.Replica.Killed(&revocation.Subject{TokenID: token})
	assert.True(t, killed)

	record, err := w.Records.Kill(within(t), revocation.Token, token.String())
	require.NoError(t, err)
	assert.InDelta(t, now.Add(time.Hour+5*time.Minute).UnixMilli(), record.ExpiresAt, 60_000, "and no later: others must not grow the gateway")

	again, err := w.RevokeOwnToken(within(t), client, token, now)
	require.NoError(t, err)
	assert.True(t, again.Already)
}

func TestAClientThatEndedItselfIsDeadForEver(t *testing.T) {
	w := newWorld(t)
	client := uuid.New()
	done, err := w.RevokeOwnClient(within(t), client)
	require.NoError(t, err)
	assert.True(t, done.Applied)
	_, killed := w.Replica.Killed(&revocation.Subject{ClientID: client})
	assert.True(t, killed)
	record, err := w.Records.Kill(within(t), revocation.Client, client.String())
	require.NoError(t, err)
	assert.Zero(t, record.ExpiresAt)
}

func TestNothingIsCalledRevokedWhileTheStoreIsAway(t *testing.T) {
	w := newWorld(t)
	for name, broken := range map[string]func(bool){"away": w.store.away.Store, "failing to append": w.store.appends.Store} {
		t.Run(name, func(t *testing.T) {
			broken(true)
			defer broken(false)
			_, err := w.RevokeOwnToken(within(t), uuid.New(), uuid.New(), time.Now())
			assertFault(t, management.Unavailable, "", "the state is not available now", err)
			_, err = w.RevokeOwnClient(within(t), uuid.New())
			assertFault(t, management.Unavailable, "", "the state is not available now", err)
		})
	}
}
