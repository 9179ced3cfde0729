package token

import (
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/caddy-dcr/caddy-dcr/internal/jws"
	"github.com/caddy-dcr/caddy-dcr/internal/jws/jwstest"
)

func TestEveryForgeryIsRefusedForItsFault(t *testing.T) {
	count := 0
	for _, alg := range algorithms {
		t.Run(string(alg), func(t *testing.T) {
			g := good(t, alg)
			v := verifier(g.Key)
			listener := jwstest.Listen(t)
			g.URL = listener.URL
			_, err := v.Verify(g.Raw())
			require.NoError(t, err)
			for _, f := range g.Telling() {
				refuse(t, v, f.Name, f.Raw, wanted[f.Fault])
				count++
			}
			for _, h := range hostile(g) {
				refuse(t, v, h.name, h.raw, []error{h.want})
				count++
			}
			listener.Untouched()
		})
	}
	t.Logf("%d forgeries", count)
	assert.Greater(t, count, 4000)
}

// wanted are the errors for each fault.
var wanted = map[jwstest.Fault][]error{
	jwstest.InText:      {ErrMalformed},
	jwstest.InHeader:    {ErrMalformed},
	jwstest.InClaims:    {ErrMalformed},
	jwstest.InTimes:     {errTimes},
	jwstest.InRequired:  {errIssuer, errAudience, errTimes, errClaims},
	jwstest.InAlgorithm: {errAlgorithm},
	jwstest.InSignature: {errSignature},
}

// refuse holds that a token is refused, each time, for one of the reasons, and
// that nothing is told of it.
func refuse(t *testing.T, v *Verifier, name, raw string, want []error) {
	t.Helper()
	for range 2 {
		grant, err := v.Verify(raw)
		require.ErrorIs(t, err, ErrInvalid, name)
		assert.Contains(t, want, err, name)
		assert.Zero(t, grant, name)
		for _, quoted := range []string{client.String(), app.String(), us, aud, "eyJ"} {
			assert.NotContains(t, err.Error(), quoted, name)
		}
	}
}

func TestWhatIsOddAndAllowedIsGood(t *testing.T) {
	for _, alg := range algorithms {
		g := good(t, alg)
		want, err := verifier(g.Key).Verify(g.Raw())
		require.NoError(t, err)
		for _, v := range g.Variants() {
			got, err := verifier(g.Key).Verify(v.Raw)
			if assert.NoError(t, err, "%s: %s", alg, v.Name) {
				assert.Equal(t, want, got, v.Name)
			}
		}
	}
}

// hostileToken is what no access token may be, although it would pass for a
// JWS of the right key.
type hostileToken struct {
	name, raw string
	want      error
}

func hostile(g jwstest.Good) []hostileToken {
	claim := func(want error, name, member, value string) hostileToken {
		return hostileToken{name, jwstest.Compact(g.Key, g.Header.String(), g.Claims.With(member, value).String()), want}
	}
	header := func(want error, name, member, value string) hostileToken {
		return hostileToken{name, jwstest.Compact(g.Key, g.Header.With(member, value).String(), g.Claims.String()), want}
	}
	all := []hostileToken{
		header(errType, "the type of a statement", "typ", `"software-statement+jwt"`),
		header(errType, "the type of an authentication", "typ", `"client-authentication+jwt"`),
		header(errType, "the type of a proof", "typ", `"dpop+jwt"`),
		header(errType, "the type of an introspection", "typ", `"token-introspection+jwt"`),
		header(errType, "the common type", "typ", `"JWT"`),
		header(errType, "the type in upper case", "typ", `"AT+JWT"`),
		header(errType, "the type in full", "typ", `"application/at+jwt"`),
		header(errType, "the type with a space", "typ", `"at+jwt "`),
		header(errType, "an empty type", "typ", `""`),
		{"no type", jwstest.Compact(g.Key, g.Header.Without("typ").String(), g.Claims.String()), errType},
		{"no key id", jwstest.Compact(g.Key, g.Header.Without("kid").String(), g.Claims.String()), ErrUnknownKey},
		header(ErrUnknownKey, "an empty key id", "kid", `""`),
		header(ErrUnknownKey, "an unknown key id", "kid", `"k2"`),
		header(ErrUnknownKey, "a key id in upper case", "kid", `"K1"`),
		header(ErrUnknownKey, "a key id with a zero byte", "kid", `"k1\u0000"`),
		header(ErrUnknownKey, "a path for a key id", "kid", `"../../../dev/null"`),
		header(ErrUnknownKey, "an address for a key id", "kid", `"`+g.URL+`/key"`),
		header(ErrUnknownKey, "a query for a key id", "kid", `"k1' OR '1'='1"`),
		header(ErrUnknownKey, "a key id of many pages", "kid", `"`+strings.Repeat("k", 8000)+`"`),
		claim(errIssuer, "another issuer", "iss", `"https://evil.example"`),
		claim(errIssuer, "an issuer that is an address", "iss", `"`+g.URL+`"`),
		claim(errIssuer, "our issuer with a slash", "iss", `"`+us+`/"`),
		claim(errIssuer, "our issuer in upper case", "iss", `"`+strings.ToUpper(us)+`"`),
		claim(errIssuer, "two issuers", "iss", `["`+us+`","x"]`),
		claim(errAudience, "another audience", "aud", `"https://other.example"`),
		claim(errAudience, "another gateway's audience that begins like ours", "aud", `"`+aud+`.evil.example"`),
		claim(errAudience, "our issuer for an audience", "aud", `"`+us+`"`),
		claim(errAudience, "an audience in a list, as we never write it", "aud", `["`+aud+`"]`),
		claim(errAudience, "two audiences", "aud", `["`+aud+`","x"]`),
		claim(errClaims, "another subject than the client", "sub", `"`+app.String()+`"`),
		claim(errClaims, "another client than the subject", "client_id", `"`+app.String()+`"`),
		claim(errClaims, "scopes in a list", "scope", `["api:client:v2"]`),
		claim(errClaims, "scope null", "scope", `null`),
		claim(errClaims, "scope empty", "scope", `""`),
		claim(errClaims, "a scope beyond ASCII", "scope", `"é"`),
		claim(errClaims, "a scope with a line break", "scope", `"a\nb"`),
		claim(errClaims, "more scopes than there may be", "scope", `"`+scopes(100)+`"`),
		claim(errClaims, "platform null", "plt", `null`),
		claim(errClaims, "platform empty", "plt", `""`),
		claim(errClaims, "platform a number", "plt", `1`),
		claim(errClaims, "statement issuer null", "sti", `null`),
		claim(errClaims, "statement issuer empty", "sti", `""`),
		claim(errClaims, "statement key negative", "stk", `-1`),
		claim(errClaims, "statement key beyond its size", "stk", `4294967296`),
		claim(errClaims, "statement key a text", "stk", `"1"`),
		claim(errNotYet, "from the future", "iat", "1764000100"),
		claim(errNotYet, "not yet valid", "nbf", "1764000100"),
		claim(errClaims, "milliseconds of another second", "iam", "1763999999999"),
		claim(errClaims, "milliseconds of the next second", "iam", "1764000001000"),
		{"a statement", jwstest.Compact(g.Key,
			g.Header.With("typ", `"software-statement+jwt"`).String(),
			jwstest.Members("iss", `"`+us+`"`, "sub", `"`+app.String()+`"`, "aud", `"`+us+`"`, "iat", "1764000000", "nbf", "1764000000", "jti", `"`+statement.String()+`"`).String()), errType},
		{"what a client signs to authenticate itself", jwstest.Compact(g.Key, g.Header.With("typ", `"JWT"`).String(),
			jwstest.Members("iss", `"`+client.String()+`"`, "sub", `"`+client.String()+`"`, "aud", `"`+us+`"`, "iat", "1764000000", "exp", "1764000060", "jti", `"x"`).String()), errType},
		{"the same under the type of an access token", jwstest.Compact(g.Key, g.Header.String(),
			jwstest.Members("iss", `"`+client.String()+`"`, "sub", `"`+client.String()+`"`, "aud", `"`+us+`"`, "iat", "1764000000", "exp", "1764000060", "jti", `"x"`).String()), errIssuer},
	}
	for _, name := range []string{"sub", "client_id", "jti", "app", "stm"} {
		value := strings.Trim(g.Claims.Value(name), `"`)
		for what, text := range map[string]string{
			"without hyphens": strings.ReplaceAll(value, "-", ""), "in braces": "{" + value + "}", "as a URN": "urn:uuid:" + value,
			"of nothing": uuid.Nil.String(), "with hyphens elsewhere": strings.Replace(value, "-", "0", 1), "with a letter that is no digit": "g" + value[1:],
		} {
			all = append(all, claim(errClaims, name+" "+what, name, `"`+text+`"`))
		}
	}
	for _, name := range []string{"cia", "iam"} {
		for _, value := range []string{"0", "-1", "1.5", "1e3", "9007199254740992", `"1764000000000"`, "[]"} {
			all = append(all, claim(errClaims, name+" "+value, name, value))
		}
	}
	return all
}

func scopes(n int) string {
	list := make([]string, n)
	for i := range list {
		list[i] = strings.Repeat("a", i+1)
	}
	return strings.Join(list, " ")
}

func FuzzVerify(f *testing.F) {
	g := good(f, jws.HS256)
	v := verifier(g.Key)
	f.Add(g.Header.String(), g.Claims.String(), g.Raw())
	for _, forgery := range hostile(g) {
		f.Add(`{"alg":"HS256","typ":"at+jwt","kid":"k1"}`, `{"iss":"`+us+`"}`, forgery.raw)
	}
	f.Fuzz(func(t *testing.T, header, claims, raw string) {
		if len(header)+len(claims) < jws.MaxSize/2 {
			examine(t, v, jwstest.Compact(g.Key, header, claims))
		}
		examine(t, v, raw)
	})
}

// examine holds that a grant is given whole or not at all.
func examine(t *testing.T, v *Verifier, raw string) {
	grant, err := v.Verify(raw)
	if err != nil {
		require.ErrorIs(t, err, ErrInvalid)
		if grant.Lineage == nil {
			return
		}
		require.ErrorIs(t, err, ErrExpired)
	}
	require.NotZero(t, grant.ClientID)
	require.NotZero(t, grant.TokenID)
	require.NotZero(t, grant.ApplicationID)
	require.NotZero(t, grant.StatementID)
	require.NotEmpty(t, grant.StatementIssuer)
	require.Equal(t, "k1", grant.KeyID)
	require.Positive(t, grant.IssuedAt)
	require.Positive(t, grant.ExpiresAt)
}
