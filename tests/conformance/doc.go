// Package conformance asks the real binary, RFC by RFC, whether the standards
// profile does what the text says.
//
// The tests are named after the section that they are about. Where the text
// leaves a choice, docs/divergences.md says which was made.
package conformance
