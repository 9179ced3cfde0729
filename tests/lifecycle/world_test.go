package lifecycle

import (
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/caddy-dcr/caddy-dcr/plugins/storetest/redistest"
	"github.com/caddy-dcr/caddy-dcr/tests/harness"
)

// stores are what every reload is tried over.
var stores = []struct {
	name string
	// start answers the argument of the `store` option.
	start func(testing.TB) string
}{
	{"embedded", func(testing.TB) string { return "bolt {DIR}/dcr" }},
	{"redis", func(tb testing.TB) string { return "redis " + redistest.Start(tb, redistest.Options{}).URL() }},
}

// settings are what a reload can change.
type settings struct {
	issuer  string // another than the usual
	store   string // the argument of the `store` option
	options string // further lines of the dcr block
	global  string // further global options
	site    string // further lines of the site
	sites   string // further sites
}

const template = `{
	admin localhost:{ADMIN}
	auto_https off
	storage file_system {DIR}/caddy
	GLOBAL
	dcr {
		issuer ISSUER
		store STORE
		allow_http
		OPTIONS
	}
}

http://127.0.0.1:{HTTP} {
	dcr_issuer
	dcr_proxy rest_v2 BACKEND
	SITE
}

SITES
`

// world is a gateway that devices are about to call.
type world struct {
	*harness.Gateway
	devices devices
	backend *backend
	running settings
}

// newWorld starts the gateway and enrols the devices.
func newWorld(t *testing.T, s settings) *world {
	t.Helper()
	w := &world{backend: startBackend(t), running: s}
	w.Gateway = harness.Prepare(t, harness.Config{Caddyfile: w.caddyfile(s)})
	w.Run()
	w.enrol(t)
	return w
}

func (w *world) caddyfile(s settings) string {
	issuer := "http://gateway.test"
	if s.issuer != "" {
		issuer = s.issuer
	}
	return strings.NewReplacer(
		"ISSUER", issuer, "GLOBAL", s.global, "STORE", s.store, "OPTIONS", s.options, "BACKEND", w.backend.address,
		"SITES", s.sites, "SITE", s.site,
	).Replace(template)
}

// reload has the gateway take the settings up, whether or not they are new,
// and answers what it said. It is what `caddy reload --force` does, without
// the time that the command takes to start.
func (w *world) reload(s settings) outcome {
	w.Configure(harness.Config{Caddyfile: w.caddyfile(s)})
	text, err := os.ReadFile(w.Caddyfile())
	if err != nil {
		return outcome{err: err}
	}
	for {
		answer := send(visitor, http.MethodPost, "http://"+w.Admin+"/load", string(text),
			"Content-Type: text/caddyfile", "Cache-Control: must-revalidate")
		if !answer.ended() {
			return answer
		}
	}
}

// mustReload is reload for settings that the gateway has to accept.
func (w *world) mustReload(t *testing.T, s settings) {
	t.Helper()
	result := w.reload(s)
	require.NoError(t, result.err)
	require.Equal(t, http.StatusOK, result.Status, result.Body)
	w.running = s
	w.Reloaded()
}
