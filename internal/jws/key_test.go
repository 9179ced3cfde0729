package jws_test

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"fmt"
	"math/big"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/caddy-dcr/caddy-dcr/internal/jws"
	"github.com/caddy-dcr/caddy-dcr/internal/jws/jwstest"
)

func TestEveryAlgorithmSignsWhatItVerifies(t *testing.T) {
	for _, alg := range jws.Algorithms {
		t.Run(string(alg), func(t *testing.T) {
			k := key(t, alg)
			compact, err := k.Sign("x+jwt", map[string]any{"iss": "us"})
			require.NoError(t, err)
			m, err := jws.Read(compact)
			require.NoError(t, err)
			assert.Equal(t, jws.Header{Algorithm: alg, Type: "x+jwt", KeyID: k.ID()}, m.Header)
			require.NoError(t, m.Verify(k))

			material, err := k.Marshal()
			require.NoError(t, err)
			again, err := jws.Unmarshal(k.ID(), alg, material)
			require.NoError(t, err)
			require.NoError(t, m.Verify(again))
			assert.Equal(t, k.Thumbprint(), again.Thumbprint())
			assert.True(t, k.CanSign())

			if alg.Symmetric() {
				assert.Nil(t, k.Public())
				return
			}
			p := public(t, k)
			require.NoError(t, m.Verify(p))
			assert.False(t, p.CanSign())
			_, err = p.Sign("", struct{}{})
			require.ErrorIs(t, err, jws.ErrCannotSign)
			_, err = p.Marshal()
			require.ErrorIs(t, err, jws.ErrCannotSign)
		})
	}
}

func TestAKeyVerifiesWithItsOwnAlgorithmAlone(t *testing.T) {
	for _, alg := range jws.Algorithms {
		compact, err := key(t, alg).Sign("", struct{}{})
		require.NoError(t, err)
		m, err := jws.Read(compact)
		require.NoError(t, err)
		for _, other := range jws.Algorithms {
			if other != alg {
				require.ErrorIs(t, m.Verify(key(t, other)), jws.ErrAlgorithm, "%s verified as %s", alg, other)
			}
		}
	}
}

func ecdsaKey(t *testing.T, curve elliptic.Curve) *ecdsa.PrivateKey {
	k, err := ecdsa.GenerateKey(curve, rand.Reader)
	require.NoError(t, err)
	return k
}

func TestWeakOrForeignMaterialIsRefused(t *testing.T) {
	small, err := rsa.GenerateKey(rand.Reader, 1024)
	require.NoError(t, err)
	good := key(t, jws.RS256).Public().(*rsa.PublicKey)
	p256, p224 := ecdsaKey(t, elliptic.P256()), ecdsaKey(t, elliptic.P224())
	_, ed, err := ed25519.GenerateKey(rand.Reader)
	require.NoError(t, err)
	mixed := append(append(ed25519.PrivateKey(nil), ed[:32]...), make([]byte, 32)...)
	astray := &ecdsa.PublicKey{Curve: elliptic.P256(), X: big.NewInt(1), Y: big.NewInt(1)} //nolint:staticcheck // no other way makes a bad key
	modulus := func(bits uint, odd int64) *big.Int {
		return new(big.Int).Add(new(big.Int).Lsh(big.NewInt(1), bits-1), big.NewInt(odd))
	}
	for name, c := range map[string]struct {
		alg      jws.Algorithm
		material any
	}{
		"an RSA key of 1024 bits":               {jws.RS256, small},
		"a public RSA key of 1024 bits":         {jws.PS256, &small.PublicKey},
		"an RSA key of 2047 bits":               {jws.RS256, &rsa.PublicKey{N: modulus(2047, 1), E: 65537}},
		"an RSA key that takes long to verify":  {jws.RS256, &rsa.PublicKey{N: modulus(8193, 1), E: 65537}},
		"an RSA key with an even modulus":       {jws.RS256, &rsa.PublicKey{N: modulus(2048, 0), E: 65537}},
		"an RSA key without a modulus":          {jws.RS256, &rsa.PublicKey{E: 65537}},
		"an RSA key without anything":           {jws.RS256, &rsa.PrivateKey{}},
		"the RSA exponent 1":                    {jws.RS256, &rsa.PublicKey{N: good.N, E: 1}},
		"the RSA exponent 3":                    {jws.RS256, &rsa.PublicKey{N: good.N, E: 3}},
		"an even RSA exponent":                  {jws.RS256, &rsa.PublicKey{N: good.N, E: 65538}},
		"an RSA exponent beyond 31 bits":        {jws.RS256, &rsa.PublicKey{N: good.N, E: 1<<31 + 1}},
		"P-224":                                 {jws.ES256, p224},
		"P-256 for ES384":                       {jws.ES384, p256},
		"P-256 for ES512":                       {jws.ES512, &p256.PublicKey},
		"a point that is not on the curve":      {jws.ES256, astray},
		"an ECDSA key without anything":         {jws.ES256, &ecdsa.PrivateKey{}},
		"Ed25519 with another's public half":    {jws.EdDSA, mixed},
		"Ed25519 cut short":                     {jws.EdDSA, ed[:63]},
		"public Ed25519 cut short":              {jws.EdDSA, ed25519.PublicKey(ed[:31])},
		"public Ed25519 off the curve":          {jws.EdDSA, ed25519.PublicKey(append([]byte{2}, make([]byte, 31)...))},
		"a secret of 31 bytes":                  {jws.HS256, make([]byte, 31)},
		"a secret shorter than the hash of 384": {jws.HS384, make([]byte, 47)},
		"a secret shorter than the hash of 512": {jws.HS512, make([]byte, 63)},
		"no secret":                             {jws.HS256, []byte(nil)},
		"RSA for HMAC":                          {jws.HS256, good},
		"RSA for ECDSA":                         {jws.ES256, good},
		"ECDSA for RSA":                         {jws.RS256, &p256.PublicKey},
		"ECDSA for HMAC":                        {jws.HS256, &p256.PublicKey},
		"Ed25519 for HMAC":                      {jws.HS256, ed.Public()},
		"a secret for RSA":                      {jws.RS256, make([]byte, 64)},
		"a secret for EdDSA":                    {jws.EdDSA, make([]byte, 64)},
		"a text":                                {jws.HS256, "a text that is long enough to be a secret"},
		"nothing":                               {jws.RS256, nil},
		"the algorithm none":                    {"none", nil},
		"no algorithm":                          {"", make([]byte, 64)},
		"an algorithm in another case":          {"hs256", make([]byte, 64)},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := jws.NewKey("k", c.alg, c.material)
			assert.Error(t, err)
		})
	}
}

func TestAPointThatAnybodyCanSignForIsNoKey(t *testing.T) {
	require.Len(t, jwstest.SmallOrder, 14)
	for _, point := range jwstest.SmallOrder {
		_, err := jws.NewKey("k", jws.EdDSA, ed25519.PublicKey(point))
		assert.Error(t, err, "%x", point)
	}
	// The all-zero signature over any text is good for the neutral element.
	neutral := ed25519.PublicKey(jwstest.SmallOrder[2])
	signature := append(slices.Clone(jwstest.SmallOrder[2]), make([]byte, 32)...)
	assert.True(t, ed25519.Verify(neutral, []byte("whatever"), signature), "why they are refused")
}

func TestASecretIsCopied(t *testing.T) {
	secret := bytes.Repeat([]byte{1}, 64)
	k, err := jws.NewKey("k", jws.HS256, secret)
	require.NoError(t, err)
	clear(secret)
	marshalled, err := k.Marshal()
	require.NoError(t, err)
	assert.Equal(t, bytes.Repeat([]byte{1}, 64), marshalled)
}

func TestUnmarshalRefusesWhatIsNoKey(t *testing.T) {
	for _, alg := range []jws.Algorithm{jws.RS256, jws.ES256, jws.EdDSA, jws.HS256} {
		_, err := jws.Unmarshal("k", alg, []byte("x"))
		assert.Error(t, err, alg)
	}
	rsaKey, err := key(t, jws.RS256).Marshal()
	require.NoError(t, err)
	_, err = jws.Unmarshal("k", jws.ES256, rsaKey)
	assert.Error(t, err)
}

func TestGenerateRefusesAnUnknownAlgorithm(t *testing.T) {
	_, err := jws.Generate("k", "none")
	assert.ErrorContains(t, err, `algorithm: got "none", want one of RS256, `)
}

func TestParseAlgorithm(t *testing.T) {
	for _, alg := range jws.Algorithms {
		parsed, err := jws.ParseAlgorithm(string(alg))
		require.NoError(t, err)
		assert.Equal(t, alg, parsed)
	}
	for _, name := range []string{"", "none", "rs256", "RS256 ", "HS1"} {
		_, err := jws.ParseAlgorithm(name)
		assert.Error(t, err, name)
	}
}

func TestPrintingAKeyShowsNoMaterial(t *testing.T) {
	k, err := jws.NewKey("name", jws.HS256, bytes.Repeat([]byte("s"), 32))
	require.NoError(t, err)
	for _, verb := range []string{"%v", "%+v", "%#v", "%s"} {
		assert.Equal(t, "HS256 key name", fmt.Sprintf(verb, k))
	}
}

func TestSameMaterial(t *testing.T) {
	rs, ps := key(t, jws.RS256), key(t, jws.PS256)
	assert.True(t, jws.SameMaterial(rs, ps), "one RSA key for two algorithms")
	assert.True(t, jws.SameMaterial(rs, public(t, ps)), "the private and the public part")
	assert.False(t, jws.SameMaterial(rs, key(t, jws.ES256)))
	secret := func(b []byte) *jws.Key {
		k, err := jws.NewKey("", jws.HS256, b)
		require.NoError(t, err)
		return k
	}
	a := bytes.Repeat([]byte("a"), 40)
	assert.True(t, jws.SameMaterial(secret(a), secret(append(bytes.Clone(a), 0, 0))), "HMAC fills up with zeros itself")
	assert.False(t, jws.SameMaterial(secret(a), secret(append(bytes.Clone(a), 1))))
}

// The example of RFC 7638 section 3.1, and the key of RFC 8037 appendix A.3.
func TestThumbprintsAreThoseOfTheRFCs(t *testing.T) {
	for want, set := range map[string]string{
		"NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs": `{"keys":[{"kty":"RSA","n":"0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw","e":"AQAB","alg":"RS256","kid":"2011-04-29"}]}`,
		"kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k": `{"keys":[{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}`,
	} {
		alg := jws.RS256
		if want[0] == 'k' {
			alg = jws.EdDSA
		}
		parsed, err := jws.ParseKeys([]byte(set), alg)
		require.NoError(t, err)
		assert.Equal(t, want, parsed[0].Thumbprint())
	}
}

func TestTheThumbprintOfASecretIsNotItsHash(t *testing.T) {
	k := key(t, jws.HS256)
	assert.Len(t, k.Thumbprint(), 43)
	assert.NotEqual(t, k.Thumbprint(), key(t, jws.HS384).Thumbprint())
	_, err := jws.NewKey("", jws.EdDSA, crypto.PublicKey(nil))
	assert.Error(t, err)
}
