package hardening

import (
	"net/http"
	"net/url"
	"path"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/caddy-dcr/caddy-dcr/internal/endpoint/habits"
	"github.com/caddy-dcr/caddy-dcr/tests/hardening/rawhttp"
	"github.com/caddy-dcr/caddy-dcr/tests/harness"
)

// newSharedWorld has one more line in its site, as many have it: whatever is no
// API goes to a server too, which may well be the one of the APIs.
func newSharedWorld(t *testing.T) (*world, *harness.Backend) {
	t.Helper()
	rest := harness.StartBackend(t, "rest")
	w := newWorld(t, settings{guardAlone: true, site: "\treverse_proxy " + rest.Addr + "\n"})
	w.backends["rest"] = rest
	return w, rest
}

// apis are the paths that the guards of the world claim.
var apis = []string{"/api/v2/", "/esm/", "/adobe-services/", "/indiv/", "/control/v3/mvpd-proxies/"}

// under says whether a server finds an API at the path.
func under(read string, fold bool) bool {
	if fold {
		read = strings.ToLower(read)
	}
	for _, prefix := range apis {
		if strings.HasPrefix(read, prefix) {
			return true
		}
	}
	return false
}

// CVE-2021-29492: the matcher of paths takes /api/v2;/x for no API, and the
// server behind the rest of the site, which gets it as it came, for one.
func TestNoTargetReachesAnAPIThroughTheRestOfTheSite(t *testing.T) {
	t.Parallel()
	w, rest := newSharedWorld(t)
	answer := w.get(t, rawhttp.Protocols[0], "/site/index.html?x=1")
	require.Equal(t, http.StatusOK, answer.Status, "what is no API is served")
	require.Equal(t, "/site/index.html?x=1", rest.Only(t).Target)

	strays := []habits.Spoilt{{Target: "/api/v2;/REF30/configuration"}, {Target: "/site/..;/api/v2/REF30/configuration"}, {Target: "/api%252fv2/REF30/configuration"}}
	for _, good := range honest {
		strays = append(strays, habits.SpoilPath(good.path)...)
		strays = append(strays, habits.Climb("/site/x", good.path)...)
	}
	refused := 0
	for i, s := range strays {
		if u, err := url.ParseRequestURI(s.Target); err != nil || under(path.Clean(u.Path), true) {
			continue // nobody's, or the guard's
		}
		p := rawhttp.Protocols[0]
		if i%25 == 1 {
			p = rawhttp.Protocols[1+i/25%2]
		}
		w.forget()
		if answer := w.get(t, p, s.Target); answer.Status == http.StatusBadRequest {
			refused++
		}
		for _, seen := range rest.Seen() {
			for _, server := range habits.Servers {
				raw, _, _ := strings.Cut(seen.Target, "?")
				assert.False(t, under(server.Path(raw), server.Fold), "%s reads %s, which came as %s, as an API", server.Name, seen.Target, s.Target)
			}
		}
	}
	assert.Greater(t, refused, 500)
}

// A server that speaks h2c would be asked for an API behind the upgrade.
func TestNothingButAWebSocketUpgradesOnTheRestOfTheSite(t *testing.T) {
	t.Parallel()
	w, rest := newSharedWorld(t)
	for name, lines := range map[string][]string{
		"h2c":                   {"Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAMAAABkAAQAAP__"},
		"h2c beside others":     {"Connection: Upgrade", "Upgrade: websocket, h2c"},
		"something else":        {"Connection: Upgrade", "Upgrade: TLS/1.0"},
		"settings without more": {"Connection: HTTP2-Settings", "HTTP2-Settings: AAMAAABkAAQAAP__"},
	} {
		t.Run(name, func(t *testing.T) {
			w.forget()
			answer := w.get(t, rawhttp.Protocols[0], "/site/x", lines...)
			require.Equal(t, http.StatusOK, answer.Status, "a server need not follow (RFC 9110 section 7.8)")
			assert.Empty(t, rest.Only(t).Values("Upgrade"))
			assert.Empty(t, rest.Only(t).Values("Connection"))
		})
	}
	w.forget()
	w.get(t, rawhttp.Protocols[0], "/site/x", "Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==")
	assert.Equal(t, []string{"websocket"}, rest.Only(t).Values("Upgrade"))
}
