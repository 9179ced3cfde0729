// Package faults breaks the store in every way that we know while clients
// call, and counts the answers that are not true.
package faults
