// Package redistest starts real Redis servers for tests, on free ports of the
// loopback interface, and stops them when the test ends.
package redistest

import (
	"bytes"
	"cmp"
	"crypto/rand"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// patience is how long a server may take to do what it was told.
const patience = 30 * time.Second

// Options says what kind of server to start. The zero value is one without
// users, TLS and persistence.
type Options struct {
	// Args are further arguments of redis-server, such as "--maxmemory", "1mb".
	Args []string
	// User is an ACL user whom Rules allow what they say, such as
	// "~dcr:* +get". The default user is off then.
	User, Password, Rules string
	// TLS makes the server speak TLS only; see [Server.Certs].
	TLS bool
	// ClientCerts makes it refuse clients without a certificate, with TLS.
	ClientCerts bool
	// UnixSocket makes it listen on [Server.Socket] as well.
	UnixSocket bool
	// Persist keeps an append-only file, synced at every write, so that data
	// survive [Server.Kill].
	Persist bool

	// admin is the administrator's password, where servers share one.
	admin string
}

// Server is a running redis-server.
type Server struct {
	Port   int
	Socket string
	Certs  *Certs
	Dir    string

	t       testing.TB
	options Options
	admin   string
	process *exec.Cmd
	exited  chan struct{}
	// sentinel is the configuration file of a server that is a sentinel.
	sentinel string
}

// Start starts a server and waits until it answers.
func Start(t testing.TB, o Options) *Server {
	t.Helper()
	requireProgram(t, "redis-server")
	requireProgram(t, "redis-cli")
	s := &Server{t: t, options: o, Dir: shortDir(t), admin: cmp.Or(o.admin, rand.Text())}
	if o.UnixSocket {
		s.Socket = filepath.Join(s.Dir, "redis.sock")
	}
	if o.TLS {
		s.Certs = makeCerts(t)
	}
	t.Cleanup(s.Kill)
	for range 5 {
		s.Port = freePort(t)
		if s.launch() {
			return s
		}
	}
	t.Fatalf("redis-server does not start: %s", s.log())
	return nil
}

func requireProgram(t testing.TB, name string) {
	t.Helper()
	if _, err := exec.LookPath(name); err != nil {
		t.Fatalf("%s is missing: install Redis 7 or later (Debian and Ubuntu: apt-get install redis-server)", name)
	}
}

// shortDir is a temporary directory whose name leaves room for the 107 bytes
// of a unix socket's path, which a test's long name would not.
func shortDir(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "redis")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

func (s *Server) arguments() []string {
	port, tlsPort := strconv.Itoa(s.Port), "0"
	if s.options.TLS {
		port, tlsPort = tlsPort, port
	}
	if s.sentinel != "" {
		return []string{s.sentinel, "--sentinel", "--port", port, "--bind", "127.0.0.1", "--dir", s.Dir,
			"--logfile", filepath.Join(s.Dir, "log")}
	}
	args := []string{
		"--port", port, "--bind", "127.0.0.1", "--dir", s.Dir, "--logfile", filepath.Join(s.Dir, "log"),
		"--save", "", "--daemonize", "no", "--repl-diskless-sync-delay", "0", "--enable-debug-command", "local",
	}
	if s.options.TLS {
		auth := "optional"
		if s.options.ClientCerts {
			auth = "yes"
		}
		args = append(args, "--tls-port", tlsPort, "--tls-cert-file", s.Certs.ServerCert, "--tls-key-file", s.Certs.ServerKey,
			"--tls-ca-cert-file", s.Certs.CA, "--tls-auth-clients", auth)
	}
	if s.Socket != "" {
		args = append(args, "--unixsocket", s.Socket)
	}
	if s.options.Persist {
		args = append(args, "--appendonly", "yes", "--appendfsync", "always")
	}
	if s.options.User != "" {
		args = append(args, "--user", "default", "off", "--user", "admin", "on", ">"+s.admin, "~*", "&*", "+@all",
			"--user", s.options.User, "on", ">"+s.options.Password)
		args = append(args, strings.Fields(s.options.Rules)...)
	} else if s.options.Password != "" {
		args = append(args, "--requirepass", s.options.Password)
	}
	return append(args, s.options.Args...)
}

// launch reports whether the server came up; it does not when somebody took
// its port meanwhile.
func (s *Server) launch() bool {
	s.t.Helper()
	s.process = exec.Command("redis-server", s.arguments()...)
	s.process.SysProcAttr = dieWithParent()
	var output bytes.Buffer
	s.process.Stdout, s.process.Stderr = &output, &output
	if err := s.process.Start(); err != nil {
		s.t.Fatalf("start redis-server: %v", err)
	}
	s.exited = make(chan struct{})
	go func(p *exec.Cmd, exited chan struct{}) {
		_ = p.Wait()
		close(exited)
	}(s.process, s.exited)
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		select {
		case <-s.exited:
			if !strings.Contains(s.log(), "Address already in use") {
				s.t.Fatalf("redis-server ended: %s%s", output.String(), s.log())
			}
			return false
		default:
		}
		if s.answers() {
			return true
		}
	}
	return false
}

// answers tells whether the server is past loading.
func (s *Server) answers() bool {
	conn, err := net.DialTimeout("tcp", s.Addr(), time.Second)
	if err != nil {
		return false
	}
	defer conn.Close()
	out, err := s.try("PING")
	return err == nil && out == "PONG"
}

func (s *Server) log() string {
	log, _ := os.ReadFile(filepath.Join(s.Dir, "log"))
	return string(log)
}

// Addr is host:port.
func (s *Server) Addr() string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(s.Port)) }

// URL is what a client is configured with, without credentials.
func (s *Server) URL() string {
	switch {
	case s.Socket != "":
		return "unix://" + s.Socket
	case s.options.TLS:
		return "rediss://" + s.Addr()
	}
	return "redis://" + s.Addr()
}

// Do runs one command as an administrator and answers what redis-cli prints.
func (s *Server) Do(args ...string) string {
	s.t.Helper()
	out, err := s.try(args...)
	if err != nil {
		s.t.Fatalf("redis-cli %s: %v: %s", strings.Join(args, " "), err, out)
	}
	return out
}

func (s *Server) try(args ...string) (string, error) {
	all := []string{"-e", "-h", "127.0.0.1", "-p", strconv.Itoa(s.Port), "--no-auth-warning"}
	if s.options.TLS {
		all = append(all, "--tls", "--cacert", s.Certs.CA, "--cert", s.Certs.ClientCert, "--key", s.Certs.ClientKey)
	}
	if s.options.User != "" {
		all = append(all, "--user", "admin", "--pass", s.admin)
	} else if s.options.Password != "" {
		all = append(all, "--pass", s.options.Password)
	}
	out, err := exec.Command("redis-cli", append(all, args...)...).CombinedOutput()
	return strings.TrimSpace(string(out)), err
}

// Kill ends the server as a crash would. It may be down already.
func (s *Server) Kill() {
	if s.process == nil {
		return
	}
	_ = s.process.Process.Kill()
	<-s.exited
}

// Restart starts a server that was killed, on the same port and data, or
// kills and starts one that runs.
func (s *Server) Restart() {
	s.t.Helper()
	s.Kill()
	for deadline := time.Now().Add(patience); !s.launch(); {
		if time.Now().After(deadline) {
			s.t.Fatalf("redis-server does not start again on port %d: %s", s.Port, s.log())
		}
	}
}

// Pause stops the process without closing anything, as a machine that hangs.
func (s *Server) Pause() { s.signal(syscall.SIGSTOP) }

// Resume ends a pause.
func (s *Server) Resume() { s.signal(syscall.SIGCONT) }

func (s *Server) signal(sig syscall.Signal) {
	s.t.Helper()
	if err := s.process.Process.Signal(sig); err != nil {
		s.t.Fatalf("signal redis-server: %v", err)
	}
}

// waitFor polls a server until it says what is wanted.
func waitFor(t testing.TB, what string, done func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		if done() {
			return
		}
	}
	t.Fatal(fmt.Errorf("redis: never: %s", what))
}
