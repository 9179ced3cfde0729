package gateway

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// declared is the application that the foreign issuer signs statements for.
const declared = "897029da-2b35-429e-ad45-6f6bf5de7a95"

const declaration = `application demo {
			id ` + declared + `
			programmer Demo
			channels ` + channel + `
			platforms all
			domains example.com
			scopes api:client:v2
		}
`

func TestStatementsOfATrustedIssuerRegisterAndOthersDoNot(t *testing.T) {
	adobe, err := rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(t, err)
	partner, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	options := declaration + trust(t, "auth.adobe.com", "RS256", adobe.Public()) + trust(t, "partner.example", "ES256", partner.Public())

	overStores(t, settings{options: options}, func(t *testing.T, w *world) {
		honest := func() jwt.MapClaims {
			now := time.Now().Unix()
			return jwt.MapClaims{"iss": "auth.adobe.com", "sub": declared, "iat": now, "nbf": now}
		}
		changed := func(name string, value any) jwt.MapClaims {
			claims := honest()
			claims[name] = value
			return claims
		}
		register := func(statement string) (int, any) {
			answer := w.PostRegister(fmt.Sprintf(`{"software_statement":%q}`, statement))
			return answer.Status, answer.JSON(t)["error"]
		}
		for name, claims := range map[string]jwt.MapClaims{
			"as downloaded":          honest(),
			"with an end far away":   changed("exp", time.Now().Add(time.Hour).Unix()),
			"of a clock a bit ahead": changed("nbf", time.Now().Add(30*time.Second).Unix()),
		} {
			t.Run(name, func(t *testing.T) {
				status, code := register(sign(t, jwt.SigningMethodRS256, adobe, claims))
				assert.Equal(t, http.StatusCreated, status, code)
			})
		}
		t.Run("of the second issuer, and its client calls", func(t *testing.T) {
			client := w.Register(sign(t, jwt.SigningMethodES256, partner, changed("iss", "partner.example")))
			assert.Equal(t, http.StatusOK, w.Do(http.MethodGet, v2Call, "", w.Token(client).Bearer()).Status)
		})

		for name, c := range map[string]struct {
			statement, code string
		}{
			"of an issuer that nobody trusts":  {sign(t, jwt.SigningMethodRS256, adobe, changed("iss", "evil.example")), "invalid_software_statement"},
			"signed with another issuer's key": {sign(t, jwt.SigningMethodES256, partner, honest()), "invalid_software_statement"},
			"with another algorithm":           {sign(t, jwt.SigningMethodRS512, adobe, honest()), "invalid_software_statement"},
			"with the public key for a secret": {sign(t, jwt.SigningMethodHS256, publicPEM(t, adobe.Public()), honest()), "invalid_software_statement"},
			"that is not valid yet":            {sign(t, jwt.SigningMethodRS256, adobe, changed("nbf", time.Now().Add(time.Hour).Unix())), "invalid_software_statement"},
			"that has expired":                 {sign(t, jwt.SigningMethodRS256, adobe, changed("exp", time.Now().Add(-time.Hour).Unix())), "invalid_software_statement"},
			"of an application nobody knows":   {sign(t, jwt.SigningMethodRS256, adobe, changed("sub", "11111111-2222-4333-8444-555555555555")), "unapproved_software_statement"},
		} {
			t.Run(name, func(t *testing.T) {
				status, code := register(c.statement)
				assert.Equal(t, http.StatusBadRequest, status)
				assert.Equal(t, c.code, code)
			})
		}
	})
}

func sign(t *testing.T, method jwt.SigningMethod, key any, claims jwt.MapClaims) string {
	t.Helper()
	text, err := jwt.NewWithClaims(method, claims).SignedString(key)
	require.NoError(t, err)
	return text
}

func publicPEM(t *testing.T, key crypto.PublicKey) []byte {
	t.Helper()
	der, err := x509.MarshalPKIXPublicKey(key)
	require.NoError(t, err)
	return pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})
}

// trust is the option that trusts the issuer's key.
func trust(t *testing.T, issuer, algorithm string, key crypto.PublicKey) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "issuer.pem")
	require.NoError(t, os.WriteFile(name, publicPEM(t, key), 0o600))
	return fmt.Sprintf("\t\ttrusted_issuer %s {\n\t\t\tkey %s\n\t\t\talgorithm %s\n\t\t}\n", issuer, name, algorithm)
}
