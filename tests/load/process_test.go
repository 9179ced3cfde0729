//go:build linux

package load

import (
	"fmt"
	"os"
	"path/filepath"
	goruntime "runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
	"unsafe"

	"github.com/stretchr/testify/require"
)

// The measured processes have the last core for themselves, as far as this
// machine lets them; clients and backends have the first.
var theirs, ours = goruntime.NumCPU() - 1, 0

// pin keeps all threads of the process, and those that they start, on a core.
func pin(t *testing.T, pid, core int) {
	t.Helper()
	var mask [16]uint64
	mask[core/64] = 1 << (core % 64)
	for _, thread := range threads(t, pid) {
		_, _, fault := syscall.RawSyscall(syscall.SYS_SCHED_SETAFFINITY, uintptr(thread), unsafe.Sizeof(mask), uintptr(unsafe.Pointer(&mask)))
		if fault != 0 && fault != syscall.ESRCH {
			require.NoError(t, fault, "pinning thread %d of process %d to core %d", thread, pid, core)
		}
	}
}

func threads(t *testing.T, pid int) []int {
	t.Helper()
	folders, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*", pid))
	require.NoError(t, err)
	require.NotEmpty(t, folders, "process %d has ended", pid)
	ids := make([]int, len(folders))
	for i, folder := range folders {
		ids[i], err = strconv.Atoi(filepath.Base(folder))
		require.NoError(t, err)
	}
	return ids
}

// processorTime is what the process has used so far. It is that of
// /proc/PID/stat, but in nanoseconds and not in hundredths of a second. A Go
// program ends none of its threads, so none is missing from the sum.
func processorTime(t *testing.T, pid int) time.Duration {
	t.Helper()
	var sum time.Duration
	for _, thread := range threads(t, pid) {
		text, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/schedstat", pid, thread))
		require.NoError(t, err)
		running, _, _ := strings.Cut(string(text), " ")
		nanoseconds, err := strconv.ParseInt(running, 10, 64)
		require.NoError(t, err)
		sum += time.Duration(nanoseconds)
	}
	return sum
}
