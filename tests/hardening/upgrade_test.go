package hardening

import (
	"net/http"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/caddy-dcr/caddy-dcr/tests/hardening/rawhttp"
	"github.com/caddy-dcr/caddy-dcr/tests/harness"
)

// What comes behind an upgrade nobody checks any more: a backend that speaks
// h2c would serve requests that the gateway never sees.
func TestOnlyWebSocketsUpgradeAndOnlyWhereAllowed(t *testing.T) {
	t.Parallel()
	own := harness.StartBackend(t, "own")
	w := newWorld(t, settings{guardAlone: true, site: `
	handle /own/* {
		dcr_guard {
			prefix /own/
			route GET,POST /own/chat {
				scope own:use
			}
			route GET /own/public {
				open
			}
			upgrade
		}
		reverse_proxy ` + own.Addr + `
	}
`})
	w.backends["own"] = own
	_, _, token := w.Enroll(everything())
	websocket := []string{"Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="}
	for name, c := range map[string]struct {
		target  string
		lines   []string
		allowed bool
	}{
		"a WebSocket where it is allowed":        {"/own/chat", websocket, true},
		"a WebSocket on an open route":           {"/own/public", websocket, true},
		"a WebSocket where it is not":            {v2Call, websocket, false},
		"h2c":                                    {"/own/chat", []string{"Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAMAAABkAAQAAP__"}, false},
		"h2c in capitals":                        {"/own/chat", []string{"Connection: Upgrade", "Upgrade: H2C"}, false},
		"h2c on an open route":                   {"/own/public", []string{"Connection: Upgrade", "Upgrade: h2c"}, false},
		"h2c on an open route of a profile":      {"/api/v2/authenticate/" + channel + "/ABC", []string{"Connection: Upgrade", "Upgrade: h2c"}, false},
		"h2c without a Connection header":        {v2Call, []string{"Upgrade: h2c"}, false},
		"a WebSocket and h2c":                    {"/own/chat", []string{"Connection: Upgrade", "Upgrade: websocket, h2c"}, false},
		"a WebSocket and h2c, in two lines":      {"/own/chat", []string{"Connection: Upgrade", "Upgrade: websocket", "Upgrade: h2c"}, false},
		"settings of HTTP/2 beside a WebSocket":  {"/own/chat", append(slices.Clone(websocket), "HTTP2-Settings: AAMAAABkAAQAAP__"), false},
		"TLS within (RFC 2817)":                  {"/own/chat", []string{"Connection: Upgrade", "Upgrade: TLS/1.0"}, false},
		"a protocol that nobody has heard of":    {"/own/chat", []string{"Connection: Upgrade", "Upgrade: x"}, false},
		"a WebSocket of a version of its own":    {"/own/chat", []string{"Connection: Upgrade", "Upgrade: websocket/2"}, false},
		"an empty upgrade":                       {"/own/chat", []string{"Connection: Upgrade", "Upgrade: "}, false},
		"HTTP/2, as the server might offer it":   {"/own/chat", []string{"Connection: Upgrade", "Upgrade: h2"}, false},
		"WebSocket in quotes":                    {"/own/chat", []string{"Connection: Upgrade", `Upgrade: "websocket"`}, false},
		"a WebSocket to a route that is none":    {"/own/none", websocket, false},
		"a WebSocket to a path that is nobody's": {"/nobody", websocket, false},
	} {
		t.Run(name, func(t *testing.T) {
			w.forget()
			answer := w.get(t, rawhttp.Protocols[0], c.target, append([]string{token.Bearer()}, c.lines...)...)
			if !c.allowed {
				assert.Contains(t, []int{http.StatusBadRequest, http.StatusNotFound}, answer.Status, answer.Body)
				w.untouched(t)
				return
			}
			require.Equal(t, http.StatusOK, answer.Status, answer.Body)
			assert.Equal(t, []string{"websocket"}, own.Only(t).Values("Upgrade"))
		})
	}
	t.Run("a WebSocket without a token", func(t *testing.T) {
		w.forget()
		assert.Equal(t, http.StatusUnauthorized, w.get(t, rawhttp.Protocols[0], "/own/chat", websocket...).Status)
		w.untouched(t)
	})
}

// HTTP/2 and HTTP/3 have no Upgrade header but a method of their own for it
// (RFC 8441, RFC 9220), and a plain CONNECT asks for a tunnel to anywhere.
func TestNoTunnelIsDugByCONNECT(t *testing.T) {
	t.Parallel()
	own := harness.StartBackend(t, "own")
	w := newWorld(t, settings{guardAlone: true, site: `
	handle /own/* {
		dcr_guard {
			route GET /own/chat {
				scope own:use
			}
			upgrade
		}
		reverse_proxy ` + own.Addr + `
	}
`})
	w.backends["own"] = own
	_, _, token := w.Enroll(everything())
	for name, r := range map[string]rawhttp.Request{
		"a WebSocket":                   {Target: "/own/chat", Lines: []string{":protocol: websocket"}},
		"a WebSocket without an API":    {Target: v2Call, Lines: []string{":protocol: websocket"}},
		"a WebSocket on an open route":  {Target: "/api/v2/authenticate/" + channel + "/ABC", Lines: []string{":protocol: websocket"}},
		"UDP (RFC 9298)":                {Target: "/own/chat", Lines: []string{":protocol: connect-udp"}},
		"nothing known":                 {Target: "/own/chat", Lines: []string{":protocol: h2c"}},
		"a method, without a protocol":  {Target: "/own/chat"},
		"a protocol, with a method":     {Target: "/own/chat", Method: http.MethodGet, Lines: []string{":protocol: websocket"}},
		"our own server":                {Target: host + ":443"},
		"a header, instead of a pseudo": {Target: "/own/chat", Lines: []string{"protocol: websocket", "Upgrade: websocket", "Connection: Upgrade"}},
	} {
		t.Run(name, func(t *testing.T) {
			overProtocols(t, func(t *testing.T, p rawhttp.Protocol) {
				if r.Method == "" {
					r.Method = http.MethodConnect
				}
				request := r
				request.Lines = append([]string{token.Bearer()}, r.Lines...)
				answer := w.send(t, p, request)
				assert.True(t, answer.Status == noAnswer || answer.Status >= http.StatusBadRequest, "%d %s", answer.Status, answer.Body)
				assert.NotEqual(t, http.StatusSwitchingProtocols, answer.Status)
			})
		})
	}
	// A host that no site claims gets Caddy's empty 200, and no tunnel.
	t.Run("another server", func(t *testing.T) {
		backend := w.backends["rest_v2"].Addr
		text := "CONNECT " + backend + " HTTP/1.1\r\nHost: " + backend + "\r\n\r\nGET " + v2Call + " HTTP/1.1\r\nHost: " + backend + "\r\nConnection: close\r\n\r\n"
		_, err := rawhttp.Text(patience(t), w.tls, text)
		require.NoError(t, err)
	})
	w.untouched(t)
}
