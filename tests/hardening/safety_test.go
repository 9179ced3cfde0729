package hardening

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/caddy-dcr/caddy-dcr/plugins/storetest/redistest"
	"github.com/caddy-dcr/caddy-dcr/tests/harness"
)

// warnings are what the gateway has said about its set-up.
func warnings(t *testing.T, g *harness.Gateway) []string {
	t.Helper()
	var found []string
	for line := range strings.Lines(g.Log()) {
		var entry struct{ Level, Logger, Msg string }
		if json.Unmarshal([]byte(line), &entry) == nil && entry.Level == "warn" && entry.Logger == "dcr" {
			found = append(found, entry.Msg)
		}
	}
	return found
}

func secretFile(t *testing.T, content string, mode os.FileMode) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "secret")
	require.NoError(t, os.WriteFile(file, []byte(content), 0o600))
	require.NoError(t, os.Chmod(file, mode)) // whatever the umask
	return file
}

// publicKey is that of an issuer.
func publicKey(t *testing.T) string {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	der, err := x509.MarshalPKIXPublicKey(&private.PublicKey)
	require.NoError(t, err)
	return string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
}

// kek is 32 bytes in base64.
const kek = "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="

func TestASafeSetUpIsNotWarnedOf(t *testing.T) {
	t.Parallel()
	g := harness.Start(t, harness.Config{Caddyfile: fmt.Sprintf(`{
	admin localhost:{ADMIN}
	http_port {HTTP}
	https_port %d
	auto_https disable_redirects
	storage file_system {DIR}/caddy
	log {
		format filter {
			wrap json
			fields {
				request dcr_secrets
			}
		}
	}
	dcr {
		issuer https://localhost
		store bolt {DIR}/dcr
		key_encryption_key {file.%s}
	}
}

localhost {
	bind 127.0.0.1
	tls internal
	dcr_issuer
	dcr_proxy rest_v2 127.0.0.1:9
}
`, harness.FreePort(t), secretFile(t, kek, 0o600))})
	g.CreateApp(everything())
	assert.Empty(t, warnings(t, g))
}

func TestAnUnsafeSetUpIsWarnedOf(t *testing.T) {
	t.Parallel()
	redis := redistest.Start(t, redistest.Options{})
	redis.Do("CONFIG", "SET", "maxmemory-policy", "allkeys-lru")
	g := harness.Start(t, harness.Config{
		Store: "redis " + redis.URL(),
		Options: "key_encryption_key {file." + secretFile(t, kek, 0o644) + "}\n" +
			"trusted_issuer auth.example.com {\n key " + secretFile(t, publicKey(t), 0o666) + "\n algorithm ES256\n }",
		Site: "dcr_issuer\n metrics /metrics\n",
	})
	for _, want := range []string{
		"not set up safely: allow_http: ",
		"not set up safely: metrics are served on ",
		"not set up safely: key_encryption_key: the file ",
		"not set up safely: trusted_issuer: the file ",
		"the store is not set up safely: Redis evicts records",
	} {
		harness.Eventually(t, "for the warning: "+want, func() bool { return strings.Contains(strings.Join(warnings(t, g), "\n"), want) })
	}
}

func TestAProxyThatNobodyTrustsIsNoticedOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t, settings{})
	for range 3 {
		w.PostToken(nil, "X-Forwarded-For: 192.0.2.7")
	}
	harness.Eventually(t, "for the warning", func() bool {
		return strings.Contains(strings.Join(warnings(t, w.Gateway), "\n"), "name it in trusted_proxies")
	})
	assert.Equal(t, 1, strings.Count(strings.Join(warnings(t, w.Gateway), "\n"), "trusted_proxies"))
}
