package top

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/caddy-dcr/caddy-dcr/internal/top"
	"github.com/caddy-dcr/caddy-dcr/tests/harness"
)

// busy is a gateway that is called until the test ends: four good calls, then
// one without a token.
func busy(t *testing.T) (g *harness.Gateway, calls *atomic.Int64) {
	t.Helper()
	backend := harness.StartBackend(t, "rest_v2")
	g = harness.Start(t, harness.Config{Site: "dcr_issuer\n\tdcr_proxy rest_v2 " + backend.Addr})
	_, _, token := g.Enroll(harness.App{Channels: []string{"REF30"}, Scopes: []string{"api:client:v2"}})
	g.MustDCR("revoke", "platform", "Tizen")
	calls = new(atomic.Int64)
	done := make(chan struct{})
	var load sync.WaitGroup
	load.Go(func() {
		client := &http.Client{Timeout: 20 * time.Second}
		for i := 0; ; i++ {
			select {
			case <-done:
				return
			default:
			}
			request, err := http.NewRequest(http.MethodGet, g.URL+"/api/v2/REF30/configuration", nil)
			if err != nil {
				return
			}
			if i%5 != 0 {
				request.Header.Set("Authorization", "Bearer "+token.AccessToken)
			}
			if response, err := client.Do(request); err == nil {
				response.Body.Close()
				calls.Add(1)
			}
		}
	})
	t.Cleanup(func() { close(done); load.Wait() })
	harness.Eventually(t, "for the load to begin", func() bool { return calls.Load() > 10 })
	return g, calls
}

func TestTheNumbersAreTrue(t *testing.T) {
	g, calls := busy(t)
	before := calls.Load()
	output := g.Caddy("dcr", "top", "--once", "--json", "--interval", "2s", "--address", g.Admin, "--address", g.Admin)
	made := float64(calls.Load() - before)
	require.Zero(t, output.Status, output.Stderr)
	var p top.Picture
	require.NoError(t, json.Unmarshal([]byte(output.Stdout), &p))
	assert.Equal(t, 2, p.Gateways, "one gateway that is named twice counts twice")
	require.Len(t, p.Profiles, 1)
	seen := p.Profiles[0].Requests * p.Seconds / 2
	assert.Positive(t, seen)
	assert.LessOrEqual(t, seen, made+2, "no more than were made, but for those under way")
	assert.InDelta(t, 0.2, p.Profiles[0].Refused/p.Profiles[0].Requests, 0.1)
	require.Len(t, p.Refusals, 1)
	assert.Equal(t, "token_absent", p.Refusals[0].Reason)
	assert.NotNil(t, p.ReplicaAge)
	assert.Zero(t, p.Kills)
	assert.False(t, p.BreakerOpen)

	table := g.DCR("top", "--once", "--interval", "1s")
	assert.Zero(t, table.Status, table.Stderr)
	for _, want := range []string{"1 gateway, ", "REQUESTS/S", "rest_v2", "registration", "token_absent", "no kill switch"} {
		assert.Contains(t, table.Stdout, want)
	}
	for line := range strings.Lines(table.Stdout) {
		assert.LessOrEqual(t, utf8.RuneCountInString(strings.TrimSuffix(line, "\n")), 80, line)
	}
}

func TestAKillThatWasThrownMeanwhileIsInThePicture(t *testing.T) {
	g, _ := busy(t)
	command, lines := follow(t, g, nil, "top")
	require.Contains(t, next(t, lines), "gateway")
	g.MustDCR("revoke", "platform", "Roku")
	harness.Eventually(t, "for the kill to show", func() bool { return strings.Contains(next(t, lines), "1 applied, p50") })
	require.NoError(t, command.Process.Signal(os.Interrupt))
	assert.NoError(t, command.Wait(), "an interruption is how it ends")
}

// A list that is watched shows what is new, and what it cannot see for a while.
func TestAWatchedListShowsWhatIsNew(t *testing.T) {
	g := harness.Start(t, harness.Config{})
	command, lines := follow(t, g, nil, "kills", "list", "--watch")
	require.Contains(t, next(t, lines), "KIND")
	g.MustDCR("revoke", "platform", "Roku", "--reason", "a test")
	harness.Eventually(t, "for the kill to show", func() bool { return strings.Contains(next(t, lines), "Roku") })
	g.Stop()
	harness.Eventually(t, "for what is wrong", func() bool { return strings.HasPrefix(next(t, lines), "error: ") })
	g.Run()
	harness.Eventually(t, "for the kill to show again", func() bool { return strings.Contains(next(t, lines), "Roku") })
	require.NoError(t, command.Process.Signal(os.Interrupt))
	assert.NoError(t, command.Wait())
	assert.Equal(t, 1, g.Caddy("dcr", "nodes", "list", "--watch", "--address", "localhost:1").Status, "at the beginning it is a mistake")
}

// follow runs a command without end.
func follow(t *testing.T, g *harness.Gateway, terminal *os.File, arguments ...string) (*exec.Cmd, *bufio.Reader) {
	t.Helper()
	arguments = append(append([]string{"dcr"}, arguments...), "--interval", "300ms", "--address", g.Admin)
	command := exec.Command(harness.Binary(t), arguments...)
	command.Env = append(os.Environ(), "HOME="+g.Dir, "XDG_DATA_HOME="+g.Dir, "XDG_CONFIG_HOME="+g.Dir)
	command.Dir = g.Dir
	var lines *bufio.Reader
	if terminal != nil {
		command.Stdout = terminal
	} else {
		pipe, err := command.StdoutPipe()
		require.NoError(t, err)
		lines = bufio.NewReader(pipe)
	}
	require.NoError(t, command.Start())
	t.Cleanup(func() { _ = command.Process.Kill() })
	return command, lines
}

func next(t *testing.T, lines *bufio.Reader) string {
	t.Helper()
	line, err := lines.ReadString('\n')
	require.NoError(t, err)
	return line
}

// On a terminal the picture is drawn over, and what was there before comes back.
func TestOnATerminalThePictureStays(t *testing.T) {
	g, _ := busy(t)
	master, slave := terminal(t)
	command, _ := follow(t, g, slave, "top")
	var mu sync.Mutex
	var shown bytes.Buffer
	go func() {
		buffer := make([]byte, 4096)
		for {
			n, err := master.Read(buffer)
			mu.Lock()
			shown.Write(buffer[:n])
			mu.Unlock()
			if err != nil {
				return
			}
		}
	}()
	has := func(text string, times int) func() bool {
		return func() bool {
			mu.Lock()
			defer mu.Unlock()
			return strings.Count(shown.String(), text) >= times
		}
	}
	harness.Eventually(t, "for another screen", has("\x1b[?1049h", 1))
	harness.Eventually(t, "for two pictures", has("REQUESTS/S", 2))
	require.NoError(t, command.Process.Signal(syscall.SIGTERM))
	assert.NoError(t, command.Wait())
	harness.Eventually(t, "for the screen from before", has("\x1b[?1049l", 1))
}

// terminal is a pseudo-terminal.
func terminal(t *testing.T) (master, slave *os.File) {
	t.Helper()
	master, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	require.NoError(t, err)
	t.Cleanup(func() { master.Close() })
	require.NoError(t, unix.IoctlSetPointerInt(int(master.Fd()), unix.TIOCSPTLCK, 0))
	number, err := unix.IoctlGetInt(int(master.Fd()), unix.TIOCGPTN)
	require.NoError(t, err)
	slave, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|syscall.O_NOCTTY, 0)
	require.NoError(t, err)
	t.Cleanup(func() { slave.Close() })
	return master, slave
}

func TestWhatCannotBeShown(t *testing.T) {
	g := harness.Start(t, harness.Config{Caddyfile: "{\n\tadmin localhost:{ADMIN}\n\tauto_https off\n\tstorage file_system {DIR}/caddy\n}\nhttp://127.0.0.1:{HTTP} {\n\trespond 200\n}\n"})
	other := g.DCR("top", "--once")
	assert.Equal(t, 1, other.Status)
	assert.Contains(t, other.Stderr, "no metrics of a gateway")
	assert.Equal(t, 1, g.Caddy("dcr", "top", "--once", "--address", "localhost:1").Status)
	assert.Equal(t, 2, g.DCR("top", "--interval", "1ms").Status)
}
