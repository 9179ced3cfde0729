// Package gateway holds the black-box tests of the whole gateway, from its
// command line to what reaches a backend, over every store.
package gateway
