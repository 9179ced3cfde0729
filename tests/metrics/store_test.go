package metrics

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/caddy-dcr/caddy-dcr/internal/metrics"
	"github.com/caddy-dcr/caddy-dcr/plugins"
	"github.com/caddy-dcr/caddy-dcr/plugins/boltstore"
	"github.com/caddy-dcr/caddy-dcr/plugins/storetest"
)

// Counting must not change what a store promises.
func TestACountedStorePassesTheConformanceSuite(t *testing.T) {
	m := metrics.New()
	storetest.Run(t, func(t *testing.T) plugins.Store {
		inner, err := boltstore.Open(filepath.Join(t.TempDir(), "dcr.db"))
		require.NoError(t, err)
		return m.Store(inner)
	})
}
