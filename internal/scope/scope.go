// Package scope holds sets of OAuth scope values as RFC 6749 section 3.3
// defines them.
package scope

import (
	"fmt"
	"slices"
	"strings"
)

// maxSet bounds how many scopes one set may name, so that a hostile request
// cannot make a later comparison expensive.
const maxSet = 64

// Set is an immutable, sorted set of scope values. The zero Set is empty.
type Set struct {
	values []string
}

// New makes a set of the values. It returns an error that names the value
// that is not a scope-token of RFC 6749 section 3.3.
func New(values ...string) (Set, error) {
	if len(values) > maxSet {
		return Set{}, fmt.Errorf("%d scopes given, at most %d are allowed", len(values), maxSet)
	}
	sorted := slices.Clone(values)
	slices.Sort(sorted)
	sorted = slices.Compact(sorted)
	for _, value := range sorted {
		if !valid(value) {
			return Set{}, fmt.Errorf("%q is not a scope: printable ASCII without space, quote, comma or backslash is wanted", value)
		}
	}
	return Set{values: sorted}, nil
}

// Must is New for values that the program itself names. It panics on a bad one.
func Must(values ...string) Set {
	set, err := New(values...)
	if err != nil {
		panic(err)
	}
	return set
}

// Parse reads the space-separated form of RFC 6749 section 3.3, and the
// comma-separated one that Adobe-compatible clients use.
func Parse(list string) (Set, error) {
	return New(strings.FieldsFunc(list, func(r rune) bool { return r == ' ' || r == ',' })...)
}

// valid follows the scope-token rule of RFC 6749 section 3.3, less the comma,
// which separates scopes in the Adobe form.
func valid(value string) bool {
	if value == "" || len(value) > 128 {
		return false
	}
	for _, c := range []byte(value) {
		if c <= ' ' || c > '~' || c == '"' || c == '\\' || c == ',' {
			return false
		}
	}
	return true
}

// Values returns the scopes in order. The caller must not change the slice.
func (s Set) Values() []string { return s.values }

// Len is the number of scopes.
func (s Set) Len() int { return len(s.values) }

// Has says whether the set holds the value, compared exactly.
func (s Set) Has(value string) bool {
	_, found := slices.BinarySearch(s.values, value)
	return found
}

// HasAny says whether the set holds at least one of the values.
func (s Set) HasAny(values ...string) bool { return slices.ContainsFunc(values, s.Has) }

// Within says whether every scope of s is in t as well.
func (s Set) Within(t Set) bool {
	for _, value := range s.values {
		if !t.Has(value) {
			return false
		}
	}
	return true
}

// Common is what both sets hold.
func (s Set) Common(t Set) Set {
	common := make([]string, 0, len(s.values))
	for _, value := range s.values {
		if t.Has(value) {
			common = append(common, value)
		}
	}
	return Set{values: common}
}

// String is the space-separated form of RFC 6749.
func (s Set) String() string { return strings.Join(s.values, " ") }

// Commas is the form of the Adobe claim `scopes`.
func (s Set) Commas() string { return strings.Join(s.values, ",") }
