// Package harness starts the real gateway between a test's client and its
// recording backends.
package harness
