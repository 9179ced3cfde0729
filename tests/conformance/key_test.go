package conformance

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"net/url"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
)

const jwtBearer = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

// signer makes the assertions of a client, by a library that is none of ours.
type signer struct {
	alg     jose.SignatureAlgorithm
	private crypto.Signer
	typ     jose.ContentType
}

// newKey is a signer that signs with ES256.
func newKey(t testing.TB) signer {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	return signer{alg: jose.ES256, private: private, typ: "client-authentication+jwt"}
}

// metadata is what the client registers with.
func (s signer) metadata() map[string]any {
	set := jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: s.private.Public(), KeyID: "k1", Algorithm: string(s.alg), Use: "sig"}}}
	return map[string]any{"token_endpoint_auth_method": "private_key_jwt", "jwks": set}
}

// assertion is a fresh one for the audience, with claims changed; a nil value
// leaves the claim out.
func (s signer) assertion(t testing.TB, client, audience string, changed map[string]any) string {
	t.Helper()
	claims := map[string]any{
		"iss": client, "sub": client, "aud": audience, "jti": uuid.NewString(),
		"iat": time.Now().Unix(), "exp": time.Now().Add(time.Minute).Unix(),
	}
	for name, value := range changed {
		if claims[name] = value; value == nil {
			delete(claims, name)
		}
	}
	options := (&jose.SignerOptions{}).WithType(s.typ).WithHeader("kid", "k1")
	made, err := jose.NewSigner(jose.SigningKey{Algorithm: s.alg, Key: s.private}, options)
	require.NoError(t, err)
	text, err := jwt.Signed(made).Claims(claims).Serialize()
	require.NoError(t, err)
	return text
}

// form is a token request with a fresh assertion.
func (s signer) form(t testing.TB, client, audience string, changed map[string]any) url.Values {
	t.Helper()
	return asserting(s.assertion(t, client, audience, changed))
}

func asserting(assertion string) url.Values {
	return pairs("grant_type", "client_credentials", "client_assertion_type", jwtBearer, "client_assertion", assertion)
}

// set reads a JWK set as others do.
func set(t testing.TB, text string) jose.JSONWebKeySet {
	t.Helper()
	var keys jose.JSONWebKeySet
	require.NoError(t, json.Unmarshal([]byte(text), &keys))
	return keys
}
