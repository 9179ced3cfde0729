package harness

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

// proxyOnly is Caddy without the module: the harness is tested by itself.
const proxyOnly = `{
	admin localhost:{ADMIN}
	auto_https off
	storage file_system {DIR}/caddy
}
http://127.0.0.1:{HTTP} {
	reverse_proxy BACKEND
}
`

func TestABackendRecordsWhatWasSent(t *testing.T) {
	backend := StartBackend(t, "echo")
	g := Start(t, Config{Caddyfile: strings.Replace(proxyOnly, "BACKEND", backend.Addr, 1)})

	answer := g.Raw(t, "POST /a%2Fb/../c?x=1&&y HTTP/1.1", "body", "x-lower: 1", "X-Twice: a", "x-twice: b")
	assert.Equal(t, http.StatusOK, answer.Status)
	assert.JSONEq(t, `{"backend":"echo"}`, answer.Body)
	seen := backend.Only(t)
	assert.Equal(t, "POST", seen.Method)
	assert.Equal(t, "/a%2Fb/../c?x=1&&y", seen.Target)
	assert.Equal(t, "body", seen.Body)
	assert.Equal(t, []string{"a", "b"}, seen.Values("X-Twice"))

	backend.Forget()
	g.Do(http.MethodGet, "/with%2Fencoding?q=%41", "", "X-Lower: 2")
	assert.Equal(t, "/with%2Fencoding?q=%41", backend.Only(t).Target)
	assert.Equal(t, []string{"2"}, backend.Only(t).Values("x-lower"))
}

func TestABackendReadsChunkedBodiesAndAnswersAsTold(t *testing.T) {
	backend := StartBackend(t, "echo")
	backend.Answer("204 No Content", "text/plain", "")
	g := Start(t, Config{Caddyfile: strings.Replace(proxyOnly, "BACKEND", backend.Addr, 1)})

	answer := g.Raw(t, "POST / HTTP/1.1", "", "Transfer-Encoding: chunked", "", "4\r\nbody\r\n0\r\n")
	assert.Equal(t, http.StatusNoContent, answer.Status)
	assert.Equal(t, "body", backend.Only(t).Body)
}

func TestAGatewayThatWasKilledStartsAgain(t *testing.T) {
	backend := StartBackend(t, "echo")
	g := Start(t, Config{Caddyfile: strings.Replace(proxyOnly, "BACKEND", backend.Addr, 1)})
	first := g.PID()
	g.Kill()
	assert.Zero(t, g.PID())
	g.Run()
	assert.NotEqual(t, first, g.PID())
	assert.Equal(t, http.StatusOK, g.Do(http.MethodGet, "/", "").Status)
	assert.Zero(t, g.Reload().Status)
}
