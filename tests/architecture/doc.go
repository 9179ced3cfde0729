// Package architecture holds the tests that keep the house as it was planned.
package architecture
