// Package observability shows the gateway to a real Prometheus, and tests what
// the person on call would see of it: metrics, dashboards and alerts.
package observability
