package hardening

import (
	"cmp"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/caddy-dcr/caddy-dcr/tests/hardening/rawhttp"
	"github.com/caddy-dcr/caddy-dcr/tests/harness"
)

// host is the name of the site that speaks TLS.
const host = "localhost"

// channel is the one that the tests' applications are assigned to.
const channel = "REF30"

const (
	v2Call  = "/api/v2/" + channel + "/configuration"
	esmCall = "/esm/v3/year?requestor-id=" + channel
	sdkCall = "/adobe-services/session?requestor_id=" + channel
)

// everything is an application that may call all APIs.
func everything() harness.App {
	return harness.App{
		Programmer: "Demo", Channels: []string{channel}, ProxyMVPDs: []string{"demo-proxy"},
		Scopes: []string{"api:client:v2", "api:client:v1", "api:client:sdk", "analytics:client", "mvpd:proxies:owner", "own:use"},
	}
}

// caddyfile has one site twice: over TLS with all versions of HTTP, which is
// what the tests attack, and in clear text for the harness's own calls.
const caddyfile = `{
	admin localhost:{ADMIN}
	auto_https off
	storage file_system {DIR}/caddy
	log {
		format filter {
			wrap json
			fields {
				request dcr_secrets
				headers dcr_secrets
				resp_headers dcr_secrets
				error dcr_secrets
			}
		}
	}
	{GLOBAL}
	dcr {
		issuer https://localhost
		store {STORE}
		allow_http
		{OPTIONS}
	}
}

(site) {
	log
	{SITE}
}

https://localhost:{TLS} {
	bind 127.0.0.1
	tls {CERT} {KEY}
	{ISSUER}
	import site
}

http://127.0.0.1:{HTTP} {
	dcr_issuer
	import site
}
`

// settings are what a test wants to be different.
type settings struct {
	store           string            // the argument of the store option; a file when empty
	options, global string            // further lines of the dcr block, of the global options
	profile         map[string]string // block of a profile's dcr_proxy
	site            string            // further lines of the site
	// guardAlone leaves dcr_issuer out over TLS: it would remove what the guard
	// has to remove by itself.
	guardAlone bool
}

// world is a gateway that speaks TLS before one backend for each API.
type world struct {
	*harness.Gateway
	tls      rawhttp.Server
	backends map[string]*harness.Backend
	files    [2]string // the certificate and its key
}

// profiles are the APIs of the world, as dcr_proxy takes them.
var profiles = []string{"rest_v2", "esm", "sdk", "proxy_mvpd"}

func newWorld(t *testing.T, s settings) *world {
	t.Helper()
	w := &world{backends: map[string]*harness.Backend{}}
	for _, profile := range profiles {
		w.backends[profile] = harness.StartBackend(t, profile)
	}
	w.tls = rawhttp.Server{Address: net.JoinHostPort("127.0.0.1", strconv.Itoa(harness.FreePort(t))), Name: host}
	w.files[0], w.files[1], w.tls.Roots = certificate(t)
	w.Gateway = harness.Prepare(t, harness.Config{})
	w.configure(t, s)
	w.Run()
	return w
}

// configure writes the Caddyfile; a running gateway does not notice.
func (w *world) configure(t *testing.T, s settings) {
	t.Helper()
	_, port, err := net.SplitHostPort(w.tls.Address)
	require.NoError(t, err)
	var site strings.Builder
	for _, profile := range profiles {
		fmt.Fprintf(&site, "\tdcr_proxy %s %s {\n\t\t%s\n\t}\n", profile, w.backends[profile].Addr, s.profile[profile])
	}
	issuer := "dcr_issuer"
	if s.guardAlone {
		issuer = ""
	}
	w.Configure(harness.Config{Caddyfile: strings.NewReplacer(
		"{STORE}", cmp.Or(s.store, "bolt {DIR}/dcr"), "{ISSUER}", issuer, "{TLS}", port, "{CERT}", w.files[0], "{KEY}", w.files[1],
		"{GLOBAL}", s.global, "{OPTIONS}", s.options, "{SITE}", site.String()+s.site,
	).Replace(caddyfile)})
}

// certificate makes one for the host, in files.
func certificate(t *testing.T) (file, key string, roots *x509.CertPool) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: host}, DNSNames: []string{host},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
	require.NoError(t, err)
	secret, err := x509.MarshalPKCS8PrivateKey(private)
	require.NoError(t, err)
	file, key = filepath.Join(t.TempDir(), "cert.pem"), filepath.Join(t.TempDir(), "key.pem")
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	require.NoError(t, os.WriteFile(file, text, 0o600))
	require.NoError(t, os.WriteFile(key, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret}), 0o600))
	roots = x509.NewCertPool()
	roots.AppendCertsFromPEM(text)
	return file, key, roots
}

// overProtocols runs the test once for each version of HTTP.
func overProtocols(t *testing.T, test func(t *testing.T, p rawhttp.Protocol)) {
	t.Helper()
	for _, p := range rawhttp.Protocols {
		t.Run(p.Name, func(t *testing.T) { test(t, p) })
	}
}

// noAnswer is the status of a request that the server ended without one.
const noAnswer = 0

// send sends the request over TLS.
func (w *world) send(t *testing.T, p rawhttp.Protocol, r rawhttp.Request) harness.Answer {
	t.Helper()
	answer, err := p.Send(t.Context(), w.tls, r)
	if !errors.Is(err, rawhttp.ErrRefused) {
		require.NoError(t, err, "%s %s", r.Method, r.Target)
	}
	return answer
}

// get sends a GET with the lines.
func (w *world) get(t *testing.T, p rawhttp.Protocol, target string, lines ...string) harness.Answer {
	t.Helper()
	return w.send(t, p, rawhttp.Request{Method: http.MethodGet, Target: target, Lines: lines})
}

// basic is the value of HTTP Basic.
func basic(id, secret string) string {
	return base64.StdEncoding.EncodeToString([]byte(id + ":" + secret))
}

// tokenRequest posts a form, with the lines.
func tokenRequest(target, body string, lines ...string) rawhttp.Request {
	return rawhttp.Request{
		Method: http.MethodPost, Target: target, Body: body,
		Lines: append([]string{"Content-Type: application/x-www-form-urlencoded"}, lines...),
	}
}

// forget drops what the backends have recorded.
func (w *world) forget() {
	for _, backend := range w.backends {
		backend.Forget()
	}
}

// untouched fails the test when any backend saw anything.
func (w *world) untouched(t *testing.T) {
	t.Helper()
	for name, backend := range w.backends {
		if seen := backend.Seen(); len(seen) > 0 {
			t.Errorf("backend %s was reached: %+v", name, seen)
		}
	}
}

// patience bounds what a test waits for by itself.
func patience(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	t.Cleanup(cancel)
	return ctx
}
