package harness

import (
	"fmt"
	"math/rand/v2"
	"net"
	"sync"
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

// The ports to choose from lie below those that the system hands out by itself,
// to listeners on port 0 and to outgoing connections: one of these could take
// a port between its choice and its use.
const lowestPort, highestPort = 10000, 32000

var given sync.Map // the ports that this process has given away

// FreePort answers a port of the loopback that nothing listens on, and never
// the same one twice.
func FreePort(tb testing.TB) int {
	tb.Helper()
	for range 1000 {
		port := lowestPort + rand.IntN(highestPort-lowestPort)
		listener, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
		if err != nil {
			continue
		}
		listener.Close()
		if _, taken := given.LoadOrStore(port, true); !taken {
			return port
		}
	}
	tb.Fatalf("no free port from %d to %d", lowestPort, highestPort)
	return 0
}
