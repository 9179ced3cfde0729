package token

import (
	"errors"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/caddy-dcr/caddy-dcr/internal/jws"
	"github.com/caddy-dcr/caddy-dcr/internal/jws/jwstest"
	"github.com/caddy-dcr/caddy-dcr/internal/scope"
)

func TestWhatIsMintedIsGood(t *testing.T) {
	for _, alg := range algorithms {
		t.Run(string(alg), func(t *testing.T) {
			raw, minted, err := minter(key(t, alg)).Mint(asked())
			require.NoError(t, err)
			want := asked()
			want.TokenID = uuid.MustParse("abababab-abab-4bab-abab-abababababab")
			want.KeyID = "k1"
			want.IssuedAt, want.ExpiresAt = 1_764_000_000_250, 1_764_021_600_250
			assert.Equal(t, want, minted)
			verified, err := verifier(key(t, alg)).Verify(raw)
			require.NoError(t, err)
			assert.Equal(t, minted, verified)
		})
	}
}

func TestTheFormOfATokenIsThatOfRFC9068AndOfAdobe(t *testing.T) {
	raw, _, err := minter(key(t, jws.HS256)).Mint(asked())
	require.NoError(t, err)
	parts := strings.Split(raw, ".")
	assert.Equal(t, jwstest.Encode(`{"alg":"HS256","typ":"at+jwt","kid":"k1"}`), parts[0])
	assert.Equal(t, jwstest.Encode(good(t, jws.HS256).Claims.String()), parts[1])
	assert.Equal(t, `{"iss":"https://sp.auth.example.com","sub":"3f0c1b7e-2f5e-4a55-9f53-6e0b8a4a1d01","client_id":"3f0c1b7e-2f5e-4a55-9f53-6e0b8a4a1d01",`+
		`"aud":"https://api.example.com","iat":1764000000,"nbf":1764000000,"exp":1764021600,"jti":"abababab-abab-4bab-abab-abababababab",`+
		`"scope":"analytics:client api:client:v2","scopes":"analytics:client,api:client:v2",`+
		`"app":"897029da-2b35-429e-ad45-6f6bf5de7a95","stm":"0e4d1f6e-5d3c-4c0e-9d0a-6a2a3c1b2f10","plt":"tvOS","cia":1763000000123,"iam":1764000000250}`,
		good(t, jws.HS256).Claims.String())
}

func TestWhatIsNotSaidIsLeftOut(t *testing.T) {
	k := key(t, jws.HS256)
	g := asked()
	g.Platform, g.StatementIssuer, g.Scopes = "", "", scope.Set{}
	raw, minted, err := minter(k).Mint(g)
	require.NoError(t, err)
	claims := good(t, jws.HS256).Claims.Without("scope").Without("scopes").Without("plt").String()
	assert.Equal(t, jwstest.Encode(claims), strings.Split(raw, ".")[1])
	verified, err := verifier(k).Verify(raw)
	require.NoError(t, err)
	assert.Equal(t, minted, verified)
	assert.Equal(t, us, verified.StatementIssuer, "a reader always gets a name")
	assert.Empty(t, g.StatementIssuer, "what was asked for is left alone")
}

func TestTheIssuerOfAForeignStatementIsSaid(t *testing.T) {
	k := key(t, jws.HS256)
	g := asked()
	g.StatementIssuer = "auth.partner.example"
	raw, _, err := minter(k).Mint(g)
	require.NoError(t, err)
	assert.Equal(t, jwstest.Encode(strings.Replace(good(t, jws.HS256).Claims.String(), `,"plt"`, `,"sti":"auth.partner.example","plt"`, 1)), strings.Split(raw, ".")[1])
	verified, err := verifier(k).Verify(raw)
	require.NoError(t, err)
	assert.Equal(t, "auth.partner.example", verified.StatementIssuer)
}

func TestMintFails(t *testing.T) {
	m := minter(nil)
	_, _, err := m.Mint(asked())
	require.EqualError(t, err, "minting an access token: no key signs yet")
	m = minter(key(t, jws.HS256))
	m.Rand = iotest.ErrReader(errors.New("broken"))
	_, _, err = m.Mint(asked())
	require.ErrorContains(t, err, "making its id: broken")
	m.Rand = nil
	_, first, err := m.Mint(asked())
	require.NoError(t, err)
	_, second, err := m.Mint(asked())
	require.NoError(t, err)
	assert.NotEqual(t, first.TokenID, second.TokenID)
	public, err := jws.NewKey("p", jws.ES256, key(t, jws.ES256).Public())
	require.NoError(t, err)
	m.Key = func() *jws.Key { return public }
	_, _, err = m.Mint(asked())
	require.ErrorIs(t, err, jws.ErrCannotSign)
}

func TestATokenLivesAsLongAsPromised(t *testing.T) {
	for _, from := range []int64{1_000, 1_001, 1_999} {
		k := key(t, jws.HS256)
		m := minter(k)
		m.Lifetime = time.Second
		m.Now = func() time.Time { return time.UnixMilli(from) }
		raw, g, err := m.Mint(asked())
		require.NoError(t, err)
		assert.Equal(t, from+1000, g.ExpiresAt)
		assert.Equal(t, from, g.IssuedAt)

		v := verifier(k)
		v.Now = m.Now
		read, err := v.Verify(raw)
		require.NoError(t, err)
		assert.Equal(t, g, read, "what is read is what was minted, to the millisecond")
	}
}

func TestTheTimeOfAToken(t *testing.T) {
	k := key(t, jws.HS256)
	raw, minted, err := minter(k).Mint(asked())
	require.NoError(t, err)
	v := verifier(k)
	for name, c := range map[string]struct {
		at   time.Time
		want error
	}{
		"a clock within the leeway behind": {time.Unix(1_764_000_000, 0).Add(-Leeway), nil},
		"a clock beyond the leeway behind": {time.Unix(1_764_000_000, 0).Add(-Leeway - time.Second), errNotYet},
		"the last millisecond":             {time.UnixMilli(minted.ExpiresAt - 1), nil},
		"the end":                          {time.UnixMilli(minted.ExpiresAt), ErrExpired},
		"long after":                       {time.UnixMilli(minted.ExpiresAt).AddDate(1, 0, 0), ErrExpired},
	} {
		t.Run(name, func(t *testing.T) {
			v.Now = func() time.Time { return c.at }
			g, err := v.Verify(raw)
			require.ErrorIs(t, err, c.want)
			if errors.Is(c.want, errNotYet) {
				assert.Zero(t, g)
				return
			}
			assert.Equal(t, minted, g, "an expired token still tells whose it was")
			assert.Equal(t, c.want != nil, g.Expired(c.at))
		})
	}
}

func TestAnExpiredTokenTellsNothingUnlessItIsWellSigned(t *testing.T) {
	g := good(t, jws.HS256)
	g.Claims = g.Claims.With("exp", "1763999000")
	_, err := verifier(g.Key).Verify(g.Raw())
	require.ErrorIs(t, err, ErrExpired)
	g.Key = g.Other
	grant, err := verifier(key(t, jws.HS256)).Verify(g.Raw())
	require.ErrorIs(t, err, errSignature)
	assert.NotErrorIs(t, err, ErrExpired)
	assert.Zero(t, grant)
}
