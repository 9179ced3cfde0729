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

func TestWhatIsIssuedIsBelieved(t *testing.T) {
	m := minter(t)
	m.Now = func() time.Time { return now.Add(700 * time.Millisecond) }
	raw, minted, err := m.Mint(app)
	require.NoError(t, err)
	assert.Equal(t, statement.Statement{
		ID: minted.ID, ApplicationID: app, Issuer: us, KeyID: "ours", IssuedAt: now, NotBefore: now,
	}, minted)
	verified, err := verifier(t).Verify(raw)
	require.NoError(t, err)
	assert.Equal(t, minted, verified)

	_, second, err := m.Mint(app)
	require.NoError(t, err)
	assert.NotEqual(t, minted.ID, second.ID, "every download is another statement")
}

func TestTheFormOfOurStatements(t *testing.T) {
	raw, minted, err := minter(t).Mint(app)
	require.NoError(t, err)
	parts := strings.Split(raw, ".")
	assert.Equal(t, jwstest.Encode(`{"alg":"RS256","typ":"software-statement+jwt","kid":"ours"}`), parts[0])
	assert.Equal(t, jwstest.Encode(`{"iss":"https://sp.auth.example.com","sub":"897029da-2b35-429e-ad45-6f6bf5de7a95","aud":"https://sp.auth.example.com","iat":1764000000,"nbf":1764000000,"jti":"`+minted.ID.String()+`"}`), parts[1])
}

func TestMintFailsWithoutAKeyThatSigns(t *testing.T) {
	m := minter(t)
	m.Key = func() *jws.Key { return nil }
	_, _, err := m.Mint(app)
	require.ErrorContains(t, err, "no key signs yet")
	assert.NotErrorIs(t, err, statement.ErrInvalid, "it is our fault")
	m.Key = func() *jws.Key { return jwstest.Public(t, ourKey(t), "") }
	_, _, err = m.Mint(app)
	require.ErrorIs(t, err, jws.ErrCannotSign)
}

func TestStatementsThatOthersSigned(t *testing.T) {
	good := foreign(t)
	with := func(header, claims jwstest.Object) string {
		return jwstest.Compact(good.Key, header.String(), claims.String())
	}
	for name, raw := range map[string]string{
		"a header of the algorithm alone":  good.Raw(),
		"the common type":                  with(good.Header.And("typ", `"JWT"`), good.Claims),
		"the common type in lower case":    with(good.Header.And("typ", `"jwt"`), good.Claims),
		"our type":                         with(good.Header.And("typ", `"software-statement+jwt"`), good.Claims),
		"our type in full":                 with(good.Header.And("typ", `"application/Software-Statement+JWT"`), good.Claims),
		"any name for a key from a PEM":    with(good.Header.And("kid", `"2024-01"`), good.Claims),
		"a name that is one of ours":       with(good.Header.And("kid", `"ours"`), good.Claims),
		"a UUID in upper case":             with(good.Header, good.Claims.With("sub", strings.ToUpper(good.Claims.Value("sub")))),
		"meant for us":                     with(good.Header, good.Claims.And("aud", `"`+us+`"`)),
		"meant for us and others":          with(good.Header, good.Claims.And("aud", `["x","`+us+`"]`)),
		"an end to come":                   with(good.Header, good.Claims.And("exp", "1764000001")),
		"an end within the leeway":         with(good.Header, good.Claims.And("exp", "1763999941")),
		"a jti, which need not be a UUID":  with(good.Header, good.Claims.And("jti", `"x"`)),
		"metadata of RFC 7591":             with(good.Header, good.Claims.And("software_id", `"x"`).And("scope", `"a b"`)),
		"times with fractions":             with(good.Header, good.Claims.With("iat", "1764000000.123")),
		"a clock that is a minute ahead":   with(good.Header, good.Claims.With("iat", "1764000060").With("nbf", "1764000060")),
		"claims in another order and form": jwstest.Compact(good.Key, `{ "alg" : "RS256" }`, "{\n \"iat\":1764000000, \"iss\":\"auth.p\\u0061rtner.example\", \"nbf\":1764000000,\"sub\":"+good.Claims.Value("sub")+"}\n"),
	} {
		t.Run(name, func(t *testing.T) {
			s, err := verifier(t).Verify(raw)
			require.NoError(t, err)
			assert.Equal(t, app, s.ApplicationID)
			assert.Equal(t, partner, s.Issuer)
			assert.Equal(t, good.Key.Thumbprint(), s.KeyID)
		})
	}
}

func TestTheIDOfAStatementThatOthersSignedIsMadeOfItsText(t *testing.T) {
	v := verifier(t)
	good := foreign(t)
	first, err := v.Verify(good.Raw())
	require.NoError(t, err)
	again, err := v.Verify(good.Raw())
	require.NoError(t, err)
	assert.Equal(t, first.ID, again.ID)
	assert.EqualValues(t, 8, first.ID.Version())
	good.Claims = good.Claims.With("iat", "1764000001")
	other, err := v.Verify(good.Raw())
	require.NoError(t, err)
	assert.NotEqual(t, first.ID, other.ID)
	// It is in the records of every client: it must not change.
	assert.Equal(t, "805b1291-9447-854f-8ddb-6a94b2af28e9", first.ID.String())
}

func TestAnEndIsToldWhereThereIsOne(t *testing.T) {
	good := foreign(t)
	good.Claims = good.Claims.And("exp", "1764003600")
	s, err := verifier(t).Verify(good.Raw())
	require.NoError(t, err)
	assert.Equal(t, now.Add(time.Hour), s.ExpiresAt)
}

func TestAnIssuerWithNamedKeysIsAskedByName(t *testing.T) {
	v := verifier(t)
	good := foreign(t)
	v.Trusted[0].Keys = []*jws.Key{jwstest.Public(t, strangeKey(t), "old"), jwstest.Public(t, good.Key, "new")}
	for kid, want := range map[string]bool{`"new"`: true, `"old"`: false, `"ours"`: false} {
		_, err := v.Verify(jwstest.Compact(good.Key, good.Header.And("kid", kid).String(), good.Claims.String()))
		assert.Equal(t, want, err == nil, kid)
	}
	_, err := v.Verify(good.Raw())
	assert.NoError(t, err, "without a name every key of the issuer is tried")
}

func TestTheLeewayIsConfigured(t *testing.T) {
	v := verifier(t)
	v.Leeway = time.Second
	good := foreign(t)
	good.Claims = good.Claims.With("nbf", "1764000002")
	_, err := v.Verify(good.Raw())
	require.ErrorIs(t, err, jws.ErrNotYet)
}

func TestValidate(t *testing.T) {
	a, b := partnerKey(t), strangeKey(t)
	secret, err := jws.Generate("", jws.HS256)
	require.NoError(t, err)
	one := func(name string, keys ...*jws.Key) statement.TrustedIssuer {
		return statement.TrustedIssuer{Name: name, Keys: keys}
	}
	for want, trusted := range map[string][]statement.TrustedIssuer{
		"":                             {one("a", a), one("b", b)},
		"trusted issuer 2 has no name": {one("a", a), one("", b)},
		`trusted issuer "` + us + `" has our own name`:                                             {one(us, a)},
		`trusted issuer "a" has no keys`:                                                           {one("a")},
		`trusted issuer "a" is there twice`:                                                        {one("a", a), one("a", b)},
		`trusted issuers "a" and "b" have a key in common, so that each could speak for the other`: {one("a", a), one("b", b, jwstest.Public(t, a, "x"))},
		`trusted issuer "a": with HS256 we could sign in its name; public keys are wanted`:         {one("a", secret)},
	} {
		v := statement.Verifier{Issuer: us, Trusted: trusted}
		if want == "" {
			assert.NoError(t, v.Validate())
			continue
		}
		assert.EqualError(t, v.Validate(), want)
	}
}
