package redistest

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// masterName is what the sentinels call the primary.
const masterName = "dcr"

// Sentinels is a primary, its replicas, and three sentinels that watch them
// and fail over half a second after the primary went away.
type Sentinels struct {
	MasterName string
	Primary    *Server
	Replicas   []*Server
	Sentinels  []*Server
}

// StartSentinels starts a primary with replicas, all with the options, and
// waits until the sentinels know them and each other.
func StartSentinels(t testing.TB, replicas int, o Options) *Sentinels {
	t.Helper()
	set := &Sentinels{MasterName: masterName, Primary: Start(t, o)}
	for range replicas {
		replica := o
		replica.Args = append([]string{"--replicaof", "127.0.0.1 " + strconv.Itoa(set.Primary.Port)}, o.Args...)
		if o.Password != "" {
			replica.Args = append(replica.Args, "--masterauth", o.Password)
		}
		set.Replicas = append(set.Replicas, Start(t, replica))
	}
	for _, replica := range set.Replicas {
		waitFor(t, "the replica is in sync", func() bool {
			return strings.Contains(replica.Do("INFO", "replication"), "master_link_status:up")
		})
	}
	for range 3 {
		set.Sentinels = append(set.Sentinels, startSentinel(t, set.Primary, o.Password))
	}
	for _, sentinel := range set.Sentinels {
		waitFor(t, "the sentinels know everybody", func() bool {
			out := sentinel.Do("SENTINEL", "MASTER", masterName)
			return field(out, "num-slaves") == strconv.Itoa(replicas) && field(out, "num-other-sentinels") == "2"
		})
	}
	return set
}

func startSentinel(t testing.TB, primary *Server, password string) *Server {
	t.Helper()
	// Sentinels rewrite their configuration, so each has a file.
	config := filepath.Join(shortDir(t), "sentinel.conf")
	lines := fmt.Sprintf("sentinel monitor %[1]s 127.0.0.1 %[2]d 2\nsentinel down-after-milliseconds %[1]s 500\n"+
		"sentinel failover-timeout %[1]s 5000\n", masterName, primary.Port)
	if password != "" {
		lines += fmt.Sprintf("sentinel auth-pass %s %s\n", masterName, password)
	}
	if err := os.WriteFile(config, []byte(lines), 0o600); err != nil {
		t.Fatal(err)
	}
	requireProgram(t, "redis-server")
	s := &Server{t: t, Dir: shortDir(t), sentinel: config}
	t.Cleanup(s.Kill)
	for range 5 {
		s.Port = freePort(t)
		if s.launch() {
			return s
		}
	}
	t.Fatalf("redis-sentinel does not start: %s", s.log())
	return nil
}

// Addrs are the sentinels'.
func (s *Sentinels) Addrs() []string {
	addrs := make([]string, len(s.Sentinels))
	for i, sentinel := range s.Sentinels {
		addrs[i] = sentinel.Addr()
	}
	return addrs
}

// Master is the address of the primary that the sentinels name now.
func (s *Sentinels) Master() string {
	host, port, _ := strings.Cut(s.Sentinels[0].Do("SENTINEL", "GET-MASTER-ADDR-BY-NAME", masterName), "\n")
	return net.JoinHostPort(host, port)
}

// WaitForFailover waits until the sentinels name another primary than before.
func (s *Sentinels) WaitForFailover(t testing.TB, before string) {
	t.Helper()
	waitFor(t, "the sentinels promote a replica", func() bool { return s.Master() != before })
}

// field reads one field of a reply that lists names and values line by line.
func field(out, name string) string {
	lines := strings.Split(out, "\n")
	for i := 0; i+1 < len(lines); i += 2 {
		if lines[i] == name {
			return lines[i+1]
		}
	}
	return ""
}
