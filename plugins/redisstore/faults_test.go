package redisstore

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/caddy-dcr/caddy-dcr/plugins"
	"github.com/caddy-dcr/caddy-dcr/plugins/storetest/redistest"
)

// patience outlasts everything that must end or heal by itself.
const patience = 20 * time.Second

// every is each kind of call, by a name for messages.
func every(s *Store) map[string]func(context.Context) error {
	return map[string]func(context.Context) error{
		"get":  func(ctx context.Context) error { _, err := s.Get(ctx, "k", "r/k"); return err },
		"put":  func(ctx context.Context) error { return s.Put(ctx, plugins.Write{Key: "k", Value: []byte("v")}) },
		"list": func(ctx context.Context) error { _, err := s.List(ctx, "k", "", 10); return err },
		"append": func(ctx context.Context) error {
			_, err := s.Append(ctx, plugins.Write{Key: "r/k", Value: []byte("v")})
			return err
		},
		"follow": func(ctx context.Context) error { _, err := s.Follow(ctx, plugins.Position{}, 0); return err },
		"tail":   func(ctx context.Context) error { _, _, err := s.Tail(ctx); return err },
		"take": func(ctx context.Context) error {
			_, err := s.Take(ctx, plugins.Bucket{Key: "k", Rate: 1000, Burst: 1000})
			return err
		},
		"collect":  func(ctx context.Context) error { _, err := s.Collect(ctx); return err },
		"diagnose": func(ctx context.Context) error { _, err := s.Diagnose(ctx); return err },
		"examine":  func(ctx context.Context) error { _, err := s.Examine(ctx); return err },
	}
}

// allFail checks that every call ends by itself, as an outage of ours.
func allFail(t *testing.T, s *Store) {
	t.Helper()
	for name, call := range every(s) {
		fails(t, name, call)
	}
}

func fails(t *testing.T, name string, call func(context.Context) error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	err := call(ctx)
	require.ErrorIs(t, err, plugins.ErrUnavailable, name)
	require.NotErrorIs(t, err, plugins.ErrClosed, name)
	require.NotErrorIs(t, err, context.DeadlineExceeded, name+": the caller's context had not ended")
	require.NotErrorIs(t, err, plugins.ErrLostPlace, name)
	require.NotErrorIs(t, err, plugins.ErrConflict, name)
}

// heal waits until every call works again, without anybody's help.
func heal(t *testing.T, s *Store) {
	t.Helper()
	for name, call := range every(s) {
		var err error
		require.Eventually(t, func() bool {
			err = call(context.Background())
			return err == nil
		}, patience, 10*time.Millisecond, "%s: %v", name, err)
	}
}

// hasty is a configuration whose calls give up soon.
func hasty(url string) Config {
	return Config{
		Addresses: []string{url}, DialTimeout: caddy.Duration(400 * time.Millisecond), ReadTimeout: caddy.Duration(400 * time.Millisecond),
	}
}

func TestARestartHealsAlone(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t, redistest.Options{Persist: true})
	s := mustOpen(t, hasty(server.URL()))
	heal(t, s)
	before, _, err := s.Tail(t.Context())
	require.NoError(t, err)
	server.Kill()
	allFail(t, s)
	server.Restart()
	heal(t, s)
	items, err := s.Get(t.Context(), "k", "r/k")
	require.NoError(t, err)
	assert.Equal(t, []plugins.Item{{Key: "k", Value: []byte("v")}, {Key: "r/k", Value: []byte("v")}}, items)
	_, err = s.Follow(t.Context(), before, 0)
	require.ErrorIs(t, err, plugins.ErrLostPlace, "a server that was started again may have lost what came last")
}

func TestItStartsWithRedisAway(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t, redistest.Options{})
	server.Kill()
	s := mustOpen(t, hasty(server.URL()))
	allFail(t, s)
	server.Restart()
	heal(t, s)
}

func TestAServerThatHangsIsLeft(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t, redistest.Options{})
	s := mustOpen(t, hasty(server.URL()))
	heal(t, s)
	server.Pause()
	allFail(t, s)
	_, err := s.Get(t.Context(), "k")
	require.Equal(t, plugins.FaultTimeout, plugins.FaultOf(err))
	server.Resume()
	heal(t, s)
}

func TestAScriptCacheThatIsFlushedFillsAgain(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t, redistest.Options{})
	s := mustOpen(t, Config{Addresses: []string{server.URL()}})
	for name, call := range every(s) {
		server.Do("SCRIPT", "FLUSH")
		require.NoError(t, call(t.Context()), name)
	}
}

func TestRefusalsOfAServer(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t, redistest.Options{})
	s := mustOpen(t, Config{Addresses: []string{server.URL()}})
	heal(t, s)
	put := func() error { return s.Put(t.Context(), plugins.Write{Key: "k", Value: []byte("w")}) }
	act := func() error {
		_, err := s.Append(t.Context(), plugins.Write{Key: "r/k", Value: []byte("w")})
		return err
	}
	refused := func(fault plugins.Fault, text string) {
		t.Helper()
		for _, call := range []func() error{put, act} {
			err := call()
			require.ErrorIs(t, err, plugins.ErrUnavailable)
			require.ErrorContains(t, err, text)
			require.Equal(t, fault, plugins.FaultOf(err))
		}
		items, err := s.Get(t.Context(), "k", "r/k")
		require.NoError(t, err, "it can still be read")
		assert.Equal(t, []string{"v", "v"}, []string{string(items[0].Value), string(items[1].Value)}, "and nothing was written")
	}
	server.Do("CONFIG", "SET", "maxmemory", "1")
	refused(plugins.FaultOutOfMemory, "out of memory")
	server.Do("CONFIG", "SET", "maxmemory", "0")

	server.Do("CONFIG", "SET", "min-replicas-to-write", "1")
	refused(plugins.FaultReplication, "too few replicas")
	server.Do("CONFIG", "SET", "min-replicas-to-write", "0")

	primary := redistest.Start(t, redistest.Options{})
	before, _, err := s.Tail(t.Context())
	require.NoError(t, err)
	server.Do("REPLICAOF", "127.0.0.1", fmt.Sprint(primary.Port))
	require.ErrorContains(t, put(), "read-only")
	require.Equal(t, plugins.FaultReadOnly, plugins.FaultOf(put()))
	require.ErrorContains(t, act(), "read-only")
	_, err = s.Follow(t.Context(), before, 0)
	require.ErrorContains(t, err, "read-only", "a replica cannot vouch for the feed")
	server.Do("REPLICAOF", "NO", "ONE")
	heal(t, s)
}

func TestRightsThatAreMissingAreNamed(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t, redistest.Options{User: "dcr", Password: hush, Rules: strings.Replace(leastRights, "+info", "", 1)})
	config := Config{Addresses: []string{server.URL()}, Username: "dcr", Password: hush}
	s := mustOpen(t, config)
	_, err := s.Append(t.Context(), plugins.Write{Key: "r/k", Value: []byte("v")})
	require.ErrorIs(t, err, plugins.ErrUnavailable)
	require.ErrorContains(t, err, "ACL")
	require.Equal(t, plugins.FaultDenied, plugins.FaultOf(err))
	assert.NotContains(t, err.Error(), hush)

	config.KeyPrefix = "foreign:"
	foreign := mustOpen(t, config)
	_, err = foreign.Get(t.Context(), "k")
	require.ErrorContains(t, err, "ACL")
}

func TestNoSecretIsInAnyError(t *testing.T) {
	t.Parallel()
	locked := redistest.Start(t, redistest.Options{User: "dcr", Password: "right", Rules: leastRights})
	open := redistest.Start(t, redistest.Options{})
	secure := redistest.Start(t, redistest.Options{TLS: true})
	for name, config := range map[string]Config{
		"wrong password":        hasty(strings.Replace(locked.URL(), "//", "//dcr:"+hush+"@", 1)),
		"no such user":          hasty(strings.Replace(locked.URL(), "//", "//"+hush+":"+hush+"@", 1)),
		"TLS where there is no": hasty(strings.Replace(open.URL(), "redis://", "rediss://:"+hush+"@", 1)),
		"no TLS where it is":    hasty(strings.Replace(secure.URL(), "rediss://", "redis://:"+hush+"@", 1)),
		"an unknown authority":  hasty(strings.Replace(secure.URL(), "//", "//:"+hush+"@", 1)),
		"a host without a name": hasty("redis://:" + hush + "@no-such-host.invalid"),
		"a port without server": hasty("redis://:" + hush + "@127.0.0.1:1"),
		"a socket without file": {Addresses: []string{"unix:///does/not/exist"}, Password: hush},
	} {
		t.Run(name, func(t *testing.T) {
			s := mustOpen(t, config)
			for call, run := range every(s) {
				err := run(t.Context())
				require.ErrorIs(t, err, plugins.ErrUnavailable, call)
				assert.NotContains(t, fmt.Sprintf("%+v", err), hush, call)
			}
		})
	}
}

func TestRepliesThatAreDamagedAreNotBelieved(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t, redistest.Options{})
	for name, harm := range map[string]func([]byte) ([]byte, bool){
		"a stale OK comes before":     func(b []byte) ([]byte, bool) { return append([]byte("+OK\r\n"), b...), true },
		"a stale value comes before":  func(b []byte) ([]byte, bool) { return append([]byte("$5\r\nstale\r\n"), b...), true },
		"a stale array comes before":  func(b []byte) ([]byte, bool) { return append([]byte("*2\r\n$1\r\nx\r\n$2\r\nok\r\n"), b...), true },
		"a stale nothing comes first": func(b []byte) ([]byte, bool) { return append([]byte("*-1\r\n"), b...), true },
		"cut in the middle":           func(b []byte) ([]byte, bool) { return b[:len(b)/2], false },
		"cut before the first byte":   func([]byte) ([]byte, bool) { return nil, false },
		"garbage":                     func(b []byte) ([]byte, bool) { return bytes.Repeat([]byte{0xff}, len(b)), true },
		"an endless length":           func([]byte) ([]byte, bool) { return []byte("$999999999\r\n"), true },
		"silence":                     func([]byte) ([]byte, bool) { return nil, true },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := startProxy(t, server.Addr())
			s := mustOpen(t, fresh(hasty(p.url())))
			heal(t, s)
			// Each kind of call is once the first to meet the harm, on a
			// connection that was good until then.
			for name, call := range every(s) {
				p.do(harm)
				fails(t, name, call)
				p.do(nil)
				heal(t, s)
			}
		})
	}
}

// CVE-2025-29923: replies out of step gave one caller another's data.
func TestRepliesOutOfStepNeverReachAnotherCaller(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t, redistest.Options{})
	p := startProxy(t, server.Addr())
	s := mustOpen(t, hasty(p.url()))
	const callers = 20
	for i := range callers {
		require.NoError(t, s.Put(t.Context(), plugins.Write{Key: fmt.Sprint("k", i), Value: []byte(fmt.Sprint("v", i))}))
	}
	var replies, harmed, right atomic.Int64
	var last atomic.Pointer[[]byte]
	p.do(func(b []byte) ([]byte, bool) {
		own := bytes.Clone(b)
		if stale := last.Swap(&own); stale != nil && replies.Add(1)%7 == 0 {
			harmed.Add(1)
			return append(bytes.Clone(*stale), b...), true
		}
		return b, true
	})
	var wg sync.WaitGroup
	for i := range callers {
		wg.Go(func() {
			for range 100 {
				items, err := s.Get(context.Background(), fmt.Sprint("k", i))
				if err != nil {
					assert.ErrorIs(t, err, plugins.ErrUnavailable)
					continue
				}
				right.Add(1)
				assert.Equal(t, fmt.Sprint("v", i), string(items[0].Value))
			}
		})
	}
	wg.Wait()
	t.Logf("%d replies out of step, %d right answers", harmed.Load(), right.Load())
	require.Positive(t, harmed.Load())
	require.Positive(t, right.Load())
	p.do(nil)
	heal(t, s)
}

// A write whose reply is lost must not be sent again: it would fail at its own
// condition, or be two acts.
func TestAWriteIsSentOnce(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t, redistest.Options{})
	p := startProxy(t, server.Addr())
	s := mustOpen(t, hasty(p.url()))
	heal(t, s)
	before, _, err := s.Tail(t.Context())
	require.NoError(t, err)
	p.do(func([]byte) ([]byte, bool) { return nil, false })
	_, err = s.Append(t.Context(), plugins.Write{Key: "r/once", Value: []byte("v")})
	require.ErrorIs(t, err, plugins.ErrUnavailable)
	err = s.Put(t.Context(), plugins.Write{Key: "once", Value: []byte("v"), If: plugins.IfAbsent})
	require.ErrorIs(t, err, plugins.ErrUnavailable)
	require.NotErrorIs(t, err, plugins.ErrConflict)
	p.do(nil)
	after, _, err := s.Tail(t.Context())
	require.NoError(t, err)
	assert.LessOrEqual(t, after.Seq, before.Seq+1)
}

func TestAddressesInErrorsAreNotNeeded(t *testing.T) {
	s := mustOpen(t, hasty("redis://"+net.JoinHostPort("127.0.0.1", "1")))
	_, err := s.Get(t.Context(), "k")
	require.EqualError(t, err, "redis get: cannot connect: store unavailable")
	require.Equal(t, plugins.FaultUnreachable, plugins.FaultOf(err))
}
