package caddymodule

import (
	"context"
	"testing"

	"github.com/caddyserver/caddy/v2"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/caddy-dcr/caddy-dcr/internal/metrics"
)

// tokensFound reads one of the counters as a scrape of the registry sees it.
func tokensFound(t *testing.T, registry *prometheus.Registry) float64 {
	t.Helper()
	families, err := registry.Gather()
	require.NoError(t, err)
	for _, family := range families {
		if family.GetName() != "caddy_dcr_token_cache_lookups_total" {
			continue
		}
		for _, metric := range family.GetMetric() {
			if metric.GetLabel()[0].GetValue() == string(metrics.LookupHit) {
				return metric.GetCounter().GetValue()
			}
		}
	}
	require.Fail(t, "the registry does not hold the counter")
	return 0
}

// registryOf makes the registry of a new configuration, as Caddy does.
func registryOf(t *testing.T) *prometheus.Registry {
	t.Helper()
	ctx, cancel := caddy.NewContext(caddy.Context{Context: context.Background()})
	t.Cleanup(cancel)
	return ctx.GetMetricsRegistry()
}

func TestAReloadResetsNoCounter(t *testing.T) {
	first := registryOf(t)
	require.NoError(t, registerMetrics(first))
	before := tokensFound(t, first)
	metricsOf.TokenFound()
	assert.Equal(t, before+1, tokensFound(t, first))

	second := registryOf(t)
	require.NotSame(t, first, second)
	require.NoError(t, registerMetrics(second))
	assert.Equal(t, before+1, tokensFound(t, second), "the value survives")
	metricsOf.TokenFound()
	assert.Equal(t, before+2, tokensFound(t, second))
	assert.Equal(t, before+2, tokensFound(t, first), "a configuration that goes on after a failed reload counts too")
}

func TestMetricsMayBeRegisteredTwice(t *testing.T) {
	registry := registryOf(t)
	require.NoError(t, registerMetrics(registry))
	require.NoError(t, registerMetrics(registry))
}

func TestMetricsOfTheSameNameButAnotherOriginAreAnError(t *testing.T) {
	registry := registryOf(t)
	require.NoError(t, registry.Register(metrics.New()))
	assert.ErrorContains(t, registerMetrics(registry), "registering the metrics")
}
