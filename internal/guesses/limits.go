// Package guesses bounds how many wrong client credentials get the answer that
// they are wrong.
package guesses

import (
	"context"
	"net/netip"
	"time"

	"github.com/google/uuid"

	"github.com/caddy-dcr/caddy-dcr/internal/oautherr"
	"github.com/caddy-dcr/caddy-dcr/internal/throttle"
	"github.com/caddy-dcr/caddy-dcr/internal/wire"
)

// By says by what wrong credentials are counted. The set is closed: it is a
// metric's label.
type By string

const (
	// ByClient counts them by the client that they name, whether or not there
	// is one.
	ByClient By = "client"
	// ByAddress counts them by where they come from.
	ByAddress By = "address"
)

// Bys lists the closed set.
var Bys = []By{ByClient, ByAddress}

// Limits counts wrong credentials in this process: twice, by the client that
// they name and by the address that they come from. A table that is nil counts
// nothing.
type Limits struct {
	Clients, Addresses *throttle.Table
	// Refused is told of each guess that was one too many, and by what count.
	Refused func(By)
}

// Spent returns nil, or an error with oautherr.TooManyRequests while no wrong
// credentials are answered any more. It counts nothing.
func (l *Limits) Spent(client uuid.UUID, address netip.Addr) error {
	return l.ask((*throttle.Table).Peek, client, address)
}

// Wrong counts wrong credentials, and returns what [Limits.Spent] does when
// they were one too many.
func (l *Limits) Wrong(_ context.Context, client uuid.UUID, address netip.Addr) error {
	return l.ask((*throttle.Table).Take, client, address)
}

// ask puts the question to both tables.
func (l *Limits) ask(question func(*throttle.Table, throttle.Key) throttle.Result, client uuid.UUID, address netip.Addr) error {
	var by By
	var wait time.Duration
	// All ids that are none share no bucket, but the address counts them.
	if l.Clients != nil && client != uuid.Nil {
		if r := question(l.Clients, throttle.KeyOf(string(client[:]))); !r.OK {
			by, wait = ByClient, r.RetryAfter
		}
	}
	if l.Addresses != nil {
		if r := question(l.Addresses, throttle.AddressKey(address, throttle.IPv6Prefix)); !r.OK {
			by, wait = ByAddress, max(wait, r.RetryAfter)
		}
	}
	if by == "" {
		return nil
	}
	l.Refused(by)
	return wire.RetryAfter(errTooMany, wait)
}

var errTooMany = oautherr.New(oautherr.TooManyRequests, "too many wrong credentials: wait before the next try")
