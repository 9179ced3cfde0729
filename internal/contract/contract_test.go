package contract

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Each check says where it is written what it asks for, and that is there.
func TestEveryCheckNamesASectionThatThereIs(t *testing.T) {
	page, err := os.ReadFile("../../docs/endpoints.md")
	require.NoError(t, err)
	seen := map[string]bool{}
	for _, c := range append(append([]check{}, adobe...), standards...) {
		name := c.section + ": " + c.name
		assert.False(t, seen[name], "%s is there twice", name)
		seen[name] = true
		if title, ours := strings.CutPrefix(c.section, "endpoints.md, "); ours {
			assert.Contains(t, string(page), "\n## "+title, name)
		} else {
			assert.Regexp(t, `^RFC \d{4} section [\d.]+$`, c.section)
		}
		assert.LessOrEqual(t, len(name), 120)
	}
	assert.Greater(t, len(seen), 40)
}

// A server that answers everything alike keeps no contract: no check passes by
// itself.
func TestNothingPassesAtAServerThatIsNoGateway(t *testing.T) {
	for name, answer := range map[string]http.HandlerFunc{
		"empty":     func(http.ResponseWriter, *http.Request) {},
		"not found": http.NotFound,
		"any object": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", jsonType)
			_, _ = w.Write([]byte(`{}`))
		},
		"no answer":    func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
		"a server 5xx": func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadGateway) },
	} {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewServer(answer)
			defer server.Close()
			issuer, err := url.Parse(server.URL)
			require.NoError(t, err)
			report := Check(context.Background(), Options{Issuer: issuer, Statement: "a.b.c", Profiles: Profiles, Client: server.Client()})
			assert.Zero(t, report.Passed, "%+v", report.Checks)
			assert.Equal(t, len(adobe)+len(standards), report.Failed)
			assert.Empty(t, report.Clients)
			for _, c := range report.Checks {
				assert.NotEmpty(t, c.Why, c.Check)
			}
		})
	}
}
