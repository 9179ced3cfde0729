//go:build !linux

package redistest

import "syscall"

// dieWithParent can promise nothing here; cleanup stops the servers.
func dieWithParent() *syscall.SysProcAttr { return nil }
