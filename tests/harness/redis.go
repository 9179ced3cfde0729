package harness

import (
	"fmt"
	"net"
	"os/exec"
	"strconv"
	"testing"
)

// StartRedis starts a redis-server of its own for the test, and answers its URL.
func StartRedis(tb testing.TB) string {
	tb.Helper()
	port := FreePort(tb)
	command := exec.Command("redis-server", "--port", strconv.Itoa(port), "--bind", "127.0.0.1",
		"--dir", tb.TempDir(), "--save", "", "--appendonly", "yes")
	if err := command.Start(); err != nil {
		tb.Fatalf("starting redis-server (make test installs it): %v", err)
	}
	tb.Cleanup(func() {
		_ = command.Process.Kill()
		_ = command.Wait()
	})
	address := fmt.Sprintf("127.0.0.1:%d", port)
	Eventually(tb, "for redis-server to listen", func() bool {
		conn, err := net.Dial("tcp", address)
		if err != nil {
			return false
		}
		conn.Close()
		return true
	})
	return "redis://" + address
}
