package secret_test

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"errors"
	"regexp"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/caddy-dcr/caddy-dcr/internal/secret"
)

func TestSecretsAreURLSafeAndHave256Bits(t *testing.T) {
	seen := map[string]bool{}
	for range 1000 {
		s, err := secret.Minter{}.ClientSecret()
		require.NoError(t, err)
		require.Regexp(t, regexp.MustCompile(`^dcrs_[A-Za-z0-9_-]{43}$`), s)
		token, err := secret.Minter{}.Token()
		require.NoError(t, err)
		require.Regexp(t, regexp.MustCompile(`^dcrt_[A-Za-z0-9_-]{43}$`), token)
		require.True(t, secret.LooksLikeToken(token))
		require.False(t, secret.LooksLikeToken(s))
		require.False(t, seen[s] || seen[token])
		seen[s], seen[token] = true, true
	}
}

func TestRandomnessComesFromWhereItIsSaid(t *testing.T) {
	s, err := secret.Minter{Rand: bytes.NewReader(make([]byte, 32))}.ClientSecret()
	require.NoError(t, err)
	assert.Equal(t, "dcrs_"+strings.Repeat("A", 43), s)
	_, err = secret.Minter{Rand: bytes.NewReader(make([]byte, 31))}.Token()
	require.Error(t, err, "half of the randomness is none")
	_, err = secret.Minter{Rand: iotest.ErrReader(errors.New("broken"))}.Token()
	require.ErrorContains(t, err, "reading random bytes: broken")
}

func TestLooksLikeToken(t *testing.T) {
	body := strings.Repeat("a", 43)
	assert.True(t, secret.LooksLikeToken("dcrt_"+body))
	assert.True(t, secret.LooksLikeToken("dcrt_"+strings.Repeat("_-Z9", 10)+"AAA"))
	for name, text := range map[string]string{
		"nothing": "", "the prefix alone": "dcrt_", "too short": "dcrt_" + body[1:], "too long": "dcrt_" + body + "a",
		"another prefix": "dcrs_" + body, "the prefix in another case": "DCRT_" + body, "a JWT": "eyJhbGciOiJIUzI1NiJ9.e30.AAAA",
		"a space": "dcrt_ " + body[1:], "a line break": "dcrt_" + body[1:] + "\n", "a plus": "dcrt_+" + body[1:], "beyond ASCII": "dcrt_é" + body[2:],
	} {
		assert.False(t, secret.LooksLikeToken(text), name)
	}
}

func ring(t testing.TB, versions ...uint8) *secret.Keyring {
	t.Helper()
	keys := map[uint8][]byte{}
	for _, v := range versions {
		keys[v] = bytes.Repeat([]byte{v}, 32)
	}
	r, err := secret.NewKeyring(keys)
	require.NoError(t, err)
	return r
}

func TestAKeyringChecksWhatItMade(t *testing.T) {
	id, text := []byte("id"), []byte("dcrs_text")
	old := ring(t, 3)
	version, mac := old.MAC(secret.ClientSecret, id, text)
	assert.EqualValues(t, 3, version)
	assert.Len(t, mac, secret.HashSize)

	both := ring(t, 3, 7)
	newest, newMAC := both.MAC(secret.ClientSecret, id, text)
	assert.EqualValues(t, 7, newest)
	assert.NotEqual(t, mac, newMAC)
	assert.True(t, both.Check(3, mac, secret.ClientSecret, id, text), "an old version checks what it made")
	assert.True(t, both.Check(7, newMAC, secret.ClientSecret, id, text))

	for name, wrong := range map[string]bool{
		"another version":          both.Check(7, mac, secret.ClientSecret, id, text),
		"another purpose":          both.Check(3, mac, secret.AccessToken, id, text),
		"another id":               both.Check(3, mac, secret.ClientSecret, []byte("ie"), text),
		"another secret":           both.Check(3, mac, secret.ClientSecret, id, []byte("dcrs_texT")),
		"no secret":                both.Check(3, mac, secret.ClientSecret, id, nil),
		"a part less":              both.Check(3, mac, secret.ClientSecret, id),
		"a part more":              both.Check(3, mac, secret.ClientSecret, id, text, nil),
		"parts cut elsewhere":      both.Check(3, mac, secret.ClientSecret, []byte("i"), []byte("ddcrs_text")),
		"parts in another order":   both.Check(3, mac, secret.ClientSecret, text, id),
		"a hash cut short":         both.Check(3, mac[:secret.HashSize-1], secret.ClientSecret, id, text),
		"no hash":                  both.Check(3, nil, secret.ClientSecret, id, text),
		"an unknown version":       both.Check(9, mac, secret.ClientSecret, id, text),
		"zeros of an unknown hash": both.Check(9, make([]byte, secret.HashSize), secret.ClientSecret, id, text),
	} {
		assert.False(t, wrong, name)
	}
	assert.True(t, both.Has(3))
	assert.False(t, both.Has(9))
}

// The form of the hash is in every store: changing it locks every client out.
func TestTheHashIsTheDocumentedOne(t *testing.T) {
	_, mac := ring(t, 1).MAC(secret.ClientSecret, []byte("id"), []byte("s"))
	want := hmac.New(sha256.New, bytes.Repeat([]byte{1}, 32))
	want.Write([]byte("\x00\x00\x00\x00\x00\x00\x00\x0dclient secret\x00\x00\x00\x00\x00\x00\x00\x02id\x00\x00\x00\x00\x00\x00\x00\x01s"))
	assert.Equal(t, want.Sum(nil)[:20], mac)
}

func TestWhatIsDerivedIsTheSameForWhoHasTheKeyAndForNobodyElse(t *testing.T) {
	id, text := []byte("id"), []byte("text")
	derived := ring(t, 3, 7).Derive(secret.DerivedSecret, id, text)
	assert.Len(t, derived, 32)
	assert.Equal(t, derived, ring(t, 7).Derive(secret.DerivedSecret, id, text), "the newest key counts")
	assert.Equal(t, [][]byte{derived, ring(t, 3).Derive(secret.DerivedSecret, id, text)}, ring(t, 3, 7).DeriveEach(secret.DerivedSecret, id, text))
	for name, other := range map[string][]byte{
		"another key":         ring(t, 3).Derive(secret.DerivedSecret, id, text),
		"another purpose":     ring(t, 7).Derive(secret.DerivedID, id, text),
		"a part more":         ring(t, 7).Derive(secret.DerivedSecret, id, text, nil),
		"parts cut elsewhere": ring(t, 7).Derive(secret.DerivedSecret, []byte("i"), []byte("dtext")),
	} {
		assert.NotEqual(t, derived, other, name)
	}
	_, mac := ring(t, 7).MAC(secret.ClientSecret, id, text)
	assert.NotEqual(t, derived[:secret.HashSize], mac, "no hash at rest is a part of a secret")
}

func TestNewKeyringRefuses(t *testing.T) {
	good := bytes.Repeat([]byte{1}, 32)
	for want, keys := range map[string]map[uint8][]byte{
		"there is no key": nil,
		"key version 2: got 31 bytes, want at least 32": {1: good, 2: good[1:]},
		"key versions 1 and 2 are the same":             {1: good, 2: bytes.Clone(good)},
		"key version 0: got 0 bytes, want at least 32":  {0: nil},
	} {
		_, err := secret.NewKeyring(keys)
		assert.EqualError(t, err, want)
	}
}

func TestAKeyIsCopied(t *testing.T) {
	key := bytes.Repeat([]byte{1}, 32)
	r, err := secret.NewKeyring(map[uint8][]byte{1: key})
	require.NoError(t, err)
	clear(key)
	_, mac := r.MAC(secret.AccessToken)
	_, want := ring(t, 1).MAC(secret.AccessToken)
	assert.Equal(t, want, mac)
}

func TestRedact(t *testing.T) {
	const jwt = "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJ1cyJ9.c2lnbmF0dXJl"
	for name, c := range map[string]struct{ text, want string }{
		"nothing":                          {"", ""},
		"nothing secret":                   {"client 897029da-2b35-429e-ad45-6f6bf5de7a95 of https://sp.auth.example.com", "client 897029da-2b35-429e-ad45-6f6bf5de7a95 of https://sp.auth.example.com"},
		"a name that begins like one":      {"eye.example.com, ewe.example.com, dcr_guard", "eye.example.com, ewe.example.com, dcr_guard"},
		"a client secret":                  {"got dcrs_AbC-_9 here", "got dcrs_[redacted] here"},
		"an opaque token":                  {"dcrt_abc", "dcrt_[redacted]"},
		"a registration access token":      {"dcrr_abc", "dcrr_[redacted]"},
		"two in a query":                   {"?client_secret=dcrs_a&access_token=dcrt_b&x=1", "?client_secret=dcrs_[redacted]&access_token=dcrt_[redacted]&x=1"},
		"glued to a word":                  {"xdcrs_a", "xdcrs_[redacted]"},
		"a JWT":                            {"Bearer " + jwt, "Bearer [redacted]"},
		"a JWT in quotes":                  {`{"software_statement":"` + jwt + `"}`, `{"software_statement":"[redacted]"}`},
		"a JWT after an encoded character": {"q=%20" + jwt + "&x", "q=%20[redacted]&x"},
		"a JWT without its signature":      {jwt[:strings.LastIndex(jwt, ".")], "[redacted]"},
		"a JWT with parts to spare":        {jwt + ".x.y", "[redacted]"},
		"a JWT with white space inside":    {"ewogICJhbGciOiJub25lIn0.e30.", "[redacted]"},
		"a JWT with a space inside":        {"eyAiYWxnIjoibm9uZSJ9.e30.", "[redacted]"},
	} {
		t.Run(name, func(t *testing.T) { assert.Equal(t, c.want, secret.Redact(c.text)) })
	}
}

func FuzzRedact(f *testing.F) {
	f.Add("a ", " b")
	f.Add("dcrs_", "dcrt_")
	f.Add("eyJ", ".x")
	f.Fuzz(func(t *testing.T, before, after string) {
		const random = "J9xQ2mPfW7sYvKb3dTgRzNcE5uHaLo8"
		for _, hidden := range []string{"dcrs_" + random, "dcrt_" + random, "dcrr_" + random, "eyJhbGciOiJSUzI1NiJ9." + random + "." + random} {
			require.NotContains(t, secret.Redact(before+hidden+after), random)
		}
	})
}

func BenchmarkCheck(b *testing.B) {
	r := ring(b, 1)
	id, text := []byte("0123456789abcdef"), []byte("dcrs_"+strings.Repeat("a", 43))
	version, mac := r.MAC(secret.ClientSecret, id, text)
	b.Run("right", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if !r.Check(version, mac, secret.ClientSecret, id, text) {
				b.Fatal("refused")
			}
		}
	})
	b.Run("unknown client", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			r.CheckNothing(secret.ClientSecret, id, text)
		}
	})
}

func BenchmarkRedact(b *testing.B) {
	for name, text := range map[string]string{
		"clean": "GET /api/v2/REF30/profiles 200 in 4ms for 897029da-2b35-429e-ad45-6f6bf5de7a95",
		"token": "GET /esm/v3/x?access_token=dcrt_" + strings.Repeat("a", 43),
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				secret.Redact(text)
			}
		})
	}
}
