package assertion

import (
	"fmt"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/caddy-dcr/caddy-dcr/internal/jws"
	"github.com/caddy-dcr/caddy-dcr/internal/jws/jwstest"
)

const us = "https://sp.auth.example.com"

var (
	now    = time.UnixMilli(1_764_000_000_250)
	client = uuid.MustParse("3f0c1b7e-2f5e-4a55-9f53-6e0b8a4a1d01")
	other  = uuid.MustParse("897029da-2b35-429e-ad45-6f6bf5de7a95")
)

// keys are made once for each algorithm; making one of RSA takes long.
var keys, others = makers("k1"), makers("k2")

func makers(id string) map[jws.Algorithm]func() (*jws.Key, error) {
	m := map[jws.Algorithm]func() (*jws.Key, error){}
	for _, alg := range []jws.Algorithm{jws.EdDSA, jws.ES256, jws.RS256} {
		m[alg] = sync.OnceValues(func() (*jws.Key, error) { return jws.Generate(id, alg) })
	}
	return m
}

// registered is the key as the client registers it: its public half, which was
// in the store.
func registered(t testing.TB, k *jws.Key) *jws.Key {
	t.Helper()
	der, err := k.MarshalPublic()
	require.NoError(t, err)
	public, err := jws.UnmarshalPublic(k.ID(), k.Algorithm(), der)
	require.NoError(t, err)
	return public
}

// good is an assertion in parts.
func good(t testing.TB, alg jws.Algorithm) jwstest.Good {
	t.Helper()
	k, err := keys[alg]()
	require.NoError(t, err)
	o, err := others[alg]()
	require.NoError(t, err)
	return jwstest.Good{
		Key: k, Other: o,
		Header: jwstest.Members("alg", `"`+string(alg)+`"`, "typ", `"JWT"`, "kid", `"k1"`),
		Claims: jwstest.Members("iss", `"`+client.String()+`"`, "sub", `"`+client.String()+`"`, "aud", `"`+us+`"`,
			"jti", `"j1"`, "iat", "1764000000", "nbf", "1764000000", "exp", "1764000300"),
		Required: []string{"iss", "sub", "aud", "exp"},
	}
}

func reader() Reader { return Reader{Issuer: us, Now: func() time.Time { return now }} }

// believe reads and verifies, as the one who authenticates clients does.
func believe(raw string, keys ...*jws.Key) (Assertion, error) {
	a, err := reader().Read(raw)
	if err != nil {
		return Assertion{}, err
	}
	return a, a.Verify(keys)
}

func TestAnAssertionIsBelievedWithEachOfTheClientsKeys(t *testing.T) {
	for alg := range keys {
		t.Run(string(alg), func(t *testing.T) {
			g := good(t, alg)
			k := registered(t, g.Key)
			a, err := believe(g.Raw(), registered(t, g.Other), k)
			require.NoError(t, err)
			assert.Equal(t, client, a.ClientID)
			assert.Equal(t, "j1", a.ID)
			assert.Equal(t, time.Unix(1764000300, 0), a.ExpiresAt)
		})
	}
}

func TestWhatClientsWriteIsRead(t *testing.T) {
	g := good(t, jws.ES256)
	header := func(name, value string) string {
		return jwstest.Compact(g.Key, g.Header.With(name, value).String(), g.Claims.String())
	}
	claim := func(name, value string) string {
		return jwstest.Compact(g.Key, g.Header.String(), g.Claims.With(name, value).String())
	}
	upper := strings.ToUpper(client.String())
	for name, raw := range map[string]string{
		"no type":                       jwstest.Compact(g.Key, g.Header.Without("typ").String(), g.Claims.String()),
		"the type in small letters":     header("typ", `"jwt"`),
		"the type in full":              header("typ", `"application/jwt"`),
		"the type of the revised RFC":   header("typ", `"client-authentication+jwt"`),
		"no key id":                     jwstest.Compact(g.Key, g.Header.Without("kid").String(), g.Claims.String()),
		"a thumbprint of a certificate": header("x5t", `"AAAA"`),
		"the audience in a list":        claim("aud", `["`+us+`"]`),
		"an id in capitals":             jwstest.Compact(g.Key, g.Header.String(), g.Claims.With("iss", `"`+upper+`"`).With("sub", `"`+upper+`"`).String()),
		"neither iat nor nbf":           jwstest.Compact(g.Key, g.Header.String(), g.Claims.Without("iat").Without("nbf").String()),
		"an iat of long ago":            claim("iat", "1763000000"),
		"claims of its own":             claim("x", `{"y":[1]}`),
		"a long jti":                    claim("jti", `"`+strings.Repeat("j", 256)+`"`),
		"a fraction of a second":        claim("exp", "1764000300.75"),
	} {
		t.Run(name, func(t *testing.T) {
			_, err := believe(raw, registered(t, g.Key))
			require.NoError(t, err)
		})
	}
}

func TestEveryForgeryIsRefused(t *testing.T) {
	count := 0
	for alg := range keys {
		t.Run(string(alg), func(t *testing.T) {
			g := good(t, alg)
			k := registered(t, g.Key)
			_, err := believe(g.Raw(), k)
			require.NoError(t, err)
			listener := jwstest.Listen(t)
			g.URL = listener.URL
			forgeries := append(g.Telling(), hostile(g)...)
			for _, f := range forgeries {
				_, err := believe(f.Raw, k)
				require.ErrorIs(t, err, ErrInvalid, f.Name)
				if want, told := wanted[f.Fault]; told {
					assert.Contains(t, want, err, f.Name)
				}
				for _, quoted := range []string{client.String(), us, "eyJ"} {
					assert.NotContains(t, err.Error(), quoted, f.Name)
				}
			}
			listener.Untouched()
			count += len(forgeries)
		})
	}
	t.Logf("%d forgeries", count)
	assert.Greater(t, count, 2000)
}

// wanted are the errors for each fault of a forgery.
var wanted = map[jwstest.Fault][]error{
	jwstest.InText:      {errMalformed},
	jwstest.InHeader:    {errMalformed},
	jwstest.InClaims:    {errMalformed},
	jwstest.InTimes:     {errNoExpiry},
	jwstest.InRequired:  {errSubject, errAudience, errNoExpiry},
	jwstest.InAlgorithm: {errAlgorithm, errSignature},
	jwstest.InSignature: {errSignature},
}

func TestWhatIsOddAndAllowedIsBelieved(t *testing.T) {
	for alg := range keys {
		g := good(t, alg)
		for _, v := range g.Variants() {
			_, err := believe(v.Raw, registered(t, g.Key))
			assert.NoError(t, err, "%s: %s", alg, v.Name)
		}
	}
}

// hostile is what no assertion may say, and what was made for something else.
func hostile(g jwstest.Good) []jwstest.Forgery {
	claim := func(name, member, value string) jwstest.Forgery {
		return jwstest.Forgery{Name: name, Raw: jwstest.Compact(g.Key, g.Header.String(), g.Claims.With(member, value).String())}
	}
	header := func(name, member, value string) jwstest.Forgery {
		return jwstest.Forgery{Name: name, Raw: jwstest.Compact(g.Key, g.Header.With(member, value).String(), g.Claims.String())}
	}
	both := func(name, id string) jwstest.Forgery {
		return jwstest.Forgery{Name: name, Raw: jwstest.Compact(g.Key, g.Header.String(), g.Claims.With("iss", id).With("sub", id).String())}
	}
	all := []jwstest.Forgery{
		header("an access token", "typ", `"at+jwt"`),
		header("an access token in full", "typ", `"application/at+jwt"`),
		header("a software statement", "typ", `"software-statement+jwt"`),
		header("a logout token", "typ", `"logout+jwt"`),
		header("a type that begins like the right one", "typ", `"JWT2"`),
		header("a type that is only a prefix", "typ", `"application/"`),
		header("another key's id", "kid", `"k2"`),
		header("a path for a key id", "kid", `"../../../dev/null"`),
		header("an address for a key id", "kid", `"http://127.0.0.1/key"`),
		claim("another issuer than the subject", "iss", `"`+other.String()+`"`),
		claim("another subject than the issuer", "sub", `"`+other.String()+`"`),
		claim("our name for an issuer", "iss", `"`+us+`"`),
		claim("the subject in another case than the issuer", "sub", `"`+strings.ToUpper(client.String())+`"`),
		both("no UUID", `"demo"`),
		both("a UUID without hyphens", `"`+strings.ReplaceAll(client.String(), "-", "")+`"`),
		both("a UUID in braces", `"{`+client.String()+`}"`),
		both("the UUID of nothing", `"00000000-0000-0000-0000-000000000000"`),
		both("our own name", `"`+us+`"`),
		claim("another audience", "aud", `"https://evil.example"`),
		claim("the token endpoint for an audience", "aud", `"`+us+`/oauth2/token"`),
		claim("our issuer with a slash", "aud", `"`+us+`/"`),
		claim("our issuer in upper case", "aud", `"`+strings.ToUpper(us)+`"`),
		claim("two audiences", "aud", `["`+us+`","https://evil.example"]`),
		claim("our issuer twice", "aud", `["`+us+`","`+us+`"]`),
		claim("no audience in a list", "aud", `[]`),
		claim("no id", "jti", `""`),
		claim("an id that is none", "jti", `1`),
		claim("an id that is null", "jti", `null`),
		claim("an id of many pages", "jti", `"`+strings.Repeat("j", 257)+`"`),
		claim("from the future", "iat", "1764000100"),
		claim("not yet valid", "nbf", "1764000100"),
		claim("expired", "exp", "1763999940"),
		claim("that lives for an hour", "exp", "1764003600"),
		claim("that lives for ever", "exp", "253402300799"),
	}
	return append(all, jwstest.Forgery{Name: "without an id", Raw: jwstest.Compact(g.Key, g.Header.String(), g.Claims.Without("jti").String())})
}

func TestTheTimesOfAnAssertionHaveALeewayOfAMinute(t *testing.T) {
	g := good(t, jws.EdDSA)
	seconds := now.Unix()
	for name, c := range map[string]struct {
		claim string
		at    int64
		want  error
	}{
		"expired a moment ago":            {"exp", seconds - 59, nil},
		"expired before the leeway":       {"exp", seconds - 60, errExpired},
		"five minutes and the leeway":     {"exp", seconds + 360, nil},
		"a second more than that":         {"exp", seconds + 361, errTooLong},
		"issued by a clock that is ahead": {"iat", seconds + 60, nil},
		"issued by one that is far ahead": {"iat", seconds + 61, errNotYet},
		"valid in a minute":               {"nbf", seconds + 60, nil},
		"valid in more than a minute":     {"nbf", seconds + 61, errNotYet},
	} {
		raw := jwstest.Compact(g.Key, g.Header.String(), g.Claims.With(c.claim, strconv.FormatInt(c.at, 10)).String())
		a, err := believe(raw, registered(t, g.Key))
		assert.ErrorIs(t, err, c.want, name)
		if c.want == nil {
			remember := a.Remember(now)
			assert.GreaterOrEqual(t, remember, time.Second, name)
			assert.LessOrEqual(t, remember, MaxLifetime+2*Leeway, name)
			assert.False(t, now.Add(remember).Before(a.ExpiresAt), "%s: it is remembered for as long as it could come again", name)
		}
	}
}

func TestTheReasonIsSaid(t *testing.T) {
	g := good(t, jws.ES256)
	raw := func(name, value string) string {
		return jwstest.Compact(g.Key, g.Header.String(), g.Claims.With(name, value).String())
	}
	for want, text := range map[error]string{
		errMalformed: "junk",
		errType:      jwstest.Compact(g.Key, g.Header.With("typ", `"at+jwt"`).String(), g.Claims.String()),
		errAlgorithm: jwstest.Compact(g.Key, g.Header.With("alg", `"HS256"`).String(), g.Claims.String()),
		errSubject:   raw("sub", `"x"`),
		errAudience:  raw("aud", `"x"`),
		errID:        raw("jti", `""`),
		errNoExpiry:  raw("exp", `"x"`),
		errExpired:   raw("exp", "1"),
		errNotYet:    raw("nbf", "1764000100"),
		errTooLong:   raw("exp", "1764003600"),
		errSignature: jwstest.Compact(g.Other, g.Header.String(), g.Claims.String()),
	} {
		_, err := believe(text, registered(t, g.Key))
		assert.Equal(t, want, err)
	}
}

func TestOnlyKeysOfTheClientAndOfTheNameCount(t *testing.T) {
	g := good(t, jws.ES256)
	a, err := reader().Read(g.Raw())
	require.NoError(t, err)
	ed, err := keys[jws.EdDSA]()
	require.NoError(t, err)
	unnamed, err := jws.NewKey("", jws.ES256, g.Key.Public())
	require.NoError(t, err)
	renamed, err := jws.NewKey("k9", jws.ES256, g.Key.Public())
	require.NoError(t, err)
	require.NoError(t, a.Verify([]*jws.Key{unnamed}), "a key without a name may be the one of any name")
	require.NoError(t, a.Verify([]*jws.Key{registered(t, ed), registered(t, g.Key)}))
	for name, keys := range map[string][]*jws.Key{
		"none": nil, "one of another algorithm": {registered(t, ed)}, "one of another name": {renamed}, "another": {registered(t, g.Other)},
	} {
		assert.Equal(t, errSignature, a.Verify(keys), name)
	}
}

func FuzzRead(f *testing.F) {
	g := good(f, jws.ES256)
	k := registered(f, g.Key)
	f.Add(g.Header.String(), g.Claims.String(), g.Raw())
	for _, h := range hostile(g) {
		f.Add(g.Header.String(), g.Claims.String(), h.Raw)
	}
	f.Fuzz(func(t *testing.T, header, claims, raw string) {
		texts := []string{raw}
		if len(header)+len(claims) < jws.MaxSize/2 {
			texts = append(texts, jwstest.Compact(g.Key, header, claims))
		}
		for _, text := range texts {
			a, err := believe(text, k)
			if err != nil {
				require.ErrorIs(t, err, ErrInvalid)
				continue
			}
			require.NotEqual(t, uuid.Nil, a.ClientID)
			require.NotEmpty(t, a.ID)
			require.LessOrEqual(t, a.Remember(now), MaxLifetime+2*Leeway, fmt.Sprint(a.ExpiresAt))
		}
	})
}

func BenchmarkAssertion(b *testing.B) {
	for _, alg := range []jws.Algorithm{jws.ES256, jws.EdDSA, jws.RS256} {
		g := good(b, alg)
		raw, keys := g.Raw(), []*jws.Key{registered(b, g.Key)}
		b.Run(string(alg), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				a, err := reader().Read(raw)
				if err != nil || a.Verify(keys) != nil {
					b.Fatal("refused")
				}
			}
		})
	}
}
