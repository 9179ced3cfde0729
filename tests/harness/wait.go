package harness

import (
	"net"
	"testing"
	"time"
)

// patience bounds every wait: long enough for a busy machine.
const patience = 30 * time.Second

// Eventually polls until the condition holds, and fails the test when it does
// not within the harness's patience.
func Eventually(tb testing.TB, what string, holds func() bool) {
	tb.Helper()
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		if holds() {
			return
		}
	}
	tb.Fatalf("waited %s in vain: %s", patience, what)
}

// FreePort answers a port of the loopback that nothing listens on.
func FreePort(tb testing.TB) int {
	tb.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	defer listener.Close()
	return listener.Addr().(*net.TCPAddr).Port
}
