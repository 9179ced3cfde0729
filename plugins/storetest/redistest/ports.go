package redistest

import (
	"math/rand/v2"
	"net"
	"strconv"
	"sync"
	"testing"
)

var (
	portsMu sync.Mutex
	taken   = map[int]bool{}
)

// freePort finds a port below the range from which the kernel gives ports to
// outgoing connections, so that none of those takes it before the server does.
func freePort(t testing.TB) int {
	t.Helper()
	portsMu.Lock()
	defer portsMu.Unlock()
	for range 1000 {
		port := 16000 + rand.IntN(16000)
		if taken[port] {
			continue
		}
		l, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
		if err != nil {
			continue
		}
		_ = l.Close()
		taken[port] = true
		return port
	}
	t.Fatal("no free port on the loopback interface")
	return 0
}
