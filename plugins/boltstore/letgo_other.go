//go:build !(darwin || dragonfly || freebsd || linux || netbsd || openbsd)

package boltstore

import "os"

// letGo closes a file that the library has given up.
func letGo(file *os.File) { _ = file.Close() }
