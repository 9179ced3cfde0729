package kills

import (
	"bytes"
	"context"
	"log/slog"
	"path/filepath"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.etcd.io/bbolt"

	"github.com/caddy-dcr/caddy-dcr/internal/access"
	"github.com/caddy-dcr/caddy-dcr/internal/audit"
	"github.com/caddy-dcr/caddy-dcr/internal/management"
	"github.com/caddy-dcr/caddy-dcr/internal/revocation"
	"github.com/caddy-dcr/caddy-dcr/internal/state"
	"github.com/caddy-dcr/caddy-dcr/plugins"
	"github.com/caddy-dcr/caddy-dcr/plugins/boltstore"
	"github.com/caddy-dcr/caddy-dcr/plugins/redisstore"
	"github.com/caddy-dcr/caddy-dcr/plugins/storetest/redistest"
	"github.com/caddy-dcr/caddy-dcr/tests/harness"
)

// A token's kill ends a little after any token that it could stop has expired.
// Everything else that was killed stays so.
func TestOnlyATokensKillHasAnEnd(t *testing.T) {
	t.Parallel()
	redis := redistest.Start(t, redistest.Options{})
	w := start(t, settings{store: "redis " + redis.URL()})
	before := records(t, redis)
	for kind, id := range map[string]string{
		"client": one, "statement": one, "application": w.common, "platform": "Roku", "channel": "CH1",
		"issuer": w.doomed.name, "key": "theirs",
	} {
		assert.Zero(t, w.kill(t, kind, id, allowUnknown...).Kill.ExpiresAt, kind)
	}
	kill := w.kill(t, "token", one).Kill
	assert.Equal(t, kill.At.Add(24*time.Hour+5*time.Minute), kill.ExpiresAt)
	assert.Equal(t, before+len(revocation.Kinds), records(t, redis), "one record for each, and no index beside it")
}

// records counts the records that every gateway of the Redis holds in memory.
func records(t *testing.T, redis *redistest.Server) int {
	t.Helper()
	n, err := strconv.Atoi(redis.Do("HLEN", "dcr:{f}:r"))
	require.NoError(t, err)
	return n
}

// throwBoth kills a token, whose kill ends, and a client.
func throwBoth(t *testing.T, store plugins.Store, ends time.Duration) {
	t.Helper()
	_, now, err := store.Tail(t.Context())
	require.NoError(t, err)
	for kind, ends := range map[revocation.Kind]time.Duration{revocation.Token: ends, revocation.Client: 0} {
		kill := state.Kill{Kind: kind, ID: uuid.NewString(), At: now.UnixMilli()}
		if ends != 0 {
			kill.ExpiresAt = now.Add(ends).UnixMilli()
		}
		_, _, err := state.Records{Store: store}.Throw(t.Context(), kill)
		require.NoError(t, err)
	}
}

func TestRedisLosesTheKillsThatHaveEnded(t *testing.T) {
	t.Parallel()
	redis := redistest.Start(t, redistest.Options{})
	store, err := redisstore.Open(redisstore.Config{Addresses: []string{redis.URL()}})
	require.NoError(t, err)
	t.Cleanup(func() { _ = store.Close() })
	throwBoth(t, store, 200*time.Millisecond)
	require.Equal(t, 2, records(t, redis))
	collected := 0
	harness.Eventually(t, "for the kill to be collected", func() bool {
		n, err := store.Collect(t.Context())
		require.NoError(t, err)
		collected += n
		return collected == 1
	})
	assert.Equal(t, 1, records(t, redis))
	kills, _, err := state.Records{Store: store}.Kills(t.Context(), "", 10)
	require.NoError(t, err)
	require.Len(t, kills, 1)
	assert.Equal(t, revocation.Client, kills[0].Kind)
}

// The whole life of a token's kill, in the file and in memory, by a clock that
// runs as fast as there is nothing to do.
func TestAGatewayForgetsTheKillsThatHaveEnded(t *testing.T) {
	path := filepath.Join(t.TempDir(), "dcr.db")
	synctest.Test(t, func(t *testing.T) {
		store, err := boltstore.Open(path)
		require.NoError(t, err)
		replica := &state.Replica{Store: store, Logger: slog.New(slog.DiscardHandler)}
		ctx, stop := context.WithCancel(t.Context())
		stopped := make(chan struct{})
		go func() { replica.Run(ctx); close(stopped) }()
		service := management.Service{
			Records: state.Records{Store: store}, Replica: replica, TokenLifetime: 10 * time.Minute,
			Nodes: &state.Nodes{Replica: replica, Name: "gateway-1", Logger: replica.Logger},
			Audit: audit.New(state.Records{Store: store}, replica, "gateway-1", replica.Logger, nil),
		}
		ann := management.Call{Actor: access.Trusted("ann", access.CLI, "")}
		token, client := uuid.New(), uuid.New()
		for kind, id := range map[string]uuid.UUID{"token": token, "client": client} {
			r, err := service.Revoke(ctx, ann, management.KillOrder{Kind: kind, ID: id.String(), AllowUnknown: true})
			require.NoError(t, err)
			require.True(t, r.Applied)
		}
		counted := func() int { _, kills := replica.Sizes(); return kills }
		time.Sleep(14 * time.Minute)
		_, killed := replica.Killed(&revocation.Subject{TokenID: token})
		assert.True(t, killed, "as long as the longest token could still pass")
		assert.Equal(t, 2, counted())
		time.Sleep(3 * time.Minute)
		_, killed = replica.Killed(&revocation.Subject{TokenID: token})
		assert.False(t, killed)
		assert.Equal(t, 1, counted())
		_, killed = replica.Killed(&revocation.Subject{ClientID: client})
		assert.True(t, killed, "for ever")
		stop()
		<-stopped
		require.NoError(t, store.Close())
	})
	assert.Equal(t, 1, killsIn(t, path))
}

// killsIn counts the kills that lie in a file, expired or not.
func killsIn(t *testing.T, path string) int {
	t.Helper()
	db, err := bbolt.Open(path, 0o600, nil)
	require.NoError(t, err)
	defer db.Close()
	n := 0
	require.NoError(t, db.View(func(tx *bbolt.Tx) error {
		return tx.Bucket([]byte("records")).ForEach(func(key, _ []byte) error {
			if bytes.HasPrefix(key, []byte(plugins.ReplicaPrefix+"k/")) {
				n++
			}
			return nil
		})
	}))
	return n
}
