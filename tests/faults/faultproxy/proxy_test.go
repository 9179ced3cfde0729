package faultproxy_test

import (
	"bufio"
	"io"
	"net"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/caddy-dcr/caddy-dcr/plugins/storetest/redistest"
	"github.com/caddy-dcr/caddy-dcr/tests/faults/faultproxy"
)

// start answers a proxy before a Redis, and a connection through it that has
// been used.
func start(t *testing.T) (*faultproxy.Proxy, *redistest.Server, *session) {
	t.Helper()
	redis := redistest.Start(t, redistest.Options{})
	proxy := faultproxy.Start(t, redis.Addr())
	s := connect(t, proxy.Addr)
	require.Equal(t, "before", s.echo("before"))
	return proxy, redis, s
}

func TestWithoutFaultEverythingPasses(t *testing.T) {
	proxy, _, s := start(t)
	binary := "\x00\r\n\xff" + strings.Repeat("long", 50_000)
	assert.Equal(t, binary, s.echo(binary))
	s.send("MULTI")
	s.send("ECHO", "nested")
	s.send("EXEC")
	for _, want := range []string{"+OK", "+QUEUED", "*1", "$6", "nested"} {
		got, err := s.line(time.Minute)
		require.NoError(t, err)
		assert.Equal(t, want, got)
	}
	_, err := io.WriteString(s.conn, "PING\r\n")
	require.NoError(t, err)
	got, err := s.line(time.Minute)
	require.NoError(t, err)
	assert.Equal(t, "+PONG", got, "inline commands too")
	s.send("HELLO", "3")
	got, err = s.line(time.Minute)
	require.NoError(t, err)
	assert.True(t, strings.HasPrefix(got, "%"), "and maps: %q", got)
	assert.Zero(t, proxy.Hits())
}

func TestConnectionsMeetTheFault(t *testing.T) {
	t.Run("refused, and reset where they are", func(t *testing.T) {
		proxy, _, s := start(t)
		require.NoError(t, proxy.Set(faultproxy.Fault{Kind: faultproxy.Refuse}))
		assert.ErrorIs(t, s.ended(), syscall.ECONNRESET)
		_, err := net.Dial("tcp", proxy.Addr)
		assert.ErrorIs(t, err, syscall.ECONNREFUSED)
		heals(t, proxy)
	})
	t.Run("accepted and reset", func(t *testing.T) {
		proxy, _, s := start(t)
		require.NoError(t, proxy.Set(faultproxy.Fault{Kind: faultproxy.Reset}))
		assert.ErrorIs(t, s.ended(), syscall.ECONNRESET)
		turnedAway(t, proxy)
		assert.Equal(t, int64(2), proxy.Hits())
		heals(t, proxy)
	})
	t.Run("turned away as one too many", func(t *testing.T) {
		proxy, _, s := start(t)
		require.NoError(t, proxy.Set(faultproxy.Fault{Kind: faultproxy.Full}))
		late := connect(t, proxy.Addr)
		got, err := late.line(time.Minute)
		require.NoError(t, err)
		assert.Equal(t, "-ERR max number of clients reached", got)
		late.ended()
		assert.Equal(t, "still", s.echo("still"), "those that are there go on")
		heals(t, proxy)
	})
	t.Run("reset once", func(t *testing.T) {
		proxy, _, s := start(t)
		proxy.Drop()
		assert.ErrorIs(t, s.ended(), syscall.ECONNRESET)
		assert.Equal(t, "new", connect(t, proxy.Addr).echo("new"))
	})
	t.Run("closed after some commands", func(t *testing.T) {
		proxy, redis, s := start(t)
		require.NoError(t, proxy.Set(faultproxy.Fault{Kind: faultproxy.CloseAfter, After: 2}))
		assert.Equal(t, "second", s.echo("second"))
		s.send("SET", "third", "x")
		s.ended()
		assert.Equal(t, "0", redis.Do("EXISTS", "third"), "the command did not reach Redis")
		heals(t, proxy)
	})
	t.Run("refused by a Redis that is not there", func(t *testing.T) {
		proxy, redis, s := start(t)
		redis.Kill()
		s.ended()
		turnedAway(t, proxy)
	})
}

// turnedAway checks that a new connection ends. The reset can come as early as
// while connecting.
func turnedAway(t *testing.T, proxy *faultproxy.Proxy) {
	t.Helper()
	if conn, err := net.Dial("tcp", proxy.Addr); err == nil {
		(&session{t: t, conn: conn, reader: bufio.NewReader(conn)}).ended()
		conn.Close()
	}
}

// heals checks that a new connection works once the fault is over.
func heals(t *testing.T, proxy *faultproxy.Proxy) {
	t.Helper()
	require.NoError(t, proxy.Set(faultproxy.Fault{}))
	assert.Equal(t, "again", connect(t, proxy.Addr).echo("again"))
	assert.Zero(t, proxy.Hits())
}

func TestRepliesMeetTheFaultThoughTheirCommandsWereCarriedOut(t *testing.T) {
	for kind, check := range map[faultproxy.Kind]func(*testing.T, *session){
		faultproxy.CutClose: func(t *testing.T, s *session) {
			got, err := s.line(time.Minute)
			assert.Equal(t, "+O", got)
			assert.ErrorIs(t, err, io.EOF)
		},
		faultproxy.CutHang: func(t *testing.T, s *session) {
			start := make([]byte, 2)
			_, err := io.ReadFull(s.reader, start)
			require.NoError(t, err)
			assert.Equal(t, "+O", string(start))
			s.send("PING")
			s.silent()
		},
		faultproxy.Garbage: func(t *testing.T, s *session) {
			got, err := s.line(time.Minute)
			require.NoError(t, err)
			assert.NotEqual(t, "+OK", got)
		},
		faultproxy.Duplicate: func(t *testing.T, s *session) {
			for range 2 {
				got, err := s.line(time.Minute)
				require.NoError(t, err)
				assert.Equal(t, "+OK", got)
			}
		},
		faultproxy.Blackhole: func(t *testing.T, s *session) { s.silent() },
	} {
		t.Run(string(kind), func(t *testing.T) {
			proxy, redis, s := start(t)
			require.NoError(t, proxy.Set(faultproxy.Fault{Kind: kind}))
			s.send("SET", "key", "value")
			check(t, s)
			assert.Equal(t, "value", redis.Do("GET", "key"))
			assert.NotZero(t, proxy.Hits())
			heals(t, proxy)
		})
	}
}

func TestCommandsThatMeetTheFaultAreNotCarriedOut(t *testing.T) {
	for _, fault := range []faultproxy.Fault{
		{Kind: faultproxy.Blackhole, On: faultproxy.Commands},
		{Kind: faultproxy.Blackhole, On: faultproxy.Both},
		{Kind: faultproxy.CutHang, On: faultproxy.Commands},
		{Kind: faultproxy.Delay, On: faultproxy.Commands, Delay: time.Hour},
		{Kind: faultproxy.Trickle, On: faultproxy.Commands, Delay: time.Hour},
	} {
		t.Run(string(fault.Kind), func(t *testing.T) {
			proxy, redis, s := start(t)
			require.NoError(t, proxy.Set(fault))
			s.send("SET", "key", "value")
			s.silent()
			assert.Equal(t, "0", redis.Do("EXISTS", "key"))
			heals(t, proxy)
		})
	}
}

func TestWhatABlackholeHeldComesLate(t *testing.T) {
	for _, direction := range []faultproxy.Direction{faultproxy.Replies, faultproxy.Commands, faultproxy.Both} {
		proxy, _, s := start(t)
		require.NoError(t, proxy.Set(faultproxy.Fault{Kind: faultproxy.Blackhole, On: direction}))
		s.send("ECHO", "late")
		s.silent()
		require.NoError(t, proxy.Set(faultproxy.Fault{Kind: faultproxy.Pass}))
		assert.Equal(t, "late", s.bulk())
	}
}

func TestSlowMessagesArriveWhole(t *testing.T) {
	const pause = 5 * time.Millisecond
	for _, fault := range []faultproxy.Fault{
		{Kind: faultproxy.Delay, Delay: pause},
		{Kind: faultproxy.Trickle, Delay: pause},
		{Kind: faultproxy.Trickle, Delay: pause, On: faultproxy.Both},
	} {
		proxy, _, s := start(t)
		require.NoError(t, proxy.Set(fault))
		began := time.Now()
		assert.Equal(t, "slow", s.echo("slow"))
		assert.GreaterOrEqual(t, time.Since(began), pause)
		assert.NotZero(t, proxy.Hits())
	}
}

func TestASlowMessageGoesOnAtOnceWhenTheFaultIsOver(t *testing.T) {
	for _, kind := range []faultproxy.Kind{faultproxy.Delay, faultproxy.Trickle} {
		proxy, _, s := start(t)
		require.NoError(t, proxy.Set(faultproxy.Fault{Kind: kind, Delay: time.Hour}))
		s.send("ECHO", "freed")
		s.silent()
		require.NoError(t, proxy.Set(faultproxy.Fault{}))
		assert.Equal(t, "freed", s.bulk())
	}
}

func TestASwappedReplyBelongsToTheCommandBefore(t *testing.T) {
	proxy, _, mine := start(t)
	theirs := connect(t, proxy.Addr)
	require.NoError(t, proxy.Set(faultproxy.Fault{Kind: faultproxy.Swap}))
	assert.Equal(t, "one", mine.echo("one"), "nothing is before the first")
	assert.Equal(t, "one", theirs.echo("two"), "also across connections")
	assert.Equal(t, "two", mine.echo("three"))
	heals(t, proxy)
}

func TestGarbageIsNeverAReply(t *testing.T) {
	proxy, _, _ := start(t)
	require.NoError(t, proxy.Set(faultproxy.Fault{Kind: faultproxy.Garbage}))
	seen := map[string]bool{}
	for range 20 {
		s := connect(t, proxy.Addr)
		s.send("ECHO", "word")
		first, err := s.line(time.Minute)
		require.NoError(t, err)
		second, _ := s.line(brief / 10)
		assert.NotEqual(t, "$4 word", first+" "+second)
		seen[first] = true
	}
	assert.Greater(t, len(seen), 5, "it takes turns")
}

func TestAnErrorAnswersEveryCommandInRedisPlace(t *testing.T) {
	for _, text := range []string{
		"LOADING Redis is loading the dataset in memory", "READONLY You can't write against a read only replica.",
		"OOM command not allowed when used memory > 'maxmemory'.", "NOAUTH Authentication required.",
	} {
		proxy, redis, s := start(t)
		require.NoError(t, proxy.Set(faultproxy.Fault{Kind: faultproxy.Answer, Error: text}))
		for range 2 {
			s.send("SET", "key", "value")
			got, err := s.line(time.Minute)
			require.NoError(t, err)
			assert.Equal(t, "-"+text, got)
		}
		assert.Equal(t, "0", redis.Do("EXISTS", "key"))
		require.NoError(t, proxy.Set(faultproxy.Fault{}))
		assert.Equal(t, "healed", s.echo("healed"), "the connection is in step")
	}
}
