//go:build linux

package hardening

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/caddy-dcr/caddy-dcr/internal/jws"
	"github.com/caddy-dcr/caddy-dcr/internal/jws/jwstest"
)

// What a hostile token may cost the gateway, all of HTTP included: so much
// memory, and so many times the work of sending it.
const (
	mostMemory = jwstest.MostMemory
	mostWork   = 100
)

func TestAHostileTokenIsNotMuchDearerToRefuseThanToSend(t *testing.T) {
	w := openWorld(t)
	g := goodToken(t, jws.HS256)
	g.Key = g.Other // whoever throws bombs does not have the key
	conn, err := net.Dial("tcp", strings.TrimPrefix(w.URL, "http://"))
	require.NoError(t, err)
	defer conn.Close()
	require.NoError(t, conn.SetDeadline(time.Now().Add(5*time.Minute)))
	answers := bufio.NewReader(conn)

	var memory, work float64
	for _, bomb := range g.Bombs() {
		request := fmt.Sprintf("GET %s HTTP/1.1\r\nHost: %s\r\nAuthorization: Bearer %s\r\n\r\n", v2Call, strings.TrimPrefix(w.URL, "http://"), bomb.Raw)
		throw := func(times int) {
			for range times {
				_, err := io.WriteString(conn, request)
				require.NoError(t, err)
				answer, err := http.ReadResponse(answers, nil)
				require.NoError(t, err, bomb.Name)
				_, err = io.Copy(io.Discard, answer.Body)
				require.NoError(t, err)
				require.NoError(t, answer.Body.Close())
				require.Equal(t, http.StatusUnauthorized, answer.StatusCode, bomb.Name)
			}
		}
		throw(5)
		const times = 100
		ours, theirs, allocated := ownTime(t), timeOf(t, w.PID()), w.allocated(t)
		throw(times)
		each := (w.allocated(t) - allocated) / times
		ratio := float64(timeOf(t, w.PID())-theirs) / float64(ownTime(t)-ours)
		assert.Less(t, each, float64(mostMemory), "%s: bytes", bomb.Name)
		assert.Less(t, ratio, float64(mostWork), "%s: times the work of sending", bomb.Name)
		memory, work = max(memory, each), max(work, ratio)
	}
	t.Logf("at most %.0f KiB, and %.1f times the work of sending", memory/1024, work)
}

var allocatedBytes = regexp.MustCompile(`(?m)^go_memstats_alloc_bytes_total (\S+)$`)

// allocated is how many bytes the gateway has ever allocated.
func (w *world) allocated(t *testing.T) float64 {
	t.Helper()
	response, err := http.Get("http://" + w.Admin + "/metrics")
	require.NoError(t, err)
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	found := allocatedBytes.FindSubmatch(text)
	require.NotNil(t, found)
	bytes, err := strconv.ParseFloat(string(found[1]), 64)
	require.NoError(t, err)
	return bytes
}

// timeOf is the processor time that the process has used: that of its threads,
// of which a Go program ends none.
func timeOf(t *testing.T, pid int) time.Duration {
	t.Helper()
	threads, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/schedstat", pid))
	require.NoError(t, err)
	require.NotEmpty(t, threads)
	var sum time.Duration
	for _, thread := range threads {
		text, err := os.ReadFile(thread)
		require.NoError(t, err)
		running, _, _ := strings.Cut(string(text), " ")
		nanoseconds, err := strconv.ParseInt(running, 10, 64)
		require.NoError(t, err)
		sum += time.Duration(nanoseconds)
	}
	return sum
}

// ownTime is the processor time that this process has used.
func ownTime(t *testing.T) time.Duration {
	t.Helper()
	var usage syscall.Rusage
	require.NoError(t, syscall.Getrusage(syscall.RUSAGE_SELF, &usage))
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}
