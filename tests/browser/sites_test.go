package browser

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/caddy-dcr/caddy-dcr/tests/browser/tab"
	"github.com/caddy-dcr/caddy-dcr/tests/harness"
)

const channel = "REF30"

//go:embed testdata/client.js
var client string

// gate is a gateway with a name that its pages know it by, over TLS.
type gate struct {
	*harness.Gateway
	origin  string
	backend *harness.Backend
}

// openGate starts a gateway that guards REST API V2. The block is that of the
// cors option, at the issuer and at the guard.
func openGate(t *testing.T, cors, options string) *gate {
	t.Helper()
	g := &gate{backend: harness.StartBackend(t, "rest_v2")}
	port := harness.FreePort(t)
	g.origin = fmt.Sprintf("https://gateway.test:%d", port)
	g.Gateway = harness.Start(t, harness.Config{Caddyfile: fmt.Sprintf(`{
	admin localhost:{ADMIN}
	http_port {HTTP}
	https_port %d
	auto_https disable_redirects
	skip_install_trust
	storage file_system {DIR}/caddy
	dcr {
		issuer %[2]s
		store bolt {DIR}/dcr
		allow_http
		%s
	}
}

# For the test itself, which has no browser.
http://127.0.0.1:{HTTP} {
	dcr_issuer
}

%[2]s {
	bind 127.0.0.1
	tls internal
	dcr_issuer {
		%[4]s
	}
	dcr_proxy rest_v2 %[5]s {
		%[4]s
	}
}
`, port, g.origin, options, cors, g.backend.Addr)})
	return g
}

// sites are web sites of media companies and of others: one server with a
// blank page with the client in it, under whatever name it is asked for.
type sites struct{ port, clearPort string }

func openSites(t *testing.T) sites {
	t.Helper()
	page := http.NewServeMux()
	page.HandleFunc("/client.js", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/javascript")
		fmt.Fprint(w, client)
	})
	page.HandleFunc("/favicon.ico", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
	page.HandleFunc("/{$}", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		fmt.Fprint(w, `<!doctype html><html lang="en"><title>A page</title><script src="client.js"></script><body><h1>A page</h1>`)
	})
	secure, plain := httptest.NewTLSServer(page), httptest.NewServer(page)
	t.Cleanup(secure.Close)
	t.Cleanup(plain.Close)
	return sites{port: secure.URL[strings.LastIndex(secure.URL, ":"):], clearPort: plain.URL[strings.LastIndex(plain.URL, ":"):]}
}

func (s sites) https(host string) string { return "https://" + host + s.port }
func (s sites) http(host string) string  { return "http://" + host + s.clearPort }

// answer is what a page got to know.
type answer struct {
	Blocked string            `json:"blocked"`
	Status  int               `json:"status"`
	Headers map[string]string `json:"headers"`
	Body    string            `json:"body"`
}

func (a answer) decode(t *testing.T, into any) {
	t.Helper()
	require.Empty(t, a.Blocked)
	require.NoError(t, json.Unmarshal([]byte(a.Body), into), "%d %s", a.Status, a.Body)
}

// page is a tab at a page of the origin, with the client in it.
type page struct{ *tab.Tab }

func open(t *testing.T, origin string, g *gate) page {
	t.Helper()
	p := page{tab.Open(t, tab.Options{})}
	p.Visit(origin + "/")
	p.MayAsk(g.origin)
	return p
}

// does runs one of the client's functions.
func (p page) does(function string, arguments ...any) answer {
	var texts []string
	for _, argument := range arguments {
		text, _ := json.Marshal(argument)
		texts = append(texts, string(text))
	}
	return tab.Eval[answer](p.Tab, function+"("+strings.Join(texts, ", ")+")")
}

// expect forgives what the browser says on its console about an answer that
// is an error.
func (p page) expect(status int) {
	p.Forgive(fmt.Sprintf("the server responded with a status of %d", status))
}

// blocked forgives what the browser says when it keeps an answer from a page.
func (p page) blocked() {
	p.Forgive("CORS policy")
	p.Forgive("net::ERR_FAILED")
	p.Forgive("CorsIssue")
}
