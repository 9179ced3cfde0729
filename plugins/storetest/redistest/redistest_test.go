package redistest

import (
	"net"
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestServersAnswer(t *testing.T) {
	for _, test := range []struct {
		name    string
		options Options
	}{
		{"plain", Options{}},
		{"with a password", Options{Password: "secret"}},
		{"with a user", Options{User: "dcr", Password: "secret", Rules: "~dcr:* +get"}},
		{"with TLS", Options{TLS: true}},
		{"with TLS and client certificates", Options{TLS: true, ClientCerts: true}},
		{"with a unix socket", Options{UnixSocket: true}},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := Start(t, test.options)
			assert.Equal(t, "OK", s.Do("SET", "k", "v"))
			assert.Equal(t, "v", s.Do("GET", "k"))
			if s.Socket != "" {
				conn, err := net.Dial("unix", s.Socket)
				require.NoError(t, err)
				_ = conn.Close()
			}
		})
	}
}

func TestServerThatPersistsSurvivesKill(t *testing.T) {
	s := Start(t, Options{Persist: true})
	s.Do("SET", "k", "v")
	s.Restart()
	assert.Equal(t, "v", s.Do("GET", "k"))
	s.Pause()
	s.Resume()
	assert.Equal(t, "v", s.Do("GET", "k"))
}

func TestServerLeavesNothingBehind(t *testing.T) {
	var s *Server
	t.Run("while it runs", func(t *testing.T) {
		s = Start(t, Options{})
		s.Do("SET", "k", "v")
	})
	_, err := net.Dial("tcp", s.Addr())
	assert.Error(t, err)
	_, err = os.Stat(s.Dir)
	assert.ErrorIs(t, err, os.ErrNotExist)
}

func TestSentinelsFailOver(t *testing.T) {
	set := StartSentinels(t, 1, Options{Password: "secret"})
	before := set.Master()
	require.Equal(t, set.Primary.Addr(), before)
	set.Primary.Kill()
	set.WaitForFailover(t, before)
	assert.Equal(t, set.Replicas[0].Addr(), set.Master())
}

func TestClusterServesEverySlot(t *testing.T) {
	c := StartCluster(t, Options{})
	assert.Len(t, c.Addrs(), 3)
	for _, key := range []string{"a", "b", "c", "d"} {
		c.Nodes[0].Do("-c", "SET", key, "v")
		assert.Equal(t, "v", c.Nodes[1].Do("-c", "GET", key))
	}
}
