// Package moves holds the black-box tests of taking everything along: into a
// file and back, and to another store while clients call.
package moves
