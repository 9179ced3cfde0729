package refusal_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/caddy-dcr/caddy-dcr/internal/guard"
	"github.com/caddy-dcr/caddy-dcr/internal/refusal"
	"github.com/caddy-dcr/caddy-dcr/plugins"
)

// The pages of the REST APIs show a refusal, which is to look as it does.
func TestTheDocumentedSamplesAreWhatIsSent(t *testing.T) {
	for file, samples := range map[string]map[plugins.ErrorStyle]string{
		"rest_v1.md": {plugins.EnhancedXML: "application/xml", plugins.Enhanced: ""},
		"rest_v2.md": {plugins.Enhanced: ""},
	} {
		page, err := os.ReadFile("../../docs/apis/" + file)
		require.NoError(t, err)
		for style, accept := range samples {
			r, w := httptest.NewRequest(http.MethodGet, "/api", nil), httptest.NewRecorder()
			r.Header.Set("Accept", accept)
			refusal.Write(w, r, style, refusal.Refusal{Reason: guard.TokenAbsent, Trace: "5a1e3f0c-6f2d-4c0e-9f0e-0d6c0f9a7b21"})
			assert.Contains(t, string(page), readable(t, style, w.Body.Bytes()), file)
		}
	}
}

// readable is a body with its members on lines of their own.
func readable(t *testing.T, style plugins.ErrorStyle, body []byte) string {
	t.Helper()
	if style == plugins.EnhancedXML {
		return string(body) // it is so already
	}
	var indented bytes.Buffer
	require.NoError(t, json.Indent(&indented, body, "", "  "))
	return indented.String()
}
