package harness

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
)

// tags are the build tags of the whole repository: others are a cold compile.
const tags = "nobadger,nomysql,nopgx"

// Root is the module's top folder.
var Root = sync.OnceValue(func() string {
	folder, err := os.Getwd()
	if err != nil {
		panic(fmt.Sprintf("asking for the working folder: %v", err))
	}
	for {
		if _, err := os.Stat(filepath.Join(folder, "go.mod")); err == nil {
			return folder
		}
		parent := filepath.Dir(folder)
		if parent == folder {
			panic("no go.mod above the working folder: run the tests from inside the module")
		}
		folder = parent
	}
})

var (
	plain = sync.OnceValues(func() (string, error) { return build("caddy") })
	racy  = sync.OnceValues(func() (string, error) { return build("caddy-race", "-race") })
)

func build(name string, flags ...string) (string, error) {
	folder := filepath.Join(Root(), ".cache", "test")
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return "", err
	}
	// Test packages run side by side and want the same file.
	lock, err := os.OpenFile(filepath.Join(folder, "lock"), os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return "", err
	}
	defer lock.Close()
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX); err != nil {
		return "", fmt.Errorf("locking %s: %w", lock.Name(), err)
	}

	binary := filepath.Join(folder, name)
	arguments := append([]string{"build", "-tags", tags, "-o", binary}, flags...)
	command := exec.Command("go", append(arguments, "./caddymodule/cmd/caddy")...)
	command.Dir = Root()
	if output, err := command.CombinedOutput(); err != nil {
		return "", fmt.Errorf("building the gateway: %w\n%s", err, output)
	}
	return binary, nil
}

// Binary builds the gateway, once for the test process, and answers its path.
func Binary(tb testing.TB) string {
	tb.Helper()
	return must(tb, plain)
}

// server is the binary that serves: with the race detector where that is asked
// for. Commands do without, since they take seconds to start with it.
func server(tb testing.TB) string {
	tb.Helper()
	if os.Getenv("DCR_TEST_RACE") == "1" {
		return must(tb, racy)
	}
	return must(tb, plain)
}

func must(tb testing.TB, built func() (string, error)) string {
	tb.Helper()
	path, err := built()
	if err != nil {
		tb.Fatal(err)
	}
	return path
}
