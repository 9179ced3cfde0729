package doctor

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/caddy-dcr/caddy-dcr/internal/doctor"
	"github.com/caddy-dcr/caddy-dcr/plugins/storetest/redistest"
	"github.com/caddy-dcr/caddy-dcr/tests/harness"
)

// healthy is a gateway with nothing wrong with it: TLS with a certificate of
// its own, keys that are encrypted, and all of it on the loopback.
const healthy = `{
	admin localhost:{ADMIN}
	auto_https disable_redirects
	storage file_system {DIR}/caddy
	skip_install_trust
	log {
		format filter {
			wrap json
			fields {
				request dcr_secrets
			}
		}
	}
	dcr {
		issuer https://localhost:{HTTP}
		store STORE
		key_encryption_key {file.{DIR}/kek}
		OPTIONS
	}
}

https://localhost:{HTTP} {
	tls {DIR}/cert.pem {DIR}/key.pem
	dcr_issuer
	dcr_proxy rest_v2 BACKEND
	dcr_guard /mine/* {
		route GET /mine/b {
			scope api:client:v2
		}
	}
	reverse_proxy /mine/* BACKEND
	SITE
}
`

// setting is what is different from a healthy gateway.
type setting struct {
	store, options, site, backend string
	// certificate is from when to when it is valid, from now on.
	certificate [2]time.Duration
	change      func(caddyfile string) string
}

func start(t *testing.T, s setting) *harness.Gateway {
	t.Helper()
	if s.backend == "" {
		s.backend = harness.StartBackend(t, "rest_v2").Addr
	}
	if s.store == "" {
		s.store = "bolt {DIR}/dcr"
	}
	if s.certificate[1] == 0 {
		s.certificate = [2]time.Duration{-time.Hour, 24 * time.Hour}
	}
	text := strings.NewReplacer("STORE", s.store, "OPTIONS", s.options, "SITE", s.site, "BACKEND", s.backend).Replace(healthy)
	if s.change != nil {
		text = s.change(text)
	}
	g := harness.Prepare(t, harness.Config{Caddyfile: text})
	require.NoError(t, os.WriteFile(filepath.Join(g.Dir, "kek"), []byte("MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="), 0o600))
	writeCertificate(t, g.Dir, s.certificate)
	g.Run()
	return g
}

func writeCertificate(t *testing.T, dir string, valid [2]time.Duration) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "localhost"}, DNSNames: []string{"localhost"},
		NotBefore: time.Now().Add(valid[0]), NotAfter: time.Now().Add(valid[1]),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	require.NoError(t, err)
	private, err := x509.MarshalPKCS8PrivateKey(key)
	require.NoError(t, err)
	for name, block := range map[string]*pem.Block{"cert.pem": {Type: "CERTIFICATE", Bytes: der}, "key.pem": {Type: "PRIVATE KEY", Bytes: private}} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), pem.EncodeToMemory(block), 0o600))
	}
}

func examined(t *testing.T, g *harness.Gateway, arguments ...string) (doctor.Report, int) {
	t.Helper()
	var report doctor.Report
	result := g.DCR(append([]string{"doctor", "--json"}, arguments...)...)
	require.NoError(t, json.Unmarshal([]byte(result.Stdout), &report), result.Stdout+result.Stderr)
	return report, result.Status
}

func troubles(report doctor.Report) map[doctor.Check]string {
	found := map[doctor.Check]string{}
	for _, r := range report.Checks {
		if r.Status == doctor.Warning || r.Status == doctor.Fault {
			found[r.Check] = fmt.Sprintf("%s%s: %s → %s\n", found[r.Check], r.Status, r.Says, r.Do)
		}
	}
	return found
}

func TestAHealthyGatewayIsFoundToBeSo(t *testing.T) {
	for name, store := range map[string]func() string{
		"embedded": func() string { return "" },
		"redis": func() string {
			return "redis " + redistest.Start(t, redistest.Options{Persist: true}).URL()
		},
	} {
		t.Run(name, func(t *testing.T) {
			g := start(t, setting{store: store()})
			report, status := examined(t, g)
			assert.Empty(t, troubles(report))
			assert.True(t, report.Healthy)
			assert.Zero(t, status)
			seen := map[doctor.Check]bool{}
			for _, r := range report.Checks {
				seen[r.Check] = true
			}
			for _, check := range doctor.Checks {
				assert.True(t, seen[check], "%s was not looked at", check)
			}
			table := g.DCR("doctor")
			assert.Zero(t, table.Status)
			for line := range strings.Lines(table.Stdout) {
				assert.LessOrEqual(t, utf8.RuneCountInString(strings.TrimSuffix(line, "\n")), 80, line)
			}
			assert.Contains(t, g.MustDCR("nodes", "list"), "this one")
		})
	}
}

// Each thing that is wrong is named, by its check alone, and what to do.
func TestWhatIsWrongIsNamed(t *testing.T) {
	redis := func(t *testing.T, options redistest.Options) string {
		server := redistest.Start(t, options)
		block := "redis " + server.URL()
		if options.User != "" {
			block += " {\n\t\t\tusername " + options.User + "\n\t\t\tpassword " + options.Password + "\n\t\t}"
		}
		return block
	}
	for name, c := range map[string]struct {
		setting setting
		redis   *redistest.Options
		want    map[doctor.Check]string
	}{
		"a Redis that forgets": {
			redis: &redistest.Options{Args: []string{"--maxmemory-policy", "allkeys-lru"}},
			want:  map[doctor.Check]string{doctor.StoreEviction: "warning: Redis evicts", doctor.StorePersistence: "appendonly yes"},
		},
		"a user without a right": {
			redis: &redistest.Options{Persist: true, User: "dcr", Password: "x", Rules: "~dcr:* resetchannels -@all +evalsha +eval +time +info +echo +get +mget +set +del +hget +hmget +hset +hdel +hincrby +hscan +xadd +xrange +xread"},
			want:  map[doctor.Check]string{doctor.StoreRights: "+scan"},
		},
		"a backend that is not there": {
			setting: setting{backend: "127.0.0.1:1"},
			want:    map[doctor.Check]string{doctor.Upstreams: "fault: 127.0.0.1:1 cannot be reached"},
		},
		"a certificate that has expired": {
			setting: setting{certificate: [2]time.Duration{-48 * time.Hour, -24 * time.Hour}},
			want:    map[doctor.Check]string{doctor.TLS: "fault: the certificate for localhost expired"},
		},
		"a certificate that ends soon": {
			setting: setting{certificate: [2]time.Duration{-48 * time.Hour, time.Hour}},
			want:    map[doctor.Check]string{doctor.TLS: "warning: the certificate for localhost expires"},
		},
		"clear text": {
			setting: setting{change: func(text string) string {
				text = strings.ReplaceAll(text, "https://localhost:{HTTP}", "http://localhost:{HTTP}")
				return strings.NewReplacer("tls {DIR}/cert.pem {DIR}/key.pem", "", "key_encryption_key", "allow_http\n\t\tkey_encryption_key").Replace(text)
			}},
			want: map[doctor.Check]string{doctor.ClearText: "warning: allow_http"},
		},
		"secrets in the logs": {
			setting: setting{change: func(text string) string { return strings.Replace(text, "request dcr_secrets", "request delete", 1) }},
			want:    map[doctor.Check]string{doctor.Logs: "no log has the filter dcr_secrets"},
		},
		"keys in the clear": {
			setting: setting{change: func(text string) string { return strings.Replace(text, "key_encryption_key {file.{DIR}/kek}", "", 1) }},
			want:    map[doctor.Check]string{doctor.KeysSealed: "openssl rand"},
		},
		"a way past the guard, and metrics beside it": {
			setting: setting{site: "handle /open/* {\n\t\treverse_proxy {$NOTHING:127.0.0.1:1}\n\t}\n\tmetrics /metrics", backend: "127.0.0.1:1"},
			want:    map[doctor.Check]string{doctor.Upstreams: "", doctor.Bypass: "past the guard", doctor.Exposure: "metrics are served"},
		},
		"an issuer that nobody serves, and a route for everybody": {
			setting: setting{site: "dcr_guard /yours/* {\n\t\troute GET /yours/a {\n\t\t\topen\n\t\t}\n\t}", change: func(text string) string { return strings.Replace(text, "\tdcr_issuer\n", "", 1) }},
			want:    map[doctor.Check]string{doctor.Issuer: "fault: no site holds dcr_issuer", doctor.Routes: "GET /yours/a asks for no token"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			if c.redis != nil {
				c.setting.store = redis(t, *c.redis)
			}
			g := start(t, c.setting)
			report, status := examined(t, g)
			found := troubles(report)
			for check, text := range c.want {
				assert.Contains(t, found, check)
				assert.Contains(t, found[check], text)
				delete(found, check)
			}
			assert.Empty(t, found, "and nothing else is wrong")
			assert.Equal(t, 1, status)
			var ignore []string
			for check := range c.want {
				ignore = append(ignore, string(check))
			}
			report, status = examined(t, g, "--ignore", strings.Join(ignore, ","))
			assert.Zero(t, status, "%v", troubles(report))
			assert.Zero(t, report.Faults+report.Warnings)
		})
	}
}

func TestAReloadThatFailedIsNamedUntilOneSucceeds(t *testing.T) {
	g := start(t, setting{})
	good, err := os.ReadFile(g.Caddyfile())
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(g.Caddyfile(), []byte(strings.Replace(string(good), "dcr_issuer", "dcr_issuer\n\tbind 192.0.2.1", 1)), 0o600))
	require.NotZero(t, g.Reload().Status)
	report, status := examined(t, g)
	assert.Contains(t, troubles(report)[doctor.Configuration], "could not be taken up")
	assert.Equal(t, 1, status)
	require.NoError(t, os.WriteFile(g.Caddyfile(), good, 0o600))
	require.Zero(t, g.Caddy("reload", "--force", "--config", g.Caddyfile(), "--adapter", "caddyfile", "--address", g.Admin).Status)
	report, _ = examined(t, g)
	assert.Empty(t, troubles(report))
}

func TestNobodyToAsk(t *testing.T) {
	g := start(t, setting{})
	g.Stop()
	result := g.DCR("doctor")
	assert.Equal(t, 1, result.Status)
	assert.Contains(t, result.Stderr, "is Caddy running?")
	assert.Equal(t, 2, g.DCR("doctor", "--ignore", "weather").Status)
}
