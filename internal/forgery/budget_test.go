package forgery

import (
	"net/netip"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/caddy-dcr/caddy-dcr/internal/jws"
	"github.com/caddy-dcr/caddy-dcr/internal/throttle"
)

var _ jws.Budget = (*Account)(nil)

func newBudget(at *time.Time, found, refused *[]Of) *Budget {
	return &Budget{
		Table:   throttle.NewTable(throttle.Limit{Rate: 0.5, Burst: 2}, 100, func() time.Time { return *at }),
		Found:   func(of Of) { *found = append(*found, of) },
		Refused: func(of Of) { *refused = append(*refused, of) },
	}
}

func TestAnAddressIsNotLookedAtOnceItsBudgetIsSpent(t *testing.T) {
	at := time.Unix(1764000000, 0)
	var found, refused []Of
	b := newBudget(&at, &found, &refused)
	attacker, home := netip.MustParseAddr("2001:db8:1:2::1"), netip.MustParseAddr("192.0.2.1")
	for _, of := range []Of{Token, Statement} {
		a := b.For(of, attacker)
		assert.False(t, a.Spent())
		assert.False(t, a.Spent(), "asking costs nothing")
		a.Charge()
	}
	neighbour := b.For(Token, netip.MustParseAddr("2001:db8:1:2:ffff::9"))
	assert.True(t, neighbour.Spent(), "a /64 is one caller")
	assert.Equal(t, 2*time.Second, neighbour.Wait())
	assert.False(t, b.For(Token, home).Spent())
	assert.Equal(t, []Of{Token, Statement}, found)
	assert.Equal(t, []Of{Token}, refused)

	at = at.Add(2 * time.Second)
	a := b.For(Token, attacker)
	assert.False(t, a.Spent())
	assert.Zero(t, a.Wait())
}

func TestWithoutATableForgeriesAreCountedOnly(t *testing.T) {
	found := 0
	b := &Budget{Found: func(Of) { found++ }}
	for range 100 {
		a := b.For(Token, netip.Addr{})
		assert.False(t, a.Spent())
		a.Charge()
	}
	assert.Equal(t, 100, found)
}
