// Package plugins holds the sockets of the gateway: what a store, a protected
// API and a signer must offer so that the gateway can work with them.
//
// The package imports nothing but the standard library, so that a guest module
// written elsewhere compiles against it alone. Our own guests live in the
// folders beside it and get no privilege that a stranger's lacks: they import
// this package, Caddy and their own driver, never the gateway's internals.
package plugins
