package hardening

import (
	"encoding/json"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/caddy-dcr/caddy-dcr/tests/harness"
)

// Caddy alone waits a minute for headers, and for everything else without end.
func TestTheExampleWaitsForNobodyForEver(t *testing.T) {
	t.Parallel()
	g := harness.Prepare(t, harness.Config{})
	result := g.Caddy("adapt", "--config", filepath.Join(harness.Root(), "Caddyfile.example"), "--adapter", "caddyfile")
	require.Zero(t, result.Status, result.Stderr)
	var config struct {
		Apps struct {
			HTTP struct {
				Servers map[string]map[string]json.RawMessage
			}
		}
	}
	require.NoError(t, json.Unmarshal([]byte(result.Stdout), &config))
	require.NotEmpty(t, config.Apps.HTTP.Servers)
	for name, server := range config.Apps.HTTP.Servers {
		for _, timeout := range []string{"read_timeout", "read_header_timeout", "write_timeout", "idle_timeout"} {
			var nanoseconds int64
			require.NoError(t, json.Unmarshal(server[timeout], &nanoseconds), "%s: %s", name, timeout)
			assert.Positive(t, nanoseconds, "%s: %s", name, timeout)
		}
	}
}
