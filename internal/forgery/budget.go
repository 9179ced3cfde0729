// Package forgery bounds the work that forged credentials make, by where they
// come from.
package forgery

import (
	"net/netip"
	"time"

	"github.com/caddy-dcr/caddy-dcr/internal/throttle"
)

// Of says what was forged. The set is closed: it is a metric's label.
type Of string

const (
	// Token is an access token.
	Token Of = "token"
	// Statement is a software statement.
	Statement Of = "statement"
	// Assertion is what a client authenticates with that has a key.
	Assertion Of = "assertion"
)

// Ofs lists the closed set.
var Ofs = []Of{Token, Statement, Assertion}

// Budget counts what was forged, by the address that presented it.
type Budget struct {
	// Table is nil where nothing is bounded.
	Table *throttle.Table
	// Found is told of each forgery that took work to find, and Refused of each
	// credential that nobody looked at.
	Found, Refused func(Of)
}

// For opens the account of an address, for one credential.
func (b *Budget) For(of Of, address netip.Addr) *Account {
	return &Account{budget: b, of: of, key: throttle.AddressKey(address, throttle.IPv6Prefix)}
}

// Account is a [jws.Budget] for one credential.
type Account struct {
	budget *Budget
	of     Of
	key    throttle.Key
	wait   time.Duration
}

// Spent says that too much was forged at the address for anything from there to
// be looked at.
func (a *Account) Spent() bool {
	if a.budget.Table == nil {
		return false
	}
	r := a.budget.Table.Peek(a.key)
	if a.wait = r.RetryAfter; !r.OK {
		a.budget.Refused(a.of)
	}
	return !r.OK
}

// Charge counts a forgery.
func (a *Account) Charge() {
	if a.budget.Table != nil {
		a.budget.Table.Take(a.key)
	}
	a.budget.Found(a.of)
}

// Wait is how long the address has to wait when its account was spent.
func (a *Account) Wait() time.Duration { return a.wait }
