package redisstore

import (
	"io"
	"net"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// proxy stands between a store and a server, and can be told to do harm.
type proxy struct {
	listener net.Listener

	mu     sync.Mutex
	target string
	// harm changes what the server says; nil ends the connection after it.
	harm  func(reply []byte) (out []byte, goOn bool)
	conns map[net.Conn]bool
}

func startProxy(t testing.TB, target string) *proxy {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	p := &proxy{listener: listener, target: target, conns: map[net.Conn]bool{}}
	t.Cleanup(func() {
		_ = listener.Close()
		p.cut()
	})
	go func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			go p.serve(client)
		}
	}()
	return p
}

func (p *proxy) url() string { return "redis://" + p.listener.Addr().String() }

// do sets what happens to replies from now on.
func (p *proxy) do(harm func([]byte) ([]byte, bool)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.harm = harm
}

// point sends new connections elsewhere and cuts the old ones.
func (p *proxy) point(target string) {
	p.mu.Lock()
	p.target = target
	p.mu.Unlock()
	p.cut()
}

func (p *proxy) cut() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for conn := range p.conns {
		_ = conn.Close()
		delete(p.conns, conn)
	}
}

func (p *proxy) serve(client net.Conn) {
	p.mu.Lock()
	server, err := net.Dial("tcp", p.target)
	p.conns[client] = true
	if err == nil {
		p.conns[server] = true
	}
	p.mu.Unlock()
	defer client.Close()
	if err != nil {
		return
	}
	go func() {
		_, _ = io.Copy(server, client)
		_ = server.Close()
	}()
	defer server.Close()
	buffer := make([]byte, 64<<10)
	for {
		n, err := server.Read(buffer)
		if err != nil {
			return
		}
		out, goOn := buffer[:n], true
		p.mu.Lock()
		harm := p.harm
		p.mu.Unlock()
		if harm != nil {
			out, goOn = harm(out)
		}
		if _, err := client.Write(out); err != nil || !goOn {
			return
		}
	}
}
