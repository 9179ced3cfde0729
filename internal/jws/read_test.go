package jws_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/caddy-dcr/caddy-dcr/internal/jws"
	"github.com/caddy-dcr/caddy-dcr/internal/jws/jwstest"
)

func TestReadSaysWhatIsWrongWithoutQuoting(t *testing.T) {
	k := key(t, jws.HS256)
	header, claims := `{"alg":"HS256"}`, `{"secret":"hunter2"}`
	good := jwstest.Compact(k, header, claims)
	for want, raw := range map[string]string{
		"it is longer than 16 KiB":                              strings.Repeat("a", jws.MaxSize+1),
		"it holds a character outside base64url":                good + "\n",
		"it has not three parts":                                good + ".a",
		"a part is empty":                                       "..",
		"a part is not the one base64url encoding of its bytes": "eyJhbGciOiJIUzI1NiJ9A.e30.AAAA",
		"the header is not one strict JSON object":              jwstest.Compact(k, "x", claims),
		"the claims are not one strict JSON object":             jwstest.Compact(k, header, "x"),
		"the header names no algorithm that we know":            jwstest.Compact(k, `{"alg":"hunter2"}`, claims),
		"the header's typ is not a string":                      jwstest.Compact(k, `{"alg":"HS256","typ":1}`, claims),
		"the header's kid is not a string":                      jwstest.Compact(k, `{"alg":"HS256","kid":[]}`, claims),
		"a name is spelt almost like a registered one":          jwstest.Compact(k, header, `{"Iss":"hunter2"}`),
		"the header holds a member that is never accepted":      jwstest.Compact(k, `{"alg":"HS256","crit":["hunter2"]}`, claims),
	} {
		_, err := jws.Read(raw)
		require.ErrorIs(t, err, jws.ErrMalformed)
		assert.EqualError(t, err, "not an acceptable JWS: "+want)
	}
}

func TestHeadersThatOthersWriteAreRead(t *testing.T) {
	k := key(t, jws.HS256)
	for name, header := range map[string]string{
		"the algorithm alone":                    `{"alg":"HS256"}`,
		"white space":                            "{ \"alg\" : \"HS256\" }\r\n",
		"a thumbprint of a certificate":          `{"alg":"HS256","x5t":"AAAA","x5t#S256":"AAAA"}`,
		"members that we do not know":            `{"alg":"HS256","nonce":"a","ver":{"a":[1]}}`,
		"an address for a key's id, not fetched": `{"alg":"HS256","kid":"http://127.0.0.1:1/key"}`,
	} {
		t.Run(name, func(t *testing.T) {
			assert.NoError(t, accept(k, jwstest.Compact(k, header, `{}`)))
		})
	}
}

func TestTheLongestTextIsRead(t *testing.T) {
	k := key(t, jws.HS256)
	raw, err := k.Sign("", map[string]string{"x": strings.Repeat("x", 12200)})
	require.NoError(t, err)
	require.NoError(t, accept(k, raw))
	_, err = k.Sign("", map[string]string{"x": strings.Repeat("x", 13<<10)})
	require.ErrorContains(t, err, "at most 16384 are wanted")
	_, err = k.Sign("", make(chan int))
	require.ErrorContains(t, err, "writing claims")
}

func TestValidity(t *testing.T) {
	now := time.Unix(1_764_000_000, 0)
	at := func(seconds int) time.Time { return now.Add(time.Duration(seconds) * time.Second) }
	for name, c := range map[string]struct {
		validity jws.Validity
		want     error
	}{
		"no times":                              {jws.Validity{}, nil},
		"now":                                   {jws.Validity{IssuedAt: now, NotBefore: now, ExpiresAt: at(1)}, nil},
		"begins within the leeway":              {jws.Validity{IssuedAt: at(60), NotBefore: at(60)}, nil},
		"begins after the leeway":               {jws.Validity{NotBefore: at(61)}, jws.ErrNotYet},
		"issued after the leeway":               {jws.Validity{IssuedAt: at(61)}, jws.ErrNotYet},
		"the last second of the leeway":         {jws.Validity{ExpiresAt: at(-59)}, nil},
		"the leeway is over":                    {jws.Validity{ExpiresAt: at(-60)}, jws.ErrExpired},
		"ends before it begins, both in reach":  {jws.Validity{NotBefore: at(30), ExpiresAt: at(-30)}, nil},
		"neither begun nor unexpired, not yet?": {jws.Validity{NotBefore: at(61), ExpiresAt: at(-61)}, jws.ErrNotYet},
	} {
		t.Run(name, func(t *testing.T) {
			assert.ErrorIs(t, c.validity.Check(now, time.Minute), c.want)
		})
	}
}

func TestValidityCutsFractionsOff(t *testing.T) {
	k := key(t, jws.HS256)
	m, err := jws.Read(jwstest.Compact(k, `{"alg":"HS256"}`, `{"iat":1764000000.9,"exp":1764000001.5}`))
	require.NoError(t, err)
	v, err := m.Validity()
	require.NoError(t, err)
	assert.Equal(t, jws.Validity{IssuedAt: time.Unix(1764000000, 0), ExpiresAt: time.Unix(1764000001, 0)}, v)
}

func TestInputIsWhatWasSigned(t *testing.T) {
	k := key(t, jws.HS256)
	raw := jwstest.Compact(k, `{"alg":"HS256"}`, `{}`)
	m, err := jws.Read(raw)
	require.NoError(t, err)
	assert.Equal(t, raw[:strings.LastIndex(raw, ".")], m.Input())
}
