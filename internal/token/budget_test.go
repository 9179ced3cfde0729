package token

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/caddy-dcr/caddy-dcr/internal/jws"
)

// purse is a budget for so many forgeries.
type purse struct{ left, asked, charged int }

func (p *purse) Spent() bool { p.asked++; return p.left <= p.charged }
func (p *purse) Charge()     { p.charged++ }

func TestOnlyForgedSignaturesAreCharged(t *testing.T) {
	g := good(t, jws.ES256)
	v, p := verifier(g.Key), &purse{left: 1000}
	_, err := v.VerifyWithin(g.Raw(), p)
	require.NoError(t, err)
	for _, f := range g.Forgeries() {
		before := *p
		_, err := v.VerifyWithin(f.Raw, p)
		require.ErrorIs(t, err, ErrInvalid, f.Name)
		if !errors.Is(err, errSignature) {
			assert.Equal(t, before, *p, "%s is found out before any signature", f.Name)
		}
	}
	forged := p.charged
	assert.Positive(t, forged)
	late := verifier(g.Key)
	late.Now = func() time.Time { return v.Now().Add(100 * time.Hour) }
	_, err = late.VerifyWithin(g.Raw(), p)
	require.ErrorIs(t, err, ErrExpired)
	assert.Equal(t, forged, p.charged, "a fleet whose tokens have expired has forged nothing")
}

func TestBeyondTheBudgetNoSignatureIsLookedAt(t *testing.T) {
	for _, alg := range []jws.Algorithm{jws.ES256, jws.RS256, jws.EdDSA} {
		g := good(t, alg)
		v, p := verifier(g.Key), &purse{left: 1}
		forged := g.Signatures()[0].Raw
		_, err := v.VerifyWithin(forged, p)
		require.Equal(t, errSignature, err)
		for _, raw := range []string{forged, g.Raw()} {
			grant, err := v.VerifyWithin(raw, p)
			require.ErrorIs(t, err, jws.ErrBudget)
			require.NotErrorIs(t, err, ErrInvalid, "nobody knows whether it is")
			assert.Zero(t, grant)
		}
		assert.Equal(t, 1, p.charged)

		late := verifier(g.Key)
		late.Now = func() time.Time { return v.Now().Add(100 * time.Hour) }
		grant, err := late.VerifyWithin(g.Raw(), p)
		require.ErrorIs(t, err, ErrExpired, "it says so itself, and a device must learn that it needs another")
		assert.Zero(t, grant, "but whose it is nobody has looked at")
	}
}

func TestAMACIsCheckedWhateverWasForged(t *testing.T) {
	g := good(t, jws.HS256)
	v, p := verifier(g.Key), &purse{}
	_, err := v.VerifyWithin(g.Raw(), p)
	require.NoError(t, err)
	_, err = v.VerifyWithin(g.Signatures()[0].Raw, p)
	require.Equal(t, errSignature, err)
	assert.Zero(t, *p)
}
