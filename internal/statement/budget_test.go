package statement_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/caddy-dcr/caddy-dcr/internal/jws"
	"github.com/caddy-dcr/caddy-dcr/internal/statement"
)

// purse is a budget for so many forgeries.
type purse struct{ left, charged int }

func (p *purse) Spent() bool { return p.left <= p.charged }
func (p *purse) Charge()     { p.charged++ }

func TestForgedStatementsAreBudgetedAndKnownOnesAreNot(t *testing.T) {
	for name, good := range map[string]interface{ Raw() string }{"ours": own(t), "a partner's": foreign(t)} {
		t.Run(name, func(t *testing.T) {
			c := &statement.Cached{Verifier: verifier(t)}
			p := &purse{left: 2}
			_, err := c.VerifyWithin("junk", p)
			require.ErrorIs(t, err, statement.ErrInvalid)
			_, err = c.VerifyWithin(good.Raw(), p)
			require.NoError(t, err)
			assert.Zero(t, p.charged)

			forged := own(t).Signatures()[0].Raw
			for range 2 {
				_, err = c.VerifyWithin(forged, p)
				require.ErrorIs(t, err, jws.ErrSignature)
			}
			_, err = c.VerifyWithin(forged, p)
			require.ErrorIs(t, err, jws.ErrBudget)
			require.NotErrorIs(t, err, statement.ErrInvalid)
			_, err = c.VerifyWithin(good.Raw(), p)
			require.NoError(t, err, "what was believed before is known")
			_, err = (&statement.Cached{Verifier: verifier(t)}).VerifyWithin(good.Raw(), p)
			require.ErrorIs(t, err, jws.ErrBudget, "what is new is not looked at")
			assert.Equal(t, 2, p.charged)
		})
	}
}

// An issuer's keys are tried one after the other: that is one statement.
func TestAStatementThatTheSecondKeySignedIsNoForgery(t *testing.T) {
	v := verifier(t)
	good := foreign(t)
	for i := range v.Trusted {
		v.Trusted[i].Keys = append([]*jws.Key{strangeKey(t)}, v.Trusted[i].Keys...)
	}
	p := &purse{left: 10}
	_, err := v.VerifyWithin(good.Raw(), p)
	require.NoError(t, err)
	assert.Zero(t, p.charged)
	_, err = v.VerifyWithin(good.Signatures()[0].Raw, p)
	require.ErrorIs(t, err, jws.ErrSignature)
	assert.Equal(t, 1, p.charged)
}
