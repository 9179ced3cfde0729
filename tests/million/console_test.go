package million

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/caddy-dcr/caddy-dcr/internal/console"
	"github.com/caddy-dcr/caddy-dcr/internal/management"
)

// consolePages measures the console's pages as a browser asks for them, but for
// the way there.
func consolePages(t *testing.T, s *management.Service, p population) {
	pages := console.New(console.Options{Management: s})
	for _, page := range []struct{ what, path string }{
		{"overview", "/"},
		{"applications", "/applications"},
		{"applications of one channel", "/applications?channel=REF30&living=yes"},
		{"the largest application", "/applications/" + p.largest.String()},
		{"clients of the largest application", "/applications/" + p.largest.String() + "/clients"},
		{"clients of the smallest application", "/applications/" + p.small.String() + "/clients"},
		{"clients", "/clients"},
		{"one client", "/clients/" + p.client.String()},
		{"what revoking the largest application stops", "/kills/new?kind=application&id=" + p.largest.String()},
		{"kill switches", "/kills"},
		{"statements", "/statements"},
		{"audit", "/audit"},
	} {
		measure(t, "console: "+page.what, func() error {
			answer := httptest.NewRecorder()
			pages.ServeHTTP(answer, httptest.NewRequest(http.MethodGet, page.path, nil), operator)
			if answer.Code != http.StatusOK {
				return fmt.Errorf("%s: answered %d: %s", page.path, answer.Code, answer.Body)
			}
			return nil
		})
	}
}
