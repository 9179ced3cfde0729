// Package lifecycle reloads a gateway that clients are calling, in every way
// that can go well or wrong, and counts what is lost.
package lifecycle
