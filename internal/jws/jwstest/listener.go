package jwstest

import (
	"net"
	"testing"
)

// Listener is an address that tokens name, and that nobody may ever call.
type Listener struct {
	// URL begins addresses at which it listens.
	URL string

	tb     testing.TB
	socket net.Listener
}

// Listen opens one until the test ends.
func Listen(tb testing.TB) *Listener {
	tb.Helper()
	socket, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { socket.Close() })
	return &Listener{URL: "http://" + socket.Addr().String(), tb: tb, socket: socket}
}

// Untouched fails the test when somebody has called. Connections are accepted
// in the order in which they came, so that our own must be the first.
func (l *Listener) Untouched() {
	l.tb.Helper()
	own, err := net.Dial("tcp", l.socket.Addr().String())
	if err != nil {
		l.tb.Fatal(err)
	}
	defer own.Close()
	first, err := l.socket.Accept()
	if err != nil {
		l.tb.Fatal(err)
	}
	defer first.Close()
	if first.RemoteAddr().String() != own.LocalAddr().String() {
		l.tb.Errorf("somebody called the address that a token names: %s", first.RemoteAddr())
	}
}
