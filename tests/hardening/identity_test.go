package hardening

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/caddy-dcr/caddy-dcr/tests/hardening/rawhttp"
	"github.com/caddy-dcr/caddy-dcr/tests/harness"
)

// ours are the headers by which a backend knows the caller.
var ours = []string{
	"X-DCR-Client-ID", "X-DCR-Application-ID", "X-DCR-Programmer", "X-DCR-Channel",
	"X-DCR-Scopes", "X-DCR-Platform", "X-DCR-Trace",
}

// spoofs are headers that backends of some kind read as ours: those that are
// given them as environment variables see dash, underscore and dot as one, and
// some of them whatever else is neither letter nor digit.
func spoofs() []string {
	var lines []string
	for _, name := range append(slices.Clone(ours), "X-DCR-Of-A-Later-Version") {
		for _, spelling := range []string{
			name, strings.ToLower(name), strings.ToUpper(name),
			strings.ReplaceAll(name, "-", "_"), strings.ReplaceAll(name, "-", "."),
			strings.ReplaceAll(name, "-", "!"), strings.ReplaceAll(name, "-", "~"), strings.Replace(name, "-", "|", 2),
			strings.Replace(name, "-", "_", 1), strings.Replace(strings.ToLower(name), "x-dcr-", "x-dcr_", 1),
		} {
			lines = append(lines, spelling+": spoofed")
		}
	}
	return lines
}

// elsewhere is what a site has beside the APIs: a part that no profile claims,
// and somebody who makes its error pages.
const elsewhere = `
	handle /elsewhere/* {
		reverse_proxy %s
	}
	handle_errors {
		reverse_proxy %s
	}
`

func TestNobodySpeaksInOurName(t *testing.T) {
	t.Parallel()
	other, failed := harness.StartBackend(t, "other"), harness.StartBackend(t, "failed")
	w := newWorld(t, settings{guardAlone: true, site: fmt.Sprintf(elsewhere, other.Addr, failed.Addr)})
	w.backends["other"], w.backends["failed"] = other, failed
	_, client, token := w.Enroll(everything())
	for name, c := range map[string]struct {
		request rawhttp.Request
		backend string // none for a request that is refused
		caller  bool
	}{
		"a guarded route":         {rawhttp.Request{Method: http.MethodGet, Target: v2Call, Lines: []string{token.Bearer()}}, "rest_v2", true},
		"a token in the query":    {rawhttp.Request{Method: http.MethodGet, Target: esmCall + "&access_token=" + token.AccessToken}, "esm", true},
		"an open route":           {rawhttp.Request{Method: http.MethodGet, Target: "/api/v2/authenticate/" + channel + "/ABC"}, "rest_v2", false},
		"an open route to POST":   {rawhttp.Request{Method: http.MethodPost, Target: "/indiv/devices", Body: "x=1"}, "sdk", false},
		"an unclaimed path":       {rawhttp.Request{Method: http.MethodGet, Target: "/elsewhere/x", Lines: []string{token.Bearer()}}, "other", false},
		"a refused route":         {rawhttp.Request{Method: http.MethodGet, Target: v2Call}, "", false},
		"a route that is none":    {rawhttp.Request{Method: http.MethodGet, Target: "/api/v2/x", Lines: []string{token.Bearer()}}, "", false},
		"a path that is nobody's": {rawhttp.Request{Method: http.MethodGet, Target: "/nobody", Lines: []string{token.Bearer()}}, "", false},
	} {
		t.Run(name, func(t *testing.T) {
			overProtocols(t, func(t *testing.T, p rawhttp.Protocol) {
				w.forget()
				request := c.request
				request.Lines = slices.Concat(request.Lines, spoofs())
				answer := w.send(t, p, request)
				if c.backend == "" {
					assert.NotEqual(t, http.StatusOK, answer.Status)
					w.untouched(t)
					return
				}
				require.Equal(t, http.StatusOK, answer.Status, answer.Body)
				seen := w.backends[c.backend].Only(t)
				assert.NotContains(t, strings.Join(seen.Lines, "\n"), "spoofed")
				if c.caller {
					assert.Equal(t, []string{client.ClientID}, seen.Values("X-DCR-Client-ID"))
				} else {
					assert.Empty(t, seen.Values("X-DCR-Client-ID"))
				}
			})
		})
	}
}

// An empty platform or channel of ours must not leave room for the client's.
func TestWhatWeDoNotSayNobodySays(t *testing.T) {
	t.Parallel()
	w := newWorld(t, settings{guardAlone: true})
	app := everything()
	app.Channels = nil // all of them, so that ESM may be asked about none
	_, _, token := w.Enroll(app)
	overProtocols(t, func(t *testing.T, p rawhttp.Protocol) {
		w.forget()
		answer := w.get(t, p, "/esm/v3/year", token.Bearer(), "X-DCR-Channel: spoofed", "X_DCR_CHANNEL: spoofed")
		require.Equal(t, http.StatusOK, answer.Status, answer.Body)
		assert.Empty(t, w.backends["esm"].Only(t).Values("X-DCR-Channel"))
		assert.NotContains(t, strings.Join(w.backends["esm"].Only(t).Lines, "\n"), "spoofed")
	})
}

// A name that is no name is refused by the server: what another server would
// cut it down to must not get through.
func TestANameThatIsNoneIsRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t, settings{guardAlone: true})
	_, _, token := w.Enroll(everything())
	for name, line := range map[string]string{
		"a space behind":  "X-DCR-Client-ID : spoofed",
		"a tab behind":    "X-DCR-Client-ID\t: spoofed",
		"a zero byte":     "X-DCR-Client-ID\x00: spoofed",
		"a slash":         "X/DCR-Client-ID: spoofed",
		"a letter beyond": "X-DCR-Clıent-ID: spoofed",
	} {
		t.Run(name, func(t *testing.T) {
			overProtocols(t, func(t *testing.T, p rawhttp.Protocol) {
				answer := w.get(t, p, v2Call, token.Bearer(), line)
				assert.Contains(t, []int{noAnswer, http.StatusBadRequest}, answer.Status, answer.Body)
			})
		})
	}
	w.untouched(t)
}

// Trailers come behind the decision.
func TestTrailersNeverReachABackend(t *testing.T) {
	t.Parallel()
	w := newWorld(t, settings{guardAlone: true})
	_, client, token := w.Enroll(everything())
	overProtocols(t, func(t *testing.T, p rawhttp.Protocol) {
		w.forget()
		answer := w.send(t, p, rawhttp.Request{
			Method: http.MethodPost, Target: "/api/v2/" + channel + "/sessions", Body: "x=1",
			Lines:    []string{token.Bearer(), "Trailer: X-DCR-Client-ID, X-DCR-Scopes"},
			Trailers: []string{"X-DCR-Client-ID: spoofed", "X-DCR-Scopes: spoofed"},
		})
		require.Equal(t, http.StatusOK, answer.Status, answer.Body)
		seen := w.backends["rest_v2"].Only(t)
		assert.Equal(t, []string{client.ClientID}, seen.Values("X-DCR-Client-ID"))
		assert.Empty(t, seen.Trailers)
		assert.Empty(t, seen.Values("Trailer"))
	})
}

// Reproduced on a plain Caddy: a Connection header that names our header takes
// it away on the way to the backend (CVE-2025-48865 elsewhere).
func TestHopByHopHeadersTakeNothingAway(t *testing.T) {
	t.Parallel()
	w := newWorld(t, settings{guardAlone: true})
	_, client, token := w.Enroll(everything())
	tricks := map[string][]string{
		"all of ours at once":    {"Connection: " + strings.Join(ours, ", ")},
		"behind a good one":      {"Connection: keep-alive, X-DCR-Client-ID"},
		"in a second line":       {"Connection: close", "Connection: x-dcr-client-id"},
		"with underscores":       {"Connection: X_DCR_CLIENT_ID"},
		"with tabs":              {"Connection: \tX-DCR-Client-ID\t,\tclose"},
		"in the proxy's own":     {"Proxy-Connection: X-DCR-Client-ID"},
		"in Keep-Alive":          {"Keep-Alive: X-DCR-Client-ID", "Connection: Keep-Alive"},
		"in TE":                  {"TE: trailers, X-DCR-Client-ID", "Connection: TE"},
		"the address":            {"Connection: X-Forwarded-For, X-Forwarded-Proto, X-Real-IP"},
		"with an upgrade beside": {"Connection: Upgrade, X-DCR-Client-ID"},
	}
	for _, name := range ours {
		tricks[name] = []string{"Connection: close, " + name}
	}
	for name, lines := range tricks {
		t.Run(name, func(t *testing.T) {
			overProtocols(t, func(t *testing.T, p rawhttp.Protocol) {
				w.forget()
				answer := w.get(t, p, v2Call, append([]string{token.Bearer()}, lines...)...)
				if p.Name != "HTTP/1.1" && answer.Status != http.StatusOK {
					// RFC 9113 section 8.2.2: such a request is malformed.
					assert.Contains(t, []int{noAnswer, http.StatusBadRequest}, answer.Status, answer.Body)
					w.untouched(t)
					return
				}
				require.Equal(t, http.StatusOK, answer.Status, answer.Body)
				seen := w.backends["rest_v2"].Only(t)
				assert.Equal(t, []string{client.ClientID}, seen.Values("X-DCR-Client-ID"))
				for _, name := range []string{"X-DCR-Application-ID", "X-DCR-Programmer", "X-DCR-Channel", "X-DCR-Scopes", "X-DCR-Trace", "X-Forwarded-For", "X-Forwarded-Proto"} {
					assert.Len(t, seen.Values(name), 1, name)
				}
			})
		})
	}
}

// What the guard checked must be what the backend acts on.
func TestTheMethodAndTargetOnTheWireCount(t *testing.T) {
	t.Parallel()
	w := newWorld(t, settings{guardAlone: true})
	_, _, token := w.Enroll(everything())
	overrides := []string{
		"X-HTTP-Method-Override: DELETE", "X-HTTP-Method: DELETE", "X-Method-Override: DELETE", "X_HTTP_METHOD_OVERRIDE: DELETE",
		"X-Original-URL: /admin", "X-Rewrite-URL: /admin", "X-Original-URI: /admin", "X.Original.URL: /admin", "x-override-url: /admin",
	}
	overProtocols(t, func(t *testing.T, p rawhttp.Protocol) {
		w.forget()
		answer := w.get(t, p, v2Call, append([]string{token.Bearer()}, overrides...)...)
		require.Equal(t, http.StatusOK, answer.Status, answer.Body)
		seen := w.backends["rest_v2"].Only(t)
		assert.Equal(t, http.MethodGet, seen.Method)
		assert.Equal(t, v2Call, seen.Target)
		assert.NotContains(t, strings.Join(seen.Lines, "\n"), "DELETE")
		assert.NotContains(t, strings.Join(seen.Lines, "\n"), "/admin")
	})
}
