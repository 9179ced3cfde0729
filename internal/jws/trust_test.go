package jws_test

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"math/big"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/caddy-dcr/caddy-dcr/internal/jws"
)

func block(t *testing.T, kind string, der []byte, err error) string {
	t.Helper()
	require.NoError(t, err)
	return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
}

func pkix(t *testing.T, public any) string {
	der, err := x509.MarshalPKIXPublicKey(public)
	return block(t, "PUBLIC KEY", der, err)
}

func certificate(t *testing.T, k *jws.Key) string {
	material, err := k.Marshal()
	require.NoError(t, err)
	private, err := x509.ParsePKCS8PrivateKey(material)
	require.NoError(t, err)
	template := &x509.Certificate{SerialNumber: big.NewInt(1)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, k.Public(), private)
	return block(t, "CERTIFICATE", der, err)
}

func TestParseKeysReadsPEM(t *testing.T) {
	rs := key(t, jws.RS256)
	rsaKey := rs.Public().(*rsa.PublicKey)
	for name, text := range map[string]string{
		"a public key":             pkix(t, rsaKey),
		"a public key of PKCS #1":  block(t, "RSA PUBLIC KEY", x509.MarshalPKCS1PublicKey(rsaKey), nil),
		"a certificate":            certificate(t, rs),
		"a comment above":          "# the key of the issuer\n" + pkix(t, rsaKey),
		"an empty line at the end": pkix(t, rsaKey) + "\n\n",
	} {
		t.Run(name, func(t *testing.T) {
			parsed, err := jws.ParseKeys([]byte(text), jws.RS256)
			require.NoError(t, err)
			require.Len(t, parsed, 1)
			assert.True(t, jws.SameMaterial(rs, parsed[0]))
			assert.Empty(t, parsed[0].ID())
		})
	}
	ec, other := key(t, jws.ES256), ecdsaKey(t, elliptic.P256())
	parsed, err := jws.ParseKeys([]byte(pkix(t, ec.Public())+pkix(t, &other.PublicKey)), jws.ES256)
	require.NoError(t, err)
	assert.Len(t, parsed, 2)
}

func TestASetThatWePublishIsOneThatWeRead(t *testing.T) {
	var all []*jws.Key
	for _, alg := range jws.Algorithms {
		all = append(all, key(t, alg))
	}
	set, err := jws.JWKS(all)
	require.NoError(t, err)
	for _, alg := range jws.Algorithms {
		if alg.Symmetric() {
			continue
		}
		parsed, err := jws.ParseKeys(set, alg)
		require.NoError(t, err, alg)
		require.Len(t, parsed, 1)
		assert.Equal(t, key(t, alg).ID(), parsed[0].ID())
		assert.True(t, jws.SameMaterial(key(t, alg), parsed[0]))
	}
}

func TestNothingSecretIsPublished(t *testing.T) {
	set, err := jws.JWKS([]*jws.Key{key(t, jws.HS256), key(t, jws.HS512)})
	require.NoError(t, err)
	assert.JSONEq(t, `{"keys":[]}`, string(set))

	ed := key(t, jws.EdDSA)
	set, err = jws.JWKS([]*jws.Key{ed, key(t, jws.HS256)})
	require.NoError(t, err)
	x := jwkMember(t, ed, "x")
	assert.Equal(t, `{"keys":[{"kty":"OKP","kid":"k","use":"sig","alg":"EdDSA","crv":"Ed25519","x":"`+x+`"}]}`, string(set))
}

// jwkMember cuts a member out of the published form.
func jwkMember(t *testing.T, k *jws.Key, name string) string {
	t.Helper()
	set, err := jws.JWKS([]*jws.Key{k})
	require.NoError(t, err)
	_, rest, found := strings.Cut(string(set), `"`+name+`":"`)
	require.True(t, found)
	value, _, _ := strings.Cut(rest, `"`)
	return value
}

func TestParseKeysPassesOverWhatIsMeantForSomethingElse(t *testing.T) {
	n := jwkMember(t, key(t, jws.RS256), "n")
	entry := func(more string) string { return `{"kty":"RSA","e":"AQAB","n":"` + n + `"` + more + `}` }
	set := `{"keys":[` + strings.Join([]string{
		entry(`,"kid":"for encryption","use":"enc"`),
		entry(`,"kid":"for wrapping","key_ops":["wrapKey"]`),
		entry(`,"kid":"for another algorithm","alg":"RS512"`),
		`{"kty":"oct","kid":"even a secret","use":"enc","k":"AAAA"}`,
		entry(`,"kid":"good","use":"sig","key_ops":["verify"],"alg":"RS256","x5t":"AAAA","unknown":{"a":1}`),
		entry(``),
	}, ",") + `],"other":1}`
	parsed, err := jws.ParseKeys([]byte(set), jws.RS256)
	require.NoError(t, err)
	require.Len(t, parsed, 2)
	assert.Equal(t, "good", parsed[0].ID())
	assert.Empty(t, parsed[1].ID())
}

func TestParseKeysRefuses(t *testing.T) {
	rs, es, ed := key(t, jws.RS256), key(t, jws.ES256), key(t, jws.EdDSA)
	n, x, y := jwkMember(t, rs, "n"), jwkMember(t, es, "x"), jwkMember(t, es, "y")
	weak, err := rsa.GenerateKey(rand.Reader, 1024)
	require.NoError(t, err)
	weakSet := func() string {
		return strings.Replace(fmt.Sprintf(`{"keys":[{"kty":"RSA","kid":"weak","e":"AQAB","n":"%s"}]}`, n), n, n[:172], 1)
	}
	good := `{"kty":"RSA","kid":"a","e":"AQAB","n":"` + n + `"}`
	ec := func(members string) string { return `{"keys":[{"kty":"EC",` + members + `}]}` }
	p256 := ecdsaKey(t, elliptic.P256())
	private, err := x509.MarshalPKCS8PrivateKey(p256)
	for name, c := range map[string]struct {
		alg  jws.Algorithm
		text string
		want string
	}{
		"nothing":                            {jws.RS256, "", "neither a PEM block nor a JWK set"},
		"text":                               {jws.RS256, "x", "neither a PEM block nor a JWK set"},
		"text after the keys":                {jws.RS256, pkix(t, rs.Public()) + "x", "something that is no PEM block follows"},
		"a block cut short after a good one": {jws.RS256, pkix(t, rs.Public()) + pkix(t, rs.Public())[:100], "something that is no PEM block follows"},
		"a private key":                      {jws.ES256, block(t, "PRIVATE KEY", private, err), "PEM block 1 (PRIVATE KEY): want PUBLIC KEY"},
		"a PEM block that is none":           {jws.RS256, block(t, "PUBLIC KEY", []byte("x"), nil), "PEM block 1 (PUBLIC KEY)"},
		"a certificate that is none":         {jws.RS256, block(t, "CERTIFICATE", []byte("x"), nil), "PEM block 1 (CERTIFICATE)"},
		"a weak key":                         {jws.RS256, pkix(t, &weak.PublicKey), "got an RSA key of 1024 bits, want 2048 to 8192"},
		"a key of another algorithm":         {jws.RS256, pkix(t, es.Public()), "not for this algorithm"},
		"a key on another curve":             {jws.ES384, pkix(t, es.Public()), "not on the curve P-384"},
		"a symmetric algorithm":              {jws.HS256, `{"keys":[]}`, "shared secret"},
		"an empty set":                       {jws.RS256, `{"keys":[]}`, "there is no key for RS256"},
		"a set of keys for something else":   {jws.ES256, `{"keys":[` + strings.Replace(good, `"kid"`, `"alg":"RS256","kid"`, 1) + `]}`, "there is no key for ES256"},
		"a single JWK":                       {jws.RS256, good, `member "keys" is missing`},
		"a set with a name given twice":      {jws.RS256, `{"keys":[],"keys":[]}`, "a name is given twice"},
		"keys that are no list":              {jws.RS256, `{"keys":{}}`, `member "keys": an array of objects is wanted`},
		"a kid that is a number":             {jws.RS256, `{"keys":[{"kid":1}]}`, `key 1 of the JWK set: member "kid": a string is wanted`},
		"a use that is a number":             {jws.RS256, `{"keys":[{"kid":"a","use":1}]}`, `key "a" (number 1 of the JWK set): member "use"`},
		"operations that are a string":       {jws.RS256, `{"keys":[{"kid":"a","key_ops":"verify"}]}`, `member "key_ops"`},
		"an alg that is null":                {jws.RS256, `{"keys":[{"kid":"a","alg":null}]}`, `member "alg"`},
		"two keys of one name":               {jws.RS256, `{"keys":[` + good + "," + good + `]}`, `two keys of the JWK set are called "a"`},
		"more keys than a token may cost":    {jws.RS256, `{"keys":[` + strings.Repeat(strings.Replace(good, `"kid":"a",`, "", 1)+",", 16) + good + `]}`, "at most 16"},
		"a private JWK":                      {jws.RS256, `{"keys":[` + strings.Replace(good, `"kid"`, `"d":"AQAB","kid"`, 1) + `]}`, `key "a" (number 1 of the JWK set): it holds "d"`},
		"a secret":                           {jws.RS256, `{"keys":[{"kty":"oct","kid":"s","k":"AAAA"}]}`, `key "s" (number 1 of the JWK set): it holds "k"`},
		"no kty":                             {jws.RS256, `{"keys":[{}]}`, `member "kty" is missing`},
		"an unknown kty":                     {jws.RS256, `{"keys":[{"kty":"rsa"}]}`, `got "rsa", want RSA, EC or OKP`},
		"a weak JWK":                         {jws.RS256, weakSet(), `key "weak" for RS256: got an RSA key of`},
		"RSA without n":                      {jws.RS256, `{"keys":[{"kty":"RSA","e":"AQAB"}]}`, `member "n" is missing`},
		"RSA without e":                      {jws.RS256, `{"keys":[{"kty":"RSA","n":"` + n + `"}]}`, `member "e" is missing`},
		"RSA with padding":                   {jws.RS256, `{"keys":[{"kty":"RSA","e":"AQAB","n":"` + n + `=="}]}`, `member "n": it is not base64url without padding`},
		"RSA with a huge exponent":           {jws.RS256, `{"keys":[{"kty":"RSA","e":"AQABAQAB","n":"` + n + `"}]}`, "the RSA exponent is too large"},
		"EC without a curve":                 {jws.ES256, ec(`"x":"` + x + `","y":"` + y + `"`), `member "crv" is missing`},
		"EC on an unknown curve":             {jws.ES256, ec(`"crv":"P-224","x":"AA","y":"AA"`), `got "P-224", want P-256`},
		"EC without x":                       {jws.ES256, ec(`"crv":"P-256","y":"` + y + `"`), `member "x" is missing`},
		"EC without y":                       {jws.ES256, ec(`"crv":"P-256","x":"` + x + `"`), `member "y" is missing`},
		"EC with a short coordinate":         {jws.ES256, ec(`"crv":"P-256","x":"AQ","y":"` + y + `"`), "coordinates of 32 bytes are wanted"},
		"EC off the curve":                   {jws.ES256, ec(`"crv":"P-256","x":"` + x + `","y":"` + x + `"`), "number 1 of the JWK set"},
		"OKP without a curve":                {jws.EdDSA, `{"keys":[{"kty":"OKP"}]}`, `member "crv" is missing`},
		"OKP for key agreement":              {jws.EdDSA, `{"keys":[{"kty":"OKP","crv":"X25519","x":"AA"}]}`, `got "X25519", want Ed25519`},
		"OKP that is too short":              {jws.EdDSA, `{"keys":[{"kty":"OKP","crv":"Ed25519","x":"AA"}]}`, "got 1 bytes, want 32"},
		"OKP for another algorithm":          {jws.RS256, `{"keys":[{"kty":"OKP","crv":"Ed25519","x":"` + jwkMember(t, ed, "x") + `"}]}`, "not for this algorithm"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := jws.ParseKeys([]byte(c.text), c.alg)
			assert.ErrorContains(t, err, c.want)
		})
	}
}

func TestOnlyPublicKeysBecomeJWKs(t *testing.T) {
	for _, k := range []*jws.Key{key(t, jws.RS256), key(t, jws.ES512), key(t, jws.EdDSA)} {
		switch p := k.Public().(type) {
		case *rsa.PublicKey, *ecdsa.PublicKey, ed25519.PublicKey:
		default:
			t.Errorf("%s has a public key of type %T", k.Algorithm(), p)
		}
	}
}
