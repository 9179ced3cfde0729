package refusal

import (
	"flag"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/caddy-dcr/caddy-dcr/internal/guard"
	"github.com/caddy-dcr/caddy-dcr/plugins"
)

var update = flag.Bool("update", false, "write the golden files instead of comparing with them")

const trace = "12f6fef9-d2e0-422b-a9d7-60d799abe353"

// full has something to say in every respect; what is said of it depends on
// the reason.
func full(reason guard.Reason) Refusal {
	return Refusal{
		Reason: reason, Realm: "demo", Scopes: []string{"api:client:v2", "admin"}, Allow: "GET, POST",
		Trace: trace, RetryAfter: 10 * time.Second,
		Missing: &plugins.Parameter{In: plugins.InQuery, Name: "mvpd", Code: "invalid_parameter_mvpd"},
	}
}

func answer(method, target, accept string, style plugins.ErrorStyle, ref Refusal) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, target, nil)
	if accept != "" {
		r.Header.Set("Accept", accept)
	}
	w := httptest.NewRecorder()
	write(w, r, style, ref, 0.5)
	return w
}

func refusals() []guard.Reason {
	return slices.DeleteFunc(slices.Clone(guard.Reasons), func(r guard.Reason) bool { return r.Class() == guard.Pass })
}

// dump shows a response as it goes over the wire, with sorted headers.
func dump(w *httptest.ResponseRecorder) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d %s\n", w.Code, http.StatusText(w.Code))
	var lines []string
	for name, values := range w.Header() {
		for _, value := range values {
			lines = append(lines, name+": "+value)
		}
	}
	slices.Sort(lines)
	fmt.Fprintf(&b, "%s\n\n%s\n", strings.Join(lines, "\n"), w.Body)
	return b.String()
}

func TestEveryRefusalInEveryStyleLooksAsItDid(t *testing.T) {
	for name, c := range map[string]struct {
		style      plugins.ErrorStyle
		accept     string
		redirectTo string
	}{
		"oauth":             {plugins.OAuthJSON, "", ""},
		"oauth_redirect":    {plugins.OAuthJSON, "", "https://app.example.com/back?state=1#top"},
		"enhanced":          {plugins.Enhanced, "application/xml", ""},
		"enhanced_xml":      {plugins.EnhancedXML, "application/xml", ""},
		"enhanced_xml_json": {plugins.EnhancedXML, "application/json", ""},
	} {
		t.Run(name, func(t *testing.T) {
			var b strings.Builder
			for _, reason := range refusals() {
				ref := full(reason)
				ref.RedirectTo = c.redirectTo
				fmt.Fprintf(&b, "=== %s\n%s\n", reason, dump(answer(http.MethodGet, "/a", c.accept, c.style, ref)))
			}
			golden(t, name+".golden", b.String())
		})
	}
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		require.NoError(t, os.MkdirAll("testdata", 0o755))
		require.NoError(t, os.WriteFile(file, []byte(got), 0o644))
		return
	}
	want, err := os.ReadFile(file)
	require.NoError(t, err)
	assert.Equal(t, string(want), got, "if the change is meant, run the test with -update")
}
