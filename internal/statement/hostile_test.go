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

// hostile is what no verifier of statements may believe, although it would pass
// for a JWS of the right key.
type hostile struct{ name, raw, want string }

func TestEveryForgeryIsRefusedForItsFault(t *testing.T) {
	count := 0
	for _, alg := range []jws.Algorithm{jws.RS256, jws.PS256, jws.ES256, jws.ES384, jws.ES512, jws.EdDSA, jws.HS256} {
		worlds := map[string]jwstest.Good{"ours": ownOf(t, alg), "others'": foreignOf(t, alg)}
		if alg.Symmetric() {
			delete(worlds, "others'") // nobody else's is believed
		}
		for name, good := range worlds {
			t.Run(string(alg)+", "+name, func(t *testing.T) {
				v := verifierOf(t, alg)
				cached := &statement.Cached{Verifier: v}
				listener := jwstest.Listen(t)
				good.URL = listener.URL
				_, err := cached.Verify(good.Raw())
				require.NoError(t, err)
				for _, f := range good.Telling() {
					refuse(t, v, cached, f.Name, f.Raw, func(err error) bool { return f.Fault.Blamed(err) })
					count++
				}
				more := append(both(good), hostileOwn(good)...)
				if name != "ours" {
					more = append(both(good), hostileForeign(good)...)
				}
				for _, h := range more {
					refuse(t, v, cached, h.name, h.raw, func(err error) bool { return strings.HasSuffix(err.Error(), ": "+h.want) })
					count++
				}
				assert.Equal(t, 1, cached.Len(), "what is refused is not remembered")
				listener.Untouched()
			})
		}
	}
	t.Logf("%d forgeries", count)
	assert.Greater(t, count, 5000)
}

// refuse holds that a statement is refused, for the right reason and without
// quoting it, and so again by a verifier that remembers.
func refuse(t *testing.T, v *statement.Verifier, cached *statement.Cached, name, raw string, blamed func(error) bool) {
	t.Helper()
	for range 2 {
		s, err := v.Verify(raw)
		require.ErrorIs(t, err, statement.ErrInvalid, name)
		assert.True(t, blamed(err), "%s: %v", name, err)
		assert.Zero(t, s, name)
		for _, quoted := range []string{app.String(), us, "eyJ"} {
			assert.NotContains(t, err.Error(), quoted, name)
		}
		_, again := cached.Verify(raw)
		assert.Equal(t, err, again, name)
	}
}

func TestWhatIsOddAndAllowedIsBelieved(t *testing.T) {
	for _, alg := range []jws.Algorithm{jws.RS256, jws.PS256, jws.ES256, jws.ES384, jws.ES512, jws.EdDSA} {
		for _, good := range []jwstest.Good{ownOf(t, alg), foreignOf(t, alg)} {
			for _, v := range good.Variants() {
				s, err := verifierOf(t, alg).Verify(v.Raw)
				if assert.NoError(t, err, "%s: %s", alg, v.Name) {
					assert.Equal(t, app, s.ApplicationID, v.Name)
				}
			}
		}
	}
}

// Whoever has a statement can write it in as many ways as its signature has.
// They are one statement all the same, and one kill ends them all.
func TestTwoSignaturesOfOneTextAreOneStatement(t *testing.T) {
	for _, good := range []jwstest.Good{ownOf(t, jws.ES256), foreignOf(t, jws.ES256)} {
		v := verifierOf(t, jws.ES256)
		input := good.Raw()[:strings.LastIndex(good.Raw(), ".")]
		first, err := v.Verify(input + "." + jwstest.Encode(string(jwstest.Sign(good.Key, input))))
		require.NoError(t, err)
		second, err := v.Verify(input + "." + jwstest.Encode(string(jwstest.Sign(good.Key, input))))
		require.NoError(t, err)
		assert.Equal(t, first, second)
	}
}

// claims replaces claims of a good statement, in pairs, and signs it well.
func claims(good jwstest.Good, want, name string, pairs ...string) hostile {
	c := good.Claims
	for i := 0; i < len(pairs); i += 2 {
		c = c.With(pairs[i], pairs[i+1])
	}
	return hostile{name, jwstest.Compact(good.Key, good.Header.String(), c.String()), want}
}

func header(good jwstest.Good, want, name, member, value string) hostile {
	return hostile{name, jwstest.Compact(good.Key, good.Header.With(member, value).String(), good.Claims.String()), want}
}

const (
	notTrusted   = "its issuer is not trusted"
	noSubject    = "its sub is not the UUID of an application"
	notYet       = "it is not valid yet"
	expired      = "it has expired"
	forOthers    = "it is meant for somebody else"
	wrongType    = "its typ is not that of a software statement"
	noKey        = "it names a key that is none of ours"
	noID         = "its jti is not a UUID"
	accessToken  = "it has claims of an access token"
	badSignature = "the signature is not the key's"
)

// both is what no statement may say, whoever signed it.
func both(good jwstest.Good) []hostile {
	elsewhere := good.URL
	id := app.String()
	return []hostile{
		claims(good, notTrusted, "another issuer", "iss", `"https://evil.example"`),
		claims(good, notTrusted, "an issuer that is an address", "iss", `"`+elsewhere+`"`),
		claims(good, notTrusted, "our issuer with a slash", "iss", `"`+us+`/"`),
		claims(good, notTrusted, "our issuer in upper case", "iss", `"`+strings.ToUpper(us)+`"`),
		claims(good, notTrusted, "our issuer with a port", "iss", `"`+us+`:443"`),
		claims(good, notTrusted, "our issuer without a scheme", "iss", `"`+strings.TrimPrefix(us, "https://")+`"`),
		claims(good, notTrusted, "an issuer that begins like ours", "iss", `"`+us+`.evil.example"`),
		claims(good, notTrusted, "an issuer that ends like ours", "iss", `"https://evil.example/?`+us+`"`),
		claims(good, notTrusted, "our issuer with another letter that looks alike", "iss", `"`+strings.Replace(us, "a", "а", 1)+`"`),
		claims(good, notTrusted, "two issuers", "iss", `["`+us+`","`+partner+`"]`),
		claims(good, noSubject, "a name for an application", "sub", `"demo"`),
		claims(good, noSubject, "a UUID without hyphens", "sub", `"`+strings.ReplaceAll(id, "-", "")+`"`),
		claims(good, noSubject, "a UUID with hyphens elsewhere", "sub", `"`+strings.ReplaceAll(id, "-", "")+`----"`),
		claims(good, noSubject, "a UUID in braces", "sub", `"{`+id+`}"`),
		claims(good, noSubject, "a UUID as a URN", "sub", `"urn:uuid:`+id+`"`),
		claims(good, noSubject, "a UUID with a digit too many", "sub", `"`+id+`0"`),
		claims(good, noSubject, "a UUID with a letter that is no digit", "sub", `"`+strings.Replace(id, "8", "g", 1)+`"`),
		claims(good, noSubject, "the UUID of nothing", "sub", `"00000000-0000-0000-0000-000000000000"`),
		claims(good, notYet, "from the future", "iat", "1764000061"),
		claims(good, notYet, "not yet valid", "nbf", "1764000061"),
		claims(good, notYet, "valid when nobody lives", "nbf", "253402300799"),
		claims(good, expired, "expired", "exp", "1763999940"),
		claims(good, expired, "expired long ago", "exp", "1"),
		claims(good, expired, "expired before it was valid", "exp", "1763999939", "nbf", "1764000000"),
		claims(good, forOthers, "meant for another gateway", "aud", `"https://other.example"`),
		claims(good, forOthers, "meant for all that begin like us", "aud", `"`+us+`.evil.example"`),
		claims(good, forOthers, "meant for nobody", "aud", `[]`),
		claims(good, forOthers, "meant for others", "aud", `["https://other.example","https://third.example"]`),
		claims(good, forOthers, "meant for a list with a number", "aud", `["`+us+`",1]`),
		claims(good, forOthers, "meant for null", "aud", "null"),
		header(good, wrongType, "the type of an access token", "typ", `"at+jwt"`),
		header(good, wrongType, "the type of an access token in full", "typ", `"application/at+jwt"`),
		header(good, wrongType, "the type of an authentication", "typ", `"client-authentication+jwt"`),
		header(good, wrongType, "the type of a proof", "typ", `"dpop+jwt"`),
		header(good, wrongType, "the type of a logout token", "typ", `"logout+jwt"`),
		header(good, wrongType, "the type of an encrypted token", "typ", `"JWE"`),
		header(good, wrongType, "a type that begins like the right one", "typ", `"software-statement+jwt2"`),
		header(good, wrongType, "a type that is only a prefix", "typ", `"application/"`),
		header(good, wrongType, "the type of everything", "typ", `"*/*"`),
	}
}

func hostileOwn(good jwstest.Good) []hostile {
	return []hostile{
		header(good, wrongType, "the common type, which is not ours", "typ", `"JWT"`),
		header(good, wrongType, "our type in upper case", "typ", `"SOFTWARE-STATEMENT+JWT"`),
		header(good, wrongType, "our type in full", "typ", `"application/software-statement+jwt"`),
		header(good, wrongType, "an empty type", "typ", `""`),
		{"no type", jwstest.Compact(good.Key, good.Header.Without("typ").String(), good.Claims.String()), wrongType},
		{"no key id", jwstest.Compact(good.Key, good.Header.Without("kid").String(), good.Claims.String()), noKey},
		header(good, noKey, "an empty key id", "kid", `""`),
		header(good, noKey, "an unknown key id", "kid", `"theirs"`),
		header(good, noKey, "a key id in upper case", "kid", `"OURS"`),
		header(good, noKey, "a key id with a space", "kid", `"ours "`),
		header(good, noKey, "a key id with a zero byte", "kid", `"ours\u0000"`),
		header(good, noKey, "a path for a key id", "kid", `"../../../dev/null"`),
		header(good, noKey, "an address for a key id", "kid", `"`+good.URL+`/key"`),
		header(good, noKey, "a file for a key id", "kid", `"file:///dev/null"`),
		header(good, noKey, "a query for a key id", "kid", `"' OR 1=1 --"`),
		header(good, noKey, "a command for a key id", "kid", `"|/usr/bin/id"`),
		header(good, noKey, "a key id of many pages", "kid", `"`+strings.Repeat("k", 8000)+`"`),
		claims(good, noID, "a jti that is no UUID", "jti", `"1"`),
		claims(good, noID, "a jti of nothing", "jti", `"00000000-0000-0000-0000-000000000000"`),
	}
}

func hostileForeign(good jwstest.Good) []hostile {
	return []hostile{
		claims(good, wrongType, "our name, signed by a partner", "iss", `"`+us+`"`),
		claims(good, wrongType, "our name and shape, signed by a partner", "iss", `"`+us+`"`, "aud", `"`+us+`"`, "jti", `"`+app.String()+`"`),
		claims(good, accessToken, "an access token of the partner", "scopes", `"api:client:v2"`),
		claims(good, accessToken, "an access token of the partner by RFC 9068", "client_id", `"`+app.String()+`"`),
		claims(good, accessToken, "scopes of nothing", "scopes", `null`),
		{"our name, type and key id, signed by a partner", jwstest.Compact(good.Key,
			good.Header.With("typ", `"software-statement+jwt"`).With("kid", `"ours"`).String(),
			good.Claims.With("iss", `"`+us+`"`).With("aud", `"`+us+`"`).With("jti", `"`+app.String()+`"`).String()), badSignature},
	}
}

// Each of several issuers of one algorithm has its own keys.
func TestAnIssuerIsBoundToItsOwnKeys(t *testing.T) {
	v := verifier(t)
	v.Trusted = append(v.Trusted, statement.TrustedIssuer{Name: "second.example", Keys: []*jws.Key{jwstest.Public(t, strangeKey(t), "")}})
	for _, c := range []struct {
		issuer string
		key    *jws.Key
		good   bool
	}{
		{partner, partnerKey(t), true}, {partner, strangeKey(t), false}, {partner, ourKey(t), false},
		{"second.example", strangeKey(t), true}, {"second.example", partnerKey(t), false}, {"second.example", ourKey(t), false},
	} {
		good := foreign(t)
		for _, h := range []jwstest.Object{good.Header, good.Header.And("kid", `"ours"`), good.Header.And("kid", `"partner's"`)} {
			_, err := v.Verify(jwstest.Compact(c.key, h.String(), good.Claims.With("iss", `"`+c.issuer+`"`).String()))
			if c.good {
				assert.NoError(t, err)
			} else {
				assert.ErrorIs(t, err, jws.ErrSignature, c.issuer)
			}
		}
	}
}

func TestOurNameWithThePartnersKeyUnderOurKeyID(t *testing.T) {
	good := own(t)
	raw := jwstest.Compact(partnerKey(t), good.Header.String(), good.Claims.String())
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
	good.Key = partnerKey(t)
	_, err := v.Verify(good.Raw())
	require.ErrorIs(t, err, statement.ErrInvalid)
	_, err = v.Verify(own(t).Raw())
	require.NoError(t, err)
}

func FuzzVerify(f *testing.F) {
	v := verifier(f)
	for _, good := range []jwstest.Good{own(f), foreign(f)} {
		f.Add(good.Header.String(), good.Claims.String(), good.Raw())
	}
	ours, theirs := ourKey(f), partnerKey(f)
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
