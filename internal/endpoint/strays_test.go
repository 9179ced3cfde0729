package endpoint_test

import (
	"net/url"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/caddy-dcr/caddy-dcr/internal/endpoint"
	"github.com/caddy-dcr/caddy-dcr/internal/endpoint/habits"
	"github.com/caddy-dcr/caddy-dcr/plugins"
)

var prefixes = []string{"/api/v2/", "/reset/", "/control/", "/report/", "/sdk/", "/"}

// A target that went past the guard must be none of the guard's to any server.
func TestNoServerFindsAnAPIBehindATargetThatDoesNotStray(t *testing.T) {
	found := 0
	for _, good := range targets {
		spoilt := append(habits.SpoilPath(good.path), habits.Climb("/elsewhere/x/y", good.path)...)
		spoilt = append(spoilt, habits.Climb(good.path, "/elsewhere")...)
		for _, s := range spoilt {
			r := parse(good.method, s.Target, "")
			if r == nil || claimed(r.URL.Path) {
				continue // refused by net/http, or handed to the guard
			}
			for _, server := range habits.Servers {
				if read := server.Path(r.URL.EscapedPath()); under(read, server.Fold) {
					found++
					assert.True(t, endpoint.Strays(r.URL, prefixes), "%s reads %s as %s", server.Name, s.Target, read)
				}
			}
		}
	}
	assert.Greater(t, found, 1000, "the targets stray indeed")
}

// claimed says whether Caddy's matcher hands a path to the guard.
func claimed(of string) bool {
	cleaned := path.Clean(of)
	if strings.HasSuffix(of, "/") {
		cleaned += "/"
	}
	return under(cleaned, true)
}

// under says whether a server with routes of either kind finds an API there.
func under(read string, fold bool) bool {
	if fold {
		read = strings.ToLower(read)
	}
	return slices.ContainsFunc(prefixes, func(p string) bool { return p != "/" && strings.HasPrefix(read, p) })
}

func TestOrdinaryTargetsStrayNowhere(t *testing.T) {
	for _, target := range []string{
		"/", "/o/client/token", "/oauth2/register/9f6c", "/.well-known/jwks.json", "/metrics", "/api/v2", "/api/v3/x", "/apis/v2/x", "/reset",
		"/docs/api/v2/guide.html", "/a%20b/caf%C3%A9", "/docs/the%20api/v2", "/docs//images//logo.png", "/static/a;v=2/b", "/x/%41", "/a%2Fb/c",
		"/%E2%82%AC/1", "/a/./b", "/a/../b", "/img/100%25.png",
		// The site gives it to somebody else than the guard of another site.
		"/api/v2/REF30/configuration", "/API/v2/x%20y", "/sdk/..;/config",
	} {
		u, err := url.ParseRequestURI(target)
		require.NoError(t, err)
		assert.False(t, endpoint.Strays(u, prefixes), target)
	}
}

func TestATargetThatStraysIsKnown(t *testing.T) {
	for _, target := range []string{
		"/api/v2;/REF30/configuration", "/api;x/v2/REF30/configuration", "/elsewhere/..;/api/v2/REF30/configuration", "/api%252fv2/REF30/configuration",
		"/api%25252fv2/REF30", `/api\v2\REF30`, "/api%5cv2/x", "/elsewhere/..%5c..%5capi/v2/x", "/api%00/v2/x", "/api./v2/x", "/api%20/v2/x", "/api/v2%0a/x",
		"/%EF%BD%81pi/v2/x", "/%C5%BFdk/config", "/%25%36%31pi/v2/x", "/api/%253b/..%252fv2/x", "/elsewhere%c0%afapi%c0%afv2/x", "/a%2525252525252f",
	} {
		u, err := url.ParseRequestURI(target)
		require.NoError(t, err)
		assert.True(t, endpoint.Strays(u, prefixes), target)
	}
}

func TestAnAPIOfWhateverItsGuardGetsClaimsWhatItsRoutesBeginWith(t *testing.T) {
	assert.Equal(t, []string{"/api/v2/"}, endpoint.Claims(&plugins.API{Prefixes: []string{"/api/v2/"}, Routes: []plugins.Route{{Path: "/api/v2/{x}"}}}))
	claims := endpoint.Claims(&plugins.API{Prefixes: []string{"/"}, Routes: []plugins.Route{{Path: "/reports/{channel}"}, {Path: "/health"}, {Path: "/{any...}"}}})
	assert.Equal(t, []string{"/reports/", "/health", "/"}, claims)
	for target, strays := range map[string]bool{
		"/reports;/CNN": true, "/x/..;/reports/CNN": true, "/health%3b": true,
		"/reports/CNN": false, "/health": false, "/site;x/page": false,
	} {
		u, err := url.ParseRequestURI(target)
		require.NoError(t, err)
		assert.Equal(t, strays, endpoint.Strays(u, claims), target)
	}
}

func FuzzStrays(f *testing.F) {
	for _, good := range targets {
		f.Add(good.path)
	}
	f.Fuzz(func(t *testing.T, target string) {
		r := parse("GET", target, "")
		if r == nil || claimed(r.URL.Path) {
			return
		}
		for _, server := range habits.Servers {
			if read := server.Path(r.URL.EscapedPath()); under(read, server.Fold) {
				require.True(t, endpoint.Strays(r.URL, prefixes), "%s reads %s as %s", server.Name, target, read)
			}
		}
	})
}
