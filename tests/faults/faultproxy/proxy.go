package faultproxy

import (
	"fmt"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// patience is how long Redis may take to accept, and the port to come free.
const patience = 10 * time.Second

// Proxy listens on the loopback and passes on to one server.
type Proxy struct {
	// Addr is where it listens, for its whole life.
	Addr string

	upstream string
	hits     atomic.Int64

	mu       sync.Mutex
	plan     *plan
	listener net.Listener
	links    map[*link]struct{}
	held     []byte
	closed   bool
	serving  sync.WaitGroup
}

// plan is a fault for as long as it is on.
type plan struct {
	Fault
	over chan struct{}
}

// Start listens in front of the server at upstream, without any fault, until
// the test ends.
func Start(tb testing.TB, upstream string) *Proxy {
	tb.Helper()
	p := &Proxy{
		Addr: "127.0.0.1:0", upstream: upstream, links: map[*link]struct{}{},
		plan: &plan{over: make(chan struct{})},
	}
	p.mu.Lock()
	err := p.listen()
	p.mu.Unlock()
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(p.close)
	return p
}

// Set ends the fault that is on and begins another, for the connections that
// are there and for new ones.
func (p *Proxy) Set(f Fault) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	close(p.plan.over)
	p.plan = &plan{Fault: f, over: make(chan struct{})}
	p.hits.Store(0)
	p.held = nil
	if f.Kind == Refuse {
		p.listener.Close()
		p.listener = nil
	} else if p.listener == nil {
		if err := p.listen(); err != nil {
			return err
		}
	}
	if f.Kind == Refuse || f.Kind == Reset {
		p.resetAll()
	}
	return nil
}

// Drop resets the connections that are there, once.
func (p *Proxy) Drop() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.resetAll()
}

// Hits is how many connections and messages the fault that is on has met. A
// refused connection is the kernel's doing and not counted.
func (p *Proxy) Hits() int64 { return p.hits.Load() }

func (p *Proxy) resetAll() {
	for l := range p.links {
		p.hits.Add(1)
		l.reset()
	}
}

func (p *Proxy) current() *plan {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.plan
}

// listen opens the listener; the caller holds the lock.
func (p *Proxy) listen() error {
	var listener net.Listener
	var err error
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		if listener, err = net.Listen("tcp", p.Addr); err == nil {
			break
		}
	}
	if err != nil {
		return fmt.Errorf("listening on %s: %w", p.Addr, err)
	}
	p.Addr = listener.Addr().String()
	p.listener = listener
	p.serving.Go(func() { p.accept(listener) })
	return nil
}

func (p *Proxy) accept(listener net.Listener) {
	for {
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		p.serving.Go(func() { p.serve(conn.(*net.TCPConn)) })
	}
}

// serve connects a client that was accepted, as far as the fault lets it.
func (p *Proxy) serve(client *net.TCPConn) {
	switch p.current().Kind {
	case Reset, Refuse:
		p.hits.Add(1)
		hardClose(client)
		return
	case Full:
		p.hits.Add(1)
		// An error says that the client has gone already.
		_, _ = client.Write([]byte("-ERR max number of clients reached\r\n"))
		client.Close()
		return
	}
	server, err := net.DialTimeout("tcp", p.upstream, patience)
	if err != nil {
		hardClose(client)
		return
	}
	l := &link{proxy: p, client: client, server: server.(*net.TCPConn), done: make(chan struct{})}
	if !p.add(l) {
		l.reset()
		return
	}
	p.serving.Go(func() { l.pump(Commands, l.client, l.server) })
	l.pump(Replies, l.server, l.client)
	p.mu.Lock()
	delete(p.links, l)
	p.mu.Unlock()
}

func (p *Proxy) add(l *link) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed || p.plan.Kind == Refuse || p.plan.Kind == Reset {
		return false
	}
	p.links[l] = struct{}{}
	return true
}

// exchange gives the message before for this one.
func (p *Proxy) exchange(message []byte) []byte {
	p.mu.Lock()
	defer p.mu.Unlock()
	before := p.held
	if before == nil {
		before = message
	}
	p.held = message
	return before
}

func (p *Proxy) close() {
	p.mu.Lock()
	p.closed = true
	if p.listener != nil {
		p.listener.Close()
	}
	p.resetAll()
	p.mu.Unlock()
	p.serving.Wait()
}

// hardClose closes with RST in place of FIN.
func hardClose(conn *net.TCPConn) {
	// An error says that the connection is gone, which is what is wanted.
	_ = conn.SetLinger(0)
	conn.Close()
}
