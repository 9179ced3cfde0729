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

func TestEveryForgeryIsRefused(t *testing.T) {
	for alg := range keys {
		t.Run(string(alg), func(t *testing.T) {
			g := good(t, alg)
			v := verifier(g.Key)
			_, err := v.Verify(g.Raw())
			require.NoError(t, err)
			forgeries := append(g.Forgeries(), hostile(g)...)
			require.Greater(t, len(forgeries), 80)
			for _, f := range forgeries {
				grant, err := v.Verify(f.Raw)
				require.ErrorIs(t, err, ErrInvalid, f.Name)
				require.NotErrorIs(t, err, ErrExpired, f.Name)
				assert.Zero(t, grant, f.Name)
				for _, quoted := range []string{client.String(), app.String(), us, aud, "eyJ"} {
					assert.NotContains(t, err.Error(), quoted, f.Name)
				}
			}
		})
	}
}

func TestTheReasonIsSaid(t *testing.T) {
	g := good(t, jws.HS256)
	v := verifier(g.Key)
	claim := func(name, value string) string {
		return jwstest.Compact(g.Key, g.Header.String(), g.Claims.With(name, value).String())
	}
	header := func(name, value string) string {
		return jwstest.Compact(g.Key, g.Header.With(name, value).String(), g.Claims.String())
	}
	for name, c := range map[string]struct {
		raw  string
		want error
	}{
		"junk":              {"junk", ErrMalformed},
		"crit":              {header("crit", `["exp"]`), ErrMalformed},
		"another type":      {header("typ", `"JWT"`), errType},
		"another key":       {header("kid", `"k9"`), ErrUnknownKey},
		"another algorithm": {header("alg", `"HS512"`), errAlgorithm},
		"another issuer":    {claim("iss", `"x"`), errIssuer},
		"another audience":  {claim("aud", `"x"`), errAudience},
		"a bad time":        {claim("exp", `"x"`), errTimes},
		"not yet":           {claim("nbf", "1764000100"), errNotYet},
		"a bad claim":       {claim("app", `"x"`), errClaims},
		"a bad signature":   {g.Raw()[:len(g.Raw())-8] + "AAAAAAAA", errSignature},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := v.Verify(c.raw)
			assert.ErrorIs(t, err, c.want)
			assert.ErrorIs(t, err, ErrInvalid)
		})
	}
}

// hostile is what no access token may say.
func hostile(g jwstest.Good) []jwstest.Forgery {
	claim := func(name, member, value string) jwstest.Forgery {
		return jwstest.Forgery{Name: name, Raw: jwstest.Compact(g.Key, g.Header.String(), g.Claims.With(member, value).String())}
	}
	header := func(name, member, value string) jwstest.Forgery {
		return jwstest.Forgery{Name: name, Raw: jwstest.Compact(g.Key, g.Header.With(member, value).String(), g.Claims.String())}
	}
	all := []jwstest.Forgery{
		header("the type of a statement", "typ", `"software-statement+jwt"`),
		header("the common type", "typ", `"JWT"`),
		header("the type in upper case", "typ", `"AT+JWT"`),
		header("the type in full", "typ", `"application/at+jwt"`),
		header("an empty type", "typ", `""`),
		{Name: "no type", Raw: jwstest.Compact(g.Key, g.Header.Without("typ").String(), g.Claims.String())},
		{Name: "no key id", Raw: jwstest.Compact(g.Key, g.Header.Without("kid").String(), g.Claims.String())},
		header("an empty key id", "kid", `""`),
		header("an unknown key id", "kid", `"k2"`),
		header("a path for a key id", "kid", `"../../../dev/null"`),
		header("an address for a key id", "kid", `"http://127.0.0.1/key"`),
		claim("another issuer", "iss", `"https://evil.example"`),
		claim("our issuer with a slash", "iss", `"`+us+`/"`),
		claim("an issuer in a list", "iss", `["`+us+`"]`),
		claim("another audience", "aud", `"https://other.example"`),
		claim("our issuer for an audience", "aud", `"`+us+`"`),
		claim("an audience in a list, as we never write it", "aud", `["`+aud+`"]`),
		claim("two audiences", "aud", `["`+aud+`","x"]`),
		claim("another subject than the client", "sub", `"`+app.String()+`"`),
		claim("another client than the subject", "client_id", `"`+app.String()+`"`),
		claim("scopes in a list", "scope", `["api:client:v2"]`),
		claim("scope null", "scope", `null`),
		claim("scope empty", "scope", `""`),
		claim("a scope beyond ASCII", "scope", `"é"`),
		claim("more scopes than there may be", "scope", `"`+scopes(100)+`"`),
		claim("platform null", "plt", `null`),
		claim("platform empty", "plt", `""`),
		claim("platform a number", "plt", `1`),
		claim("statement issuer null", "sti", `null`),
		claim("statement issuer empty", "sti", `""`),
		claim("from the future", "iat", "1764000100"),
		claim("not yet valid", "nbf", "1764000100"),
	}
	for _, name := range []string{"sub", "client_id", "jti", "app", "stm"} {
		value := strings.Trim(g.Claims.Value(name), `"`)
		for what, text := range map[string]string{
			"without hyphens": strings.ReplaceAll(value, "-", ""), "in braces": "{" + value + "}", "as a URN": "urn:uuid:" + value,
			"of nothing": uuid.Nil.String(), "with hyphens elsewhere": strings.Replace(value, "-", "0", 1), "with a letter that is no digit": "g" + value[1:],
		} {
			all = append(all, claim(name+" "+what, name, `"`+text+`"`))
		}
	}
	for _, name := range []string{"cia", "iam"} {
		for _, value := range []string{"0", "-1", "1.5", "1e3", "9007199254740992", `"1764000000000"`, "[]"} {
			all = append(all, claim(name+" "+value, name, value))
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
		f.Add(`{"alg":"HS256","typ":"at+jwt","kid":"k1"}`, `{"iss":"`+us+`"}`, forgery.Raw)
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
