// Package kills holds the black-box tests of the kill switches: what each
// stops, where, when, and what the one who throws it is told.
package kills
