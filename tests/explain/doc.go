// Package explain holds the black-box tests of what a person on call is told
// about a refused request.
package explain
