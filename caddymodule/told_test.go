package caddymodule

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap/zapcore"

	"github.com/caddy-dcr/caddy-dcr/internal/metrics"
)

// everything has something to tell in every respect.
func everything() *told {
	return &told{
		trace: uuid.New(), decision: metrics.DecisionUnavailable, reason: "state_unavailable", client: uuid.New(), application: uuid.New(),
		programmer: "p", channel: "c", platform: "Roku", scopes: []string{"a", "b"}, profile: "esm", route: "/{x}",
	}
}

func page(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "docs", name))
	require.NoError(t, err)
	return string(text)
}

func TestEveryFieldOfTheLogIsDocumented(t *testing.T) {
	line := zapcore.NewMapObjectEncoder()
	require.NoError(t, everything().MarshalLogObject(line))
	described := map[string]bool{}
	for _, row := range regexp.MustCompile("(?m)^\\| `(dcr_[a-z]+)` \\|").FindAllStringSubmatch(page(t, "configuration.md"), -1) {
		described[row[1]] = true
	}
	for name := range line.Fields {
		assert.True(t, described[name], "the page lacks %s", name)
		delete(described, name)
	}
	assert.Empty(t, described, "the page describes what there is not")

	line = zapcore.NewMapObjectEncoder()
	require.NoError(t, new(told).MarshalLogObject(line))
	assert.Empty(t, line.Fields, "what is not known is left out")
}

func TestEveryAttributeOfASpanIsDocumented(t *testing.T) {
	text := page(t, "tracing.md")
	attributes := everything().attributes()
	assert.Len(t, attributes, 12)
	for _, attribute := range attributes {
		assert.Contains(t, text, "`"+string(attribute.Key)+"`")
	}
	for _, operation := range metrics.Operations[:7] {
		assert.Contains(t, text, "`dcr.store."+string(operation)+"`")
	}
	for _, path := range []string{"/o/client/register", "/o/client/token", "/oauth2/revoke", "/oauth2/introspect", "/.well-known/jwks.json", "/oauth2/x"} {
		assert.Contains(t, text, "`"+spanOf(path)+"`")
	}
}
