package adapt

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"math/big"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// world sets what the placeholders of the fixtures stand for. Nothing there is
// ever connected to.
func world(t testing.TB) {
	t.Helper()
	folder := t.TempDir()
	certificate, key := filepath.Join(folder, "cert.pem"), filepath.Join(folder, "key.pem")
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{SerialNumber: big.NewInt(1)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
	require.NoError(t, err)
	writePEM(t, certificate, "CERTIFICATE", der)
	der, err = x509.MarshalECPrivateKey(private)
	require.NoError(t, err)
	writePEM(t, key, "EC PRIVATE KEY", der)

	t.Setenv("XDG_DATA_HOME", folder)
	t.Setenv("DCR_TEST_DIR", folder)
	t.Setenv("DCR_TEST_CERT", certificate)
	t.Setenv("DCR_TEST_KEY", key)
	t.Setenv("DCR_TEST_KEK", base64.StdEncoding.EncodeToString(make([]byte, 32)))
	t.Setenv("DCR_TEST_REDIS", "redis://127.0.0.1:6379")
	t.Setenv("DCR_TEST_PASSWORD", "hunter2")
	t.Setenv("DCR_TEST_SERVER_SECRET", "0123456789abcdef0123456789abcdef")
}

func writePEM(t testing.TB, path, kind string, der []byte) {
	t.Helper()
	require.NoError(t, os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600))
}
