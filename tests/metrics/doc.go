// Package metrics checks that the metrics are those that the documentation
// promises.
package metrics
