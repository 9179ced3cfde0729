package boltstore

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/caddy-dcr/caddy-dcr/plugins"
	"github.com/caddy-dcr/caddy-dcr/plugins/storetest"
)

func openTemp(t testing.TB) *Store {
	t.Helper()
	s, err := Open(filepath.Join(t.TempDir(), "dcr.db"))
	require.NoError(t, err)
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func TestConformance(t *testing.T) {
	storetest.Run(t, func(t *testing.T) plugins.Store { return openTemp(t) })
}

func TestConformanceWhileSweeping(t *testing.T) {
	storetest.Run(t, func(t *testing.T) plugins.Store {
		s, err := open(filepath.Join(t.TempDir(), "dcr.db"), keepEntries, time.Millisecond)
		require.NoError(t, err)
		return s
	})
}

func TestConformanceOfASharedHandle(t *testing.T) {
	storetest.RunShared(t, func(t *testing.T) (a, b plugins.Store) {
		s := openTemp(t)
		return s, s
	})
}
