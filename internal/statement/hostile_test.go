package statement_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/caddy-dcr/caddy-dcr/internal/jws"
	"github.com/caddy-dcr/caddy-dcr/internal/jws/jwstest"
	"github.com/caddy-dcr/caddy-dcr/internal/statement"
)

func TestEveryForgeryIsRefused(t *testing.T) {
	for name, c := range map[string]struct {
		good jwstest.Good
		more []jwstest.Forgery
	}{
		"of ours":   {own(t), hostileOwn(own(t))},
		"of others": {foreign(t), hostileForeign(foreign(t))},
	} {
		t.Run(name, func(t *testing.T) {
			v := verifier(t)
			cached := &statement.Cached{Verifier: v}
			_, err := cached.Verify(c.good.Raw())
			require.NoError(t, err)
			forgeries := append(c.good.Forgeries(), c.more...)
			require.Greater(t, len(forgeries), 80)
			for _, f := range forgeries {
				s, err := v.Verify(f.Raw)
				require.ErrorIs(t, err, statement.ErrInvalid, f.Name)
				assert.Zero(t, s, f.Name)
				for _, quoted := range []string{app.String(), us, "eyJ"} {
					assert.NotContains(t, err.Error(), quoted, f.Name)
				}
				_, err = cached.Verify(f.Raw)
				require.ErrorIs(t, err, statement.ErrInvalid, f.Name)
			}
			assert.Equal(t, 1, cached.Len(), "what is refused is not remembered")
		})
	}
}

// claims replaces claims of a good statement, in pairs, and signs it well.
func claims(good jwstest.Good, name string, pairs ...string) jwstest.Forgery {
	c := good.Claims
	for i := 0; i < len(pairs); i += 2 {
		c = c.With(pairs[i], pairs[i+1])
	}
	return jwstest.Forgery{Name: name, Raw: jwstest.Compact(good.Key, good.Header.String(), c.String())}
}

func header(good jwstest.Good, name, member, value string) jwstest.Forgery {
	return jwstest.Forgery{Name: name, Raw: jwstest.Compact(good.Key, good.Header.With(member, value).String(), good.Claims.String())}
}

// both is what no statement may say, whoever signed it.
func both(good jwstest.Good) []jwstest.Forgery {
	return []jwstest.Forgery{
		claims(good, "another issuer", "iss", `"https://evil.example"`),
		claims(good, "our issuer with a slash", "iss", `"`+us+`/"`),
		claims(good, "our issuer in upper case", "iss", `"`+strings.ToUpper(us)+`"`),
		claims(good, "an issuer that begins like ours", "iss", `"`+us+`.evil.example"`),
		claims(good, "two issuers", "iss", `["`+us+`","`+partner+`"]`),
		claims(good, "a name for an application", "sub", `"demo"`),
		claims(good, "a UUID without hyphens", "sub", `"`+strings.ReplaceAll(app.String(), "-", "")+`"`),
		claims(good, "a UUID in braces", "sub", `"{`+app.String()+`}"`),
		claims(good, "a UUID as a URN", "sub", `"urn:uuid:`+app.String()+`"`),
		claims(good, "a UUID with a digit too many", "sub", `"`+app.String()+`0"`),
		claims(good, "a UUID with a letter that is no digit", "sub", `"`+strings.Replace(app.String(), "8", "g", 1)+`"`),
		claims(good, "the UUID of nothing", "sub", `"00000000-0000-0000-0000-000000000000"`),
		claims(good, "from the future", "iat", "1764000061"),
		claims(good, "not yet valid", "nbf", "1764000061"),
		claims(good, "expired", "exp", "1763999940"),
		claims(good, "expired long ago", "exp", "1"),
		claims(good, "meant for another gateway", "aud", `"https://other.example"`),
		claims(good, "meant for nobody", "aud", `[]`),
		claims(good, "meant for a list with a number", "aud", `["`+us+`",1]`),
		claims(good, "meant for null", "aud", "null"),
		header(good, "the type of an access token", "typ", `"at+jwt"`),
		header(good, "the type of an access token in full", "typ", `"application/at+jwt"`),
		header(good, "the type of a logout token", "typ", `"logout+jwt"`),
		header(good, "the type of an encrypted token", "typ", `"JWE"`),
		header(good, "a type that begins like the right one", "typ", `"software-statement+jwt2"`),
		header(good, "a type that is only a prefix", "typ", `"application/"`),
	}
}

func hostileOwn(good jwstest.Good) []jwstest.Forgery {
	return append(both(good),
		header(good, "the common type, which is not ours", "typ", `"JWT"`),
		header(good, "our type in upper case", "typ", `"SOFTWARE-STATEMENT+JWT"`),
		jwstest.Forgery{Name: "no type", Raw: jwstest.Compact(good.Key, good.Header.Without("typ").String(), good.Claims.String())},
		jwstest.Forgery{Name: "no key id", Raw: jwstest.Compact(good.Key, good.Header.Without("kid").String(), good.Claims.String())},
		header(good, "an empty key id", "kid", `""`),
		header(good, "an unknown key id", "kid", `"theirs"`),
		header(good, "a path for a key id", "kid", `"../../../dev/null"`),
		header(good, "an address for a key id", "kid", `"http://127.0.0.1/key"`),
		header(good, "a query for a key id", "kid", `"' OR 1=1 --"`),
		claims(good, "the name of a partner, signed by us", "iss", `"`+partner+`"`),
		claims(good, "a jti that is no UUID", "jti", `"1"`),
		claims(good, "a jti of nothing", "jti", `"00000000-0000-0000-0000-000000000000"`),
	)
}

func hostileForeign(good jwstest.Good) []jwstest.Forgery {
	return append(both(good),
		claims(good, "our name, signed by a partner", "iss", `"`+us+`"`),
		claims(good, "our name and shape, signed by a partner", "iss", `"`+us+`"`, "aud", `"`+us+`"`, "jti", `"`+app.String()+`"`),
		claims(good, "an access token of the partner", "scopes", `"api:client:v2"`),
		claims(good, "an access token of the partner by RFC 9068", "client_id", `"`+app.String()+`"`),
	)
}

func TestOurNameWithThePartnersKeyUnderOurKeyID(t *testing.T) {
	good := own(t)
	raw := jwstest.Compact(must(t, partnerKey), good.Header.String(), good.Claims.String())
	_, err := verifier(t).Verify(raw)
	require.ErrorIs(t, err, jws.ErrSignature)
}

func TestAnEmptyTrustListTrustsNobody(t *testing.T) {
	v := verifier(t)
	v.Trusted = nil
	_, err := v.Verify(foreign(t).Raw())
	require.EqualError(t, err, "invalid software statement: its issuer is not trusted")
}

// The configuration refuses it; if it came through, it must give nothing.
func TestAPartnerWithOurNameCannotSpeakForUs(t *testing.T) {
	v := verifier(t)
	v.Trusted[0].Name = us
	good := own(t)
	good.Key = must(t, partnerKey)
	_, err := v.Verify(good.Raw())
	require.ErrorIs(t, err, statement.ErrInvalid)
	_, err = v.Verify(own(t).Raw())
	require.NoError(t, err)
}

func TestTheReasonIsSaid(t *testing.T) {
	good := foreign(t)
	for want, f := range map[string]jwstest.Forgery{
		"it has expired":                                                   claims(good, "", "exp", "1763999940"),
		"it is not valid yet":                                              claims(good, "", "nbf", "1764000061"),
		"its issuer is not trusted":                                        claims(good, "", "iss", `"x"`),
		"it is meant for somebody else":                                    claims(good, "", "aud", `"x"`),
		"its sub is not the UUID of an application":                        claims(good, "", "sub", `"x"`),
		"the algorithm is not the key's":                                   header(good, "", "alg", `"RS384"`),
		"the signature is not the key's":                                   {Raw: jwstest.Compact(good.Other, good.Header.String(), good.Claims.String())},
		"it has claims of an access token":                                 claims(good, "", "scopes", `"x"`),
		"its typ is not that of a software statement":                      header(good, "", "typ", `"at+jwt"`),
		"it does not say since when it is valid":                           {Raw: jwstest.Compact(good.Key, good.Header.String(), good.Claims.Without("nbf").String())},
		"not an acceptable JWS: it has not three parts":                    {Raw: "x"},
		`not an acceptable JWS: member "exp": a date in seconds is wanted`: claims(good, "", "exp", `"x"`),
	} {
		_, err := verifier(t).Verify(f.Raw)
		assert.EqualError(t, err, "invalid software statement: "+want)
	}
}

func FuzzVerify(f *testing.F) {
	v := verifier(f)
	for _, good := range []jwstest.Good{own(f), foreign(f)} {
		f.Add(good.Header.String(), good.Claims.String(), good.Raw())
	}
	ours, theirs := must(f, ourKey), must(f, partnerKey)
	v.Now = func() time.Time { return now }
	f.Fuzz(func(t *testing.T, header, claims, raw string) {
		if s, err := v.Verify(raw); err == nil {
			require.NotZero(t, s.ApplicationID)
		}
		if len(header)+len(claims) > jws.MaxSize/2 {
			return
		}
		// Whatever it says, each key speaks for its own issuer alone.
		if s, err := v.Verify(jwstest.Compact(ours, header, claims)); err == nil {
			require.Equal(t, us, s.Issuer)
		} else {
			require.ErrorIs(t, err, statement.ErrInvalid)
		}
		if s, err := v.Verify(jwstest.Compact(theirs, header, claims)); err == nil {
			require.Equal(t, partner, s.Issuer)
		}
	})
}
