//go:build linux

package caddymodule

import (
	"syscall"
	"time"
)

// spentHere is the processor time of this thread so far: on a machine that
// others use as well, that of the wall says more about them.
func spentHere() time.Duration {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_THREAD, &usage); err != nil {
		panic(err) // the arguments are right
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}
