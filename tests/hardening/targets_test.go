package hardening

import (
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/caddy-dcr/caddy-dcr/internal/endpoint"
	"github.com/caddy-dcr/caddy-dcr/internal/endpoint/habits"
	"github.com/caddy-dcr/caddy-dcr/plugins"
	"github.com/caddy-dcr/caddy-dcr/plugins/esm"
	"github.com/caddy-dcr/caddy-dcr/plugins/proxymvpd"
	"github.com/caddy-dcr/caddy-dcr/plugins/restv2"
	"github.com/caddy-dcr/caddy-dcr/plugins/sdk"
	"github.com/caddy-dcr/caddy-dcr/tests/hardening/rawhttp"
	"github.com/caddy-dcr/caddy-dcr/tests/harness"
)

// behind is what the backends of the world offer, to be read as servers do.
func behind(t *testing.T) habits.Site {
	t.Helper()
	site := habits.Site{Canonical: endpoint.Canonical}
	for _, p := range []plugins.Profile{new(restv2.Profile), new(esm.Profile), new(sdk.Profile), new(proxymvpd.Profile)} {
		table, err := endpoint.Compile(p.API())
		require.NoError(t, err)
		finder, _ := p.(plugins.EntitlementFinder)
		site.APIs = append(site.APIs, habits.API{Table: table, Finder: finder})
	}
	return site
}

// honest are requests that pass, one for each API.
var honest = []struct{ method, path, query, parameter string }{
	{http.MethodGet, "/api/v2/" + channel + "/sessions/X1", "", ""},
	{http.MethodGet, "/api/v2/authenticate/" + channel + "/X1", "", ""},
	{http.MethodGet, "/esm/v3/media-company/year", "requestor-id=" + channel, "requestor-id"},
	{http.MethodPost, "/adobe-services/session", "requestor_id=" + channel, "requestor_id"},
	{http.MethodGet, "/control/v3/mvpd-proxies/demo-proxy/mvpds", "", ""},
}

// hostileTargets are thousands; each protocol gets some, and never the same
// ones.
func hostileTargets() []rawhttp.Request {
	var all []rawhttp.Request
	for i, good := range honest {
		add := func(targets []habits.Spoilt, query string) {
			for _, s := range targets {
				all = append(all, rawhttp.Request{Method: good.method, Target: s.Target + query})
			}
		}
		query := ""
		if good.query != "" {
			query = "?" + good.query
		}
		add(habits.SpoilPath(good.path), query)
		add(habits.Climb(good.path, honest[(i+1)%len(honest)].path), query)
		add(habits.Climb(honest[1].path, good.path), query)
		if good.parameter != "" {
			for _, s := range habits.SpoilQuery(good.parameter, channel, "CNN") {
				all = append(all, rawhttp.Request{Method: good.method, Target: good.path + "?" + s.Target})
				all = append(all, rawhttp.Request{Method: good.method, Target: good.path, Body: s.Target, Lines: []string{"Content-Type: application/x-www-form-urlencoded"}})
			}
		}
	}
	for _, target := range []string{"", "*", "?", "#", "/", "//", `\`, "/%", "http:", "http://", "https://localhost", "https://localhost/api/v2/" + channel + "/configuration", "/api/v2/" + channel + "/configuration HTTP/1.1", ":path"} {
		all = append(all, rawhttp.Request{Method: http.MethodGet, Target: target}, rawhttp.Request{Method: http.MethodOptions, Target: target})
	}
	return all
}

// Each target is sent with a good token, so that nothing but the reading
// stands between it and a backend.
func TestNoTargetReachesABackendAsAnotherRouteOrChannel(t *testing.T) {
	t.Parallel()
	w := newWorld(t, settings{})
	_, _, token := w.Enroll(everything())
	site := behind(t)
	targets := hostileTargets()
	for at, share := range []int{6, 25, 40} {
		p := rawhttp.Protocols[at]
		t.Run(p.Name, func(t *testing.T) {
			for _, good := range honest {
				w.forget()
				answer := w.send(t, p, rawhttp.Request{Method: good.method, Target: good.path + "?" + good.query, Lines: []string{token.Bearer()}})
				require.Equal(t, http.StatusOK, answer.Status, good.path)
			}
			sent, passed := 0, 0
			for i := at; i < len(targets); i += share {
				r := targets[i]
				r.Lines = append([]string{token.Bearer()}, r.Lines...)
				w.forget()
				sent++
				if w.judge(t, p, site, r) {
					passed++
				}
			}
			t.Logf("%d of %d targets, of which %d passed", sent, len(targets), passed)
			assert.Greater(t, sent, 100)
		})
	}
}

// judge sends the request and says whether it passed. What does must reach one
// backend as it was sent, and mean the same to every server.
func (w *world) judge(t *testing.T, p rawhttp.Protocol, site habits.Site, r rawhttp.Request) bool {
	t.Helper()
	answer := w.send(t, p, r)
	if answer.Status != http.StatusOK {
		assert.Contains(t, []int{
			noAnswer, http.StatusBadRequest, http.StatusUnauthorized, http.StatusForbidden, http.StatusNotFound, http.StatusMethodNotAllowed,
		}, answer.Status, "%s %s", r.Method, r.Target)
		w.untouched(t)
		return false
	}
	var reached []harness.Seen
	for _, backend := range w.backends {
		reached = append(reached, backend.Seen()...)
	}
	if strings.Contains(strings.ToLower(r.Target), "://") && len(reached) == 0 {
		// It names another host, and none of our sites: Caddy's own answer.
		assert.Empty(t, answer.Body)
		return false
	}
	if !assert.Len(t, reached, 1, r.Target) {
		return true
	}
	seen := reached[0]
	assert.Equal(t, r.Method, seen.Method)
	assert.Equal(t, r.Body, seen.Body)
	u, err := url.ParseRequestURI(seen.Target)
	require.NoError(t, err, seen.Target)
	arrived := &http.Request{Method: seen.Method, URL: u, RequestURI: seen.Target, Header: http.Header{}, Body: http.NoBody}
	if seen.Body != "" {
		arrived.Header["Content-Type"] = seen.Values("Content-Type")
		arrived.Body = io.NopCloser(strings.NewReader(seen.Body))
	}
	confusion, refused := site.Confusion(arrived, habits.Servers)
	assert.False(t, refused, "%s %s was sent, and %s arrived", r.Method, r.Target, seen.Target)
	assert.Empty(t, confusion, "%s %s", r.Method, r.Target)
	for _, named := range seen.Values("X-DCR-Channel") {
		assert.Equal(t, channel, named, r.Target)
	}
	return true
}

// Frameworks take _method for the method, and the SDKs send one that asks for
// nothing more.
func TestAParameterDoesNotChangeTheMethod(t *testing.T) {
	t.Parallel()
	w := newWorld(t, settings{})
	_, _, token := w.Enroll(everything())
	overProtocols(t, func(t *testing.T, p rawhttp.Protocol) {
		w.forget()
		require.Equal(t, http.StatusOK, w.get(t, p, v2Call+"?a=1&_method=DELETE&%5FMETHOD[]=PUT&b=2&X-HTTP-Method-Override=PATCH", token.Bearer()).Status)
		assert.Equal(t, v2Call+"?a=1&b=2", w.backends["rest_v2"].Only(t).Target)
		for form, status := range map[string]int{"_method=GET": http.StatusOK, "_method=DELETE": http.StatusBadRequest, "%5fmethod[]=put": http.StatusBadRequest} {
			w.forget()
			answer := w.send(t, p, tokenRequest(sdkCall, form, token.Bearer()))
			assert.Equal(t, status, answer.Status, form)
			if status != http.StatusOK {
				w.untouched(t)
			}
		}
	})
}
