package profiles

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/caddy-dcr/caddy-dcr/plugins"
)

const docs = "../../docs/apis"

// The table stands between these two lines of a page.
const (
	tableBegins = "<!-- routes: written by go test ./tests/profiles -update -->\n"
	tableEnds   = "<!-- end of routes -->\n"
)

func page(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(docs, name+".md"))
	require.NoError(t, err)
	return string(text)
}

func TestThePageOfAnAPIListsItsRoutesAsTheyAre(t *testing.T) {
	for _, name := range names {
		before, rest, found := strings.Cut(page(t, name), tableBegins)
		require.True(t, found, "%s.md has no table of routes", name)
		got, after, found := strings.Cut(rest, tableEnds)
		require.True(t, found, "the table of %s.md has no end", name)

		want := routeTable(load(t, name).API().Routes)
		if *update {
			file := filepath.Join(docs, name+".md")
			require.NoError(t, os.WriteFile(file, []byte(before+tableBegins+want+tableEnds+after), 0o644))
			continue
		}
		assert.Equal(t, want, got, "%s.md: run go test ./tests/profiles -update", name)
	}
}

func TestThePageOfAnAPISaysWhatHoldsForAllOfIt(t *testing.T) {
	for _, name := range names {
		text, api := page(t, name), load(t, name).API()
		assert.True(t, strings.HasPrefix(text, "# "+api.Title+" (`"+name+"`)\n"), "%s.md: title", name)
		for _, prefix := range api.Prefixes {
			assert.Contains(t, text, "`"+prefix+"`", "%s.md: prefix", name)
		}
		assert.Contains(t, text, "Error style: `"+string(api.Errors)+"`", "%s.md", name)
		assert.Equal(t, api.QueryToken != "", strings.Contains(text, "query parameter `"+api.QueryToken+"`"), "%s.md: query token", name)
		for _, route := range api.Routes {
			if route.Redirect != "" {
				assert.Contains(t, text, "`"+route.Redirect+"`", "%s.md: redirect", name)
			}
		}
	}
}

func TestThePageOfAnAPIExplainsEveryOptionAndNoOther(t *testing.T) {
	row := regexp.MustCompile("(?m)^\\| `([a-z_]+)[^`]*` \\|")
	for _, name := range names {
		_, options, found := strings.Cut(page(t, name), "\n## Options\n")
		require.True(t, found, "%s.md has no options", name)
		options, _, _ = strings.Cut(options, "\n## ")

		var explained []string
		for _, match := range row.FindAllStringSubmatch(options, -1) {
			explained = append(explained, match[1])
		}
		assert.ElementsMatch(t, load(t, name).Options(), explained, "%s.md", name)
		assert.Contains(t, options, "dcr_proxy "+name+" ", "%s.md has no example of a Caddyfile", name)
	}
}

func TestThePageOfAnAPIShowsEveryRefusal(t *testing.T) {
	bodies := map[plugins.ErrorStyle][]string{
		plugins.OAuthJSON: {
			`400 | ` + "`" + `{"error":"invalid_request"}`, `401 | ` + "`" + `{"error":"access_denied"}`,
			`403 | ` + "`" + `{"error":"invalid_client"}`, `403 | ` + "`" + `{"error":"access_denied"}`,
			`403 | ` + "`" + `{"error":"insufficient_scope"}`, `503 | ` + "`",
		},
		plugins.Enhanced:    enhanced,
		plugins.EnhancedXML: enhanced,
	}
	for _, name := range names {
		text := page(t, name)
		for _, body := range bodies[load(t, name).API().Errors] {
			assert.Contains(t, text, body, "%s.md", name)
		}
		for _, status := range []string{"| 404 |", "| 405 |", "| 429 |", "| 503 |"} {
			assert.Contains(t, text, status, "%s.md", name)
		}
		for _, said := range []string{"WWW-Authenticate: Bearer", "`Allow`", "`Retry-After`"} {
			assert.Contains(t, text, said, "%s.md", name)
		}
	}
}

var enhanced = []string{
	`"status":400,"code":"invalid_request"`,
	`"action":"application-registration","status":401,"code":"invalid_access_token"`,
	`"action":"application-registration","status":401,"code":"invalid_access_token_client_application"`,
	`"action":"application-registration","status":401,"code":"invalid_access_token_service_provider"`,
	`"action":"configuration","status":403,"code":"insufficient_scope"`,
	`"action":"retry","status":503,"code":"internal_server_error"`,
}

func TestThePageOfAnAPISaysWhatTheBackendReceives(t *testing.T) {
	for _, name := range names {
		text := page(t, name)
		for _, header := range []string{"Client-ID", "Application-ID", "Programmer", "Channel", "Scopes", "Platform", "Trace"} {
			assert.Contains(t, text, "`X-DCR-"+header+"`", "%s.md", name)
		}
		assert.Contains(t, text, "`forward_authorization`", "%s.md", name)
		assert.Contains(t, text, "\ncurl ", "%s.md", name)
	}
}

func TestTheIndexLinksEveryPage(t *testing.T) {
	index := page(t, "README")
	for _, name := range names {
		assert.Contains(t, index, "("+name+".md)", "README.md")
		assert.Contains(t, index, load(t, name).API().Title, "README.md")
	}
}

func TestTheExampleOfAnOwnProfileIsTheOneThatCompiles(t *testing.T) {
	source, err := os.ReadFile("catalog/catalog.go")
	require.NoError(t, err)
	assert.Contains(t, page(t, "README"), "```go\n"+string(source)+"```\n")
}
