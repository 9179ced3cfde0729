//go:build linux

package load

import (
	"fmt"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/caddy-dcr/caddy-dcr/tests/harness"
)

const (
	channel = "REF30"
	target  = "/api/v2/" + channel + "/profiles/TempPass"
)

// bare is a Caddyfile without an access log: writing one costs more than all
// that is measured here.
const bare = `{
	admin localhost:{ADMIN}
	auto_https off
	storage file_system {DIR}/caddy
	%s
}

http://:{HTTP} {
	bind 127.0.0.1
	%s
}
`

// upstream keeps a connection for every client, on both sides of a comparison:
// opening one costs more than a request.
const upstream = `{
		transport http {
			keepalive_idle_conns_per_host 64
		}
	}`

// upstreamWithLines tells the backend by Caddy's own means what the gateway
// would: as many lines of the same length, and no token.
const upstreamWithLines = `{
		transport http {
			keepalive_idle_conns_per_host 64
		}
		header_up X-DCR-Client-ID 897029da-2b35-429e-ad45-6f6bf5de7a95
		header_up X-DCR-Application-ID 897029da-2b35-429e-ad45-6f6bf5de7a95
		header_up X-DCR-Programmer Demo
		header_up X-DCR-Channel REF30
		header_up X-DCR-Scopes api:client:v2
		header_up X-DCR-Platform tvOS
		header_up X-DCR-Trace 897029da-2b35-429e-ad45-6f6bf5de7a95
		header_up -Authorization
	}`

// quiet spares Caddy the entry that it prepares for each proxied request and
// then throws away, since nobody looks at that level.
const quiet = `log {
		exclude http.handlers.reverse_proxy
	}`

// plain is Caddy without the gateway.
func plain(t *testing.T, site string) *harness.Gateway {
	t.Helper()
	return start(t, "", site)
}

// setup is what differs between the gateways that are measured.
type setup struct {
	store   string // empty is the embedded one
	tokens  string // further options of tokens
	options string // further options of dcr
	global  string // further global options
}

// guarded is Caddy with the gateway.
func guarded(t *testing.T, s setup, site string) *harness.Gateway {
	t.Helper()
	if s.store == "" {
		s.store = "bolt {DIR}/dcr"
	}
	return start(t, s.global+`
	dcr {
		issuer http://127.0.0.1:{HTTP}
		allow_http
		store `+s.store+`
		tokens {
			lifetime 6h
			`+s.tokens+`
		}
		`+s.options+`
	}`, site)
}

// start starts a Caddy that has one processor, and keeps it on its core.
func start(t *testing.T, global, site string) *harness.Gateway {
	t.Helper()
	t.Setenv("GOMAXPROCS", "1") // for the process to start; this one has its own already
	g := harness.Start(t, harness.Config{Caddyfile: fmt.Sprintf(bare, global, site)})
	pin(t, g.PID(), theirs)
	return g
}

// backend is a protected API that answers about 1 KB of JSON.
func backend(t *testing.T) string {
	t.Helper()
	body := []byte(`{"profiles":{"` + strings.Repeat("x", 1000) + `":{}}}`)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Content-Length", strconv.Itoa(len(body)))
		_, _ = w.Write(body)
	})}
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(func() { _ = server.Close() })
	pin(t, os.Getpid(), ours)
	return listener.Addr().String()
}

// deviceInfo is as long as those that applications send.
const deviceInfo = "eyJwcmltYXJ5SGFyZHdhcmVUeXBlIjoiU2V0VG9wQm94IiwibW9kZWwiOiJUViA1dGggR2VuIiwidmVyc2lvbiI6IjE0LjUiLCJt" +
	"YW51ZmFjdHVyZXIiOiJBcHBsZSIsInZlbmRvciI6IkFwcGxlIiwib3NOYW1lIjoidHZPUyIsIm9zRmFtaWx5IjoiRGFyd2luIiwib3NWZW5kb3IiOiJ" +
	"BcHBsZSIsIm9zVmVyc2lvbiI6IjE0LjUiLCJicm93c2VyTmFtZSI6IiIsImRpc3BsYXlXaWR0aCI6MTkyMCwiZGlzcGxheUhlaWdodCI6MTA4MH0="

// call is what an application sends to the protected API. Both sides of a
// comparison get the same bytes.
func call(bearer string) []byte {
	lines := []string{
		"GET " + target + " HTTP/1.1", "Host: sp.example.com", "Accept: application/json",
		"User-Agent: AppleCoreMedia/1.0.0.18L204 (Apple TV; U; CPU OS 14_5)",
		"AP-Device-Identifier: fingerprint YmEyM2QxNDEtZDcxNS01NjFjLTk0ZjQtYTllNGM5NjEyMTNl",
		"X-Device-Info: " + deviceInfo,
	}
	if bearer != "" {
		lines = append(lines, "Authorization: Bearer "+bearer)
	}
	return []byte(strings.Join(lines, "\r\n") + "\r\n\r\n")
}

// post is what an application sends to the issuer.
func post(path, contentType, body string) []byte {
	return fmt.Appendf(nil, "POST %s HTTP/1.1\r\nHost: sp.example.com\r\nX-Device-Info: %s\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n%s",
		path, deviceInfo, contentType, len(body), body)
}

// app is entitled to the API and the channel.
var app = harness.App{Channels: []string{channel}, Scopes: []string{"api:client:v2"}}

// calls are those of as many clients, with a token each.
func calls(g *harness.Gateway, clients int) [][]byte {
	statement := g.IssueStatement(g.CreateApp(app))
	requests := make([][]byte, clients)
	for i := range requests {
		requests[i] = call(g.Token(g.Register(statement)).AccessToken)
	}
	return requests
}
