package caddymodule

import (
	"errors"
	"fmt"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/caddy-dcr/caddy-dcr/internal/metrics"
)

// metricsOf counts for the whole life of the process. Caddy makes a registry
// for every configuration, so what belonged to one of them would begin at zero
// after each reload.
var metricsOf = metrics.New()

// registerMetrics offers the process's metrics to a configuration's registry.
// It may be called again for the same registry.
func registerMetrics(registry *prometheus.Registry) error {
	err := registry.Register(metricsOf)
	var again prometheus.AlreadyRegisteredError
	if errors.As(err, &again) && again.ExistingCollector == prometheus.Collector(metricsOf) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("registering the metrics: %w", err)
	}
	return nil
}
