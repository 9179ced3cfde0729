package redisstore

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/caddy-dcr/caddy-dcr/plugins"
	"github.com/caddy-dcr/caddy-dcr/plugins/storetest/redistest"
)

func act(t *testing.T, s *Store, n int) plugins.Position {
	t.Helper()
	var position plugins.Position
	for i := range n {
		var err error
		position, err = s.Append(t.Context(), plugins.Write{Key: "r/k", Value: []byte(strconv.Itoa(i))})
		require.NoError(t, err)
	}
	return position
}

func lost(t *testing.T, s *Store, after plugins.Position) {
	t.Helper()
	_, err := s.Follow(t.Context(), after, 0)
	require.ErrorIs(t, err, plugins.ErrLostPlace)
}

func TestAFeedThatIsGoneIsNoticed(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t, redistest.Options{})
	for name, harm := range map[string]func(s *Store){
		"all was flushed":                       func(*Store) { server.Do("FLUSHALL") },
		"all was flushed and a new one is long": func(s *Store) { server.Do("FLUSHALL"); act(t, s, 9) },
		"its name was deleted":                  func(s *Store) { server.Do("DEL", s.names.meta()); act(t, s, 9) },
		"its entries were deleted and others followed": func(s *Store) {
			server.Do("DEL", s.names.stream())
			act(t, s, 1)
			server.Do("XTRIM", s.names.stream(), "MAXLEN", "0")
		},
		"its entries were trimmed": func(s *Store) { act(t, s, 2); server.Do("XTRIM", s.names.stream(), "MAXLEN", "1") },
		"one entry was deleted":    func(s *Store) { act(t, s, 2); server.Do("XDEL", s.names.stream(), "6-0") },
		"its number went back":     func(s *Store) { server.Do("HSET", s.names.meta(), "seq", "3") },
	} {
		t.Run(name, func(t *testing.T) {
			s := mustOpen(t, fresh(Config{Addresses: []string{server.URL()}}))
			position := act(t, s, 5)
			harm(s)
			lost(t, s, position)
			fresh := act(t, s, 1)
			_, err := s.Follow(t.Context(), fresh, 0)
			require.NoError(t, err, "the feed goes on for who loads a snapshot")
		})
	}
}

func TestAFlushWakesWhoWaits(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t, redistest.Options{})
	s := mustOpen(t, Config{Addresses: []string{server.URL()}})
	position := act(t, s, 3)
	time.AfterFunc(20*time.Millisecond, func() { server.Do("FLUSHALL") })
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	_, err := s.Follow(ctx, position, time.Hour)
	require.ErrorIs(t, err, plugins.ErrLostPlace)
}

// The most dangerous loss: the promoted server has fewer entries, gets others
// in their place, and is ahead of the follower again when that comes back.
func TestAFailoverToAServerThatIsBehindIsNoticed(t *testing.T) {
	t.Parallel()
	primary := redistest.Start(t, redistest.Options{})
	replica := redistest.Start(t, redistest.Options{Args: []string{"--replicaof", "127.0.0.1 " + strconv.Itoa(primary.Port)}})
	p := startProxy(t, primary.Addr())
	s := mustOpen(t, Config{Addresses: []string{p.url()}})
	act(t, s, 5)
	require.Eventually(t, func() bool { return replica.Do("HGET", s.names.meta(), "seq") == "5" }, patience, 10*time.Millisecond)
	replica.Do("REPLICAOF", "NO", "ONE")
	position := act(t, s, 2)
	require.Equal(t, uint64(7), position.Seq)

	other := mustOpen(t, Config{Addresses: []string{replica.URL()}})
	require.Equal(t, uint64(9), act(t, other, 4).Seq)
	p.point(replica.Addr())
	require.Eventually(t, func() bool {
		_, err := s.Follow(t.Context(), position, 0)
		if err == nil {
			t.Error("entries 6 and 7 were others than the ones followed")
		}
		return err == nil || assert.ErrorIs(t, err, plugins.ErrLostPlace)
	}, patience, 10*time.Millisecond)
}

func TestSentinelFailoverHealsAloneAndIsNoticed(t *testing.T) {
	t.Parallel()
	set := redistest.StartSentinels(t, 1, redistest.Options{})
	s := mustOpen(t, Config{Addresses: urls(set.Addrs()), SentinelMaster: set.MasterName, WaitReplicas: 1})
	heal(t, s)
	position := act(t, s, 3)
	set.Primary.Kill()
	set.WaitForFailover(t, set.Primary.Addr())
	var items []plugins.Item
	require.Eventually(t, func() (ok bool) {
		var err error
		items, err = s.Get(t.Context(), "r/k")
		return err == nil
	}, patience, 20*time.Millisecond)
	assert.Equal(t, "2", string(items[0].Value), "the replica that was waited for has it")
	require.Eventually(t, func() bool {
		_, err := s.Follow(t.Context(), position, 0)
		require.Error(t, err)
		return errors.Is(err, plugins.ErrLostPlace)
	}, patience, 20*time.Millisecond)
}

func TestTheFeedKeepsItsLength(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t, redistest.Options{})
	s := mustOpen(t, Config{Addresses: []string{server.URL()}})
	s.keep = 100
	first := act(t, s, 1)
	last := act(t, s, 499)
	length, err := strconv.Atoi(server.Do("XLEN", s.names.stream()))
	require.NoError(t, err)
	assert.Less(t, length, 300, "Redis trims by blocks of a hundred")
	lost(t, s, first)
	lost(t, s, plugins.Position{})
	batch, err := s.Follow(t.Context(), plugins.Position{Feed: last.Feed, Seq: last.Seq - 100}, 0)
	require.NoError(t, err)
	assert.Len(t, batch.Entries, 100)
}

func TestABatchIsBoundedInBytes(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t, redistest.Options{})
	s := mustOpen(t, Config{Addresses: []string{server.URL()}})
	for range 5 {
		_, err := s.Append(t.Context(), plugins.Write{Key: "r/big", Value: make([]byte, maxBytes)})
		require.NoError(t, err)
	}
	batch, err := s.Follow(t.Context(), plugins.Position{}, 0)
	require.NoError(t, err)
	assert.Len(t, batch.Entries, 1)
	assert.True(t, batch.More)
}

func TestFollowersDoNotStarveCalls(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t, redistest.Options{})
	s := mustOpen(t, Config{Addresses: []string{server.URL()}, PoolSize: 1})
	position := act(t, s, 1)
	ended := make(chan error)
	for range 10 {
		go func() {
			_, err := s.Follow(t.Context(), position, time.Minute)
			ended <- err
		}()
	}
	for i := range 50 {
		require.NoError(t, s.Put(t.Context(), plugins.Write{Key: fmt.Sprint(i), Value: []byte("v")}))
	}
	act(t, s, 1)
	for range 10 {
		require.NoError(t, <-ended)
	}
}

func TestWaitReplicas(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t, redistest.Options{})
	s := mustOpen(t, Config{Addresses: []string{server.URL()}, WaitReplicas: 1})
	err := s.Put(t.Context(), plugins.Write{Key: "k", Value: []byte("v")})
	require.ErrorIs(t, err, plugins.ErrUnavailable)
	require.ErrorContains(t, err, "too few replicas")
	_, err = s.Append(t.Context(), plugins.Write{Key: "r/k", Value: []byte("v")})
	require.ErrorContains(t, err, "too few replicas")
	err = s.Put(t.Context(), plugins.Write{Key: "k", Value: []byte("v"), If: plugins.IfAbsent})
	require.ErrorIs(t, err, plugins.ErrConflict, "what was not written need not be waited for")

	replica := redistest.Start(t, redistest.Options{Args: []string{"--replicaof", "127.0.0.1 " + strconv.Itoa(server.Port)}})
	require.Eventually(t, func() bool {
		return s.Put(t.Context(), plugins.Write{Key: "k", Value: []byte("w")}) == nil
	}, patience, 20*time.Millisecond)
	assert.Equal(t, "w", replica.Do("GET", "dcr:k"))
}
