package jws_test

import (
	"crypto/elliptic"
	"math/big"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/caddy-dcr/caddy-dcr/internal/jws"
	"github.com/caddy-dcr/caddy-dcr/internal/jws/jwstest"
	"github.com/caddy-dcr/caddy-dcr/internal/strictjson"
)

// asymmetric are the algorithms that a client may sign with.
func asymmetric() []jws.Algorithm {
	return slices.DeleteFunc(slices.Clone(jws.Algorithms), jws.Algorithm.Symmetric)
}

// entryOf is the key as a client registers it, with members put in front.
func entryOf(t testing.TB, k *jws.Key, members string) string {
	t.Helper()
	set, err := jws.JWKS([]*jws.Key{k})
	require.NoError(t, err)
	entry := strings.TrimSuffix(strings.TrimPrefix(string(set), `{"keys":[`), `]}`)
	for _, published := range []string{`"kid":"` + k.ID() + `",`, `"use":"sig",`, `"alg":"` + string(k.Algorithm()) + `",`} {
		entry = strings.Replace(entry, published, "", 1)
	}
	return strings.Replace(entry, "{", "{"+members, 1)
}

func keysOfClient(t testing.TB, entries ...string) ([]*jws.Key, error) {
	t.Helper()
	set, err := strictjson.Read([]byte(`{"keys":[` + strings.Join(entries, ",") + `],"x":1}`))
	require.NoError(t, err)
	return jws.KeysOfClient(set)
}

func TestAClientsKeyHasTheAlgorithmThatItNames(t *testing.T) {
	for _, alg := range asymmetric() {
		t.Run(string(alg), func(t *testing.T) {
			found, err := keysOfClient(t, entryOf(t, key(t, alg), `"kid":"mine","alg":"`+string(alg)+`","use":"sig","x5t":"AA",`))
			require.NoError(t, err)
			require.Len(t, found, 1)
			assert.Equal(t, alg, found[0].Algorithm())
			assert.Equal(t, "mine", found[0].ID())
			assert.True(t, jws.SameMaterial(key(t, alg), found[0]))
			assert.False(t, found[0].CanSign())

			der, err := found[0].MarshalPublic()
			require.NoError(t, err)
			back, err := jws.UnmarshalPublic("mine", alg, der)
			require.NoError(t, err)
			assert.Equal(t, found[0], back)
		})
	}
}

func TestAClientsKeyWithoutAnAlgorithmGetsTheUsualOne(t *testing.T) {
	for alg, want := range map[jws.Algorithm]jws.Algorithm{
		jws.PS512: jws.RS256, jws.RS256: jws.RS256, jws.ES256: jws.ES256, jws.ES384: jws.ES384, jws.ES512: jws.ES512, jws.EdDSA: jws.EdDSA,
	} {
		found, err := keysOfClient(t, entryOf(t, key(t, alg), ""))
		require.NoError(t, err, alg)
		assert.Equal(t, want, found[0].Algorithm())
		assert.Empty(t, found[0].ID())
	}
}

func TestAClientsKeysForOtherUsesArePassedOver(t *testing.T) {
	found, err := keysOfClient(t,
		entryOf(t, key(t, jws.RS256), `"use":"enc",`),
		entryOf(t, key(t, jws.ES384), `"key_ops":["deriveKey"],`),
		`{"kty":"oct","use":"enc","k":"AAAA"}`,
		entryOf(t, key(t, jws.ES256), `"key_ops":["verify"],`))
	require.NoError(t, err)
	require.Len(t, found, 1)
	assert.True(t, jws.SameMaterial(key(t, jws.ES256), found[0]))
}

func TestAClientsKeysThatCannotBeUsedAreRefused(t *testing.T) {
	good := entryOf(t, key(t, jws.ES256), "")
	odd := func(bits int) string {
		n := new(big.Int).SetBit(big.NewInt(1), bits-1, 1)
		return `{"kty":"RSA","e":"AQAB","n":"` + jwstest.Encode(string(n.Bytes())) + `"}`
	}
	var many []string
	for range 5 {
		other, err := jws.NewKey("", jws.ES256, &ecdsaKey(t, elliptic.P256()).PublicKey)
		require.NoError(t, err)
		many = append(many, entryOf(t, other, ""))
	}
	for want, entries := range map[string][]string{
		"there is no key that could verify a signature":        {},
		"key 1: it holds \"d\"":                                {strings.Replace(good, "{", `{"d":"AAAA",`, 1)},
		"key 1: it holds \"k\"":                                {`{"kty":"oct","k":"AAAA"}`},
		"key 1: member \"kty\"":                                {`{"kty":"AKP"}`},
		"key 2: it is there already":                           {good, good},
		"key 2: it is there already, or another has its kid":   {entryOf(t, key(t, jws.ES256), `"kid":"a",`), entryOf(t, key(t, jws.EdDSA), `"kid":"a",`)},
		"there are more than 4 keys":                           nil, // many
		"key 1: its kid is longer than 128 bytes":              {entryOf(t, key(t, jws.ES256), `"kid":"`+strings.Repeat("k", 129)+`",`)},
		"key 1: member \"kid\"":                                {entryOf(t, key(t, jws.ES256), `"kid":7,`)},
		"key 1: member \"alg\"":                                {entryOf(t, key(t, jws.ES256), `"alg":null,`)},
		"key 1: its alg is none of those":                      {entryOf(t, key(t, jws.ES256), `"alg":"HS256",`)},
		"key 1: its alg is none of those for signatures":       {entryOf(t, key(t, jws.ES256), `"alg":"none",`)},
		"key 1: its alg is none of those for signatures with":  {entryOf(t, key(t, jws.ES256), `"alg":"",`)},
		"key 1: key \"\" for RS256: got material of type":      {entryOf(t, key(t, jws.ES256), `"alg":"RS256",`)},
		"key 1: key \"\" for ES256: the key is not on":         {entryOf(t, key(t, jws.ES384), `"alg":"ES256",`)},
		"key 1: key \"\" for RS256: got an RSA key of 2047":    {odd(2047)},
		"key 1: key \"\" for RS256: got an RSA key of 1024":    {odd(1024)},
		"key 1: got an RSA key of 4097 bits, want 4096 at mos": {odd(4097)},
	} {
		if entries == nil {
			entries = many
		}
		_, err := keysOfClient(t, entries...)
		assert.ErrorContains(t, err, want)
	}
	for _, set := range []string{`{}`, `{"keys":{}}`, `{"keys":["a"]}`} {
		o, err := strictjson.Read([]byte(set))
		require.NoError(t, err)
		_, err = jws.KeysOfClient(o)
		assert.ErrorContains(t, err, `member "keys"`)
	}
}

func TestASecretHasNoPublicPartToStore(t *testing.T) {
	_, err := key(t, jws.HS256).MarshalPublic()
	require.ErrorContains(t, err, "no public part")
	_, err = jws.UnmarshalPublic("", jws.RS256, []byte("x"))
	require.ErrorContains(t, err, "for RS256")
}

func TestVerifyingNothingWorksForEveryAlgorithm(t *testing.T) {
	for _, alg := range jws.Algorithms {
		raw, err := key(t, alg).Sign("JWT", map[string]string{"a": "b"})
		require.NoError(t, err)
		m, err := jws.Read(raw)
		require.NoError(t, err)
		m.VerifyNothing()
	}
}

// An unknown signer must not be told by the time, so the two are of a size.
func BenchmarkVerifyNothing(b *testing.B) {
	for _, alg := range []jws.Algorithm{jws.RS256, jws.ES256, jws.EdDSA} {
		raw, err := key(b, alg).Sign("JWT", map[string]string{"a": "b"})
		require.NoError(b, err)
		m, err := jws.Read(raw[:len(raw)-8] + "AAAAAAAA")
		require.NoError(b, err)
		other := key(b, alg)
		b.Run("wrong signature/"+string(alg), func(b *testing.B) {
			for b.Loop() {
				_ = m.Verify(other)
			}
		})
		b.Run("nothing/"+string(alg), func(b *testing.B) {
			for b.Loop() {
				m.VerifyNothing()
			}
		})
	}
}

// Whatever a client registers, what is kept of it can be read back as it was.
func FuzzKeysOfClient(f *testing.F) {
	for _, alg := range asymmetric() {
		f.Add(`{"keys":[` + entryOf(f, key(f, alg), `"kid":"k","alg":"`+string(alg)+`",`) + `]}`)
	}
	f.Add(`{"keys":[{"kty":"oct","k":"AAAA"},{"kty":"OKP","crv":"Ed25519","x":"AAAA"},{"kty":"RSA","use":"enc"}]}`)
	f.Fuzz(func(t *testing.T, text string) {
		set, err := strictjson.Read([]byte(text))
		if err != nil {
			return
		}
		found, err := jws.KeysOfClient(set)
		if err != nil {
			require.Empty(t, found)
			return
		}
		require.NotEmpty(t, found)
		for _, k := range found {
			require.False(t, k.Algorithm().Symmetric())
			der, err := k.MarshalPublic()
			require.NoError(t, err)
			back, err := jws.UnmarshalPublic(k.ID(), k.Algorithm(), der)
			require.NoError(t, err)
			require.True(t, jws.SameMaterial(k, back))
		}
	})
}
