// Package quota says whether one more client may be registered.
package quota

import (
	"context"
	"fmt"
	"net/netip"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/caddy-dcr/caddy-dcr/internal/oautherr"
	"github.com/caddy-dcr/caddy-dcr/internal/secret"
	"github.com/caddy-dcr/caddy-dcr/internal/state"
	"github.com/caddy-dcr/caddy-dcr/internal/throttle"
	"github.com/caddy-dcr/caddy-dcr/internal/wire"
	"github.com/caddy-dcr/caddy-dcr/plugins"
)

const (
	// liveRetry is when a device that met too many live clients may ask again:
	// that ends by clients' going, which takes its time.
	liveRetry = 10 * time.Minute
	// A limit that is near or reached is told once in an hour, for up to so
	// many of them.
	noticesEvery = time.Hour
	noticesOf    = 4096
)

// Limit bounds the registrations under one thing. Zero is no limit.
type Limit struct {
	// Rate is how many may be registered in a second, and Burst how many at
	// once.
	Rate  float64
	Burst int
	// Live bounds the clients that nothing stops.
	Live int
}

// Buckets takes tokens; it is a plugins.Store. All gateways that share it
// share the buckets.
type Buckets interface {
	Take(ctx context.Context, b plugins.Bucket) (plugins.Taken, error)
}

// Counts knows how many live clients there are; it is a census.Book.
type Counts interface {
	// Statement and Application say false where nobody has counted yet.
	Statement(id uuid.UUID) (uint64, bool)
	Application(id uuid.UUID) (uint64, bool)
	// Network is for the network of an address. It may miss some.
	Network(n state.Network) (uint64, bool)
	// Registered counts one more.
	Registered(c state.Client, at time.Time)
}

// Limits holds the limits. All fields but the limits must be set. It must not
// be copied after its first use.
type Limits struct {
	Statement, Application, Address Limit
	// WarnAt is the part of a limit from which on it is near.
	WarnAt  float64
	Buckets Buckets
	Counts  Counts
	// Secrets gives the keys with which networks are hashed, or nil while there
	// are none.
	Secrets func() *secret.Keyring
	// Now is the store's clock.
	Now func() time.Time
	// Checked is told of each limit that was looked at, and Notify, now and
	// then, whose is near or reached. Neither must block.
	Checked func(Kind, Result)
	Notify  func(Notice)

	once sync.Once
	told *throttle.Table
}

// Register takes the registration into account and returns nil, or an error
// with oautherr.TooManyRequests, or one of the store: where that is away
// nothing could be registered anyway.
//
// The narrowest comes first, and the first that refuses ends it: an address
// that is over its limit uses up nothing of its statement's, and a statement
// nothing of its application's.
func (l *Limits) Register(ctx context.Context, statement, application uuid.UUID, address netip.Addr) error {
	if err := l.liveFrom(address); err != nil {
		return err
	}
	if err := l.liveUnder(StatementLive, statement, l.Statement.Live, l.Counts.Statement); err != nil {
		return err
	}
	if err := l.liveUnder(ApplicationLive, application, l.Application.Live, l.Counts.Application); err != nil {
		return err
	}
	// A connection without an address, such as a Unix socket's, is the
	// operator's own: to take all of them for one device would shut it.
	if address.IsValid() {
		if err := l.rate(ctx, AddressRate, networkOf(address).String(), l.Address); err != nil {
			return err
		}
	}
	if err := l.rate(ctx, StatementRate, statement.String(), l.Statement); err != nil {
		return err
	}
	return l.rate(ctx, ApplicationRate, application.String(), l.Application)
}

// Registered counts a client that was registered.
func (l *Limits) Registered(c state.Client) { l.Counts.Registered(c, l.Now()) }

// Network is what the record of a client is to say of its address: nothing,
// unless live clients are limited by address.
func (l *Limits) Network(address netip.Addr) state.Network {
	if l.Address.Live == 0 {
		return 0
	}
	if hashes := networks(l.Secrets(), address); len(hashes) > 0 {
		return hashes[0]
	}
	return 0
}

// liveUnder compares with what was counted under a statement or an application.
func (l *Limits) liveUnder(kind Kind, id uuid.UUID, limit int, count func(uuid.UUID) (uint64, bool)) error {
	if limit == 0 {
		return nil
	}
	counted, known := count(id)
	return l.live(kind, id.String(), limit, counted, known)
}

// liveFrom compares with what was counted from the address's network, under
// the hash of whatever key was the newest when a client registered.
func (l *Limits) liveFrom(address netip.Addr) error {
	if l.Address.Live == 0 {
		return nil
	}
	hashes := networks(l.Secrets(), address)
	if len(hashes) == 0 {
		return nil
	}
	var all uint64
	known := true
	for _, n := range hashes {
		counted, ok := l.Counts.Network(n)
		all, known = all+counted, known && ok
	}
	return l.live(AddressLive, networkOf(address).String(), l.Address.Live, all, known)
}

// live compares with what was counted. Where nobody has counted, nobody is
// refused.
func (l *Limits) live(kind Kind, id string, limit int, counted uint64, known bool) error {
	if !known {
		return nil
	}
	// The one that wants to be registered counts as well.
	used := int(min(counted, uint64(limit))) + 1
	return l.judge(kind, id, used <= limit, min(used, limit), limit, liveRetry)
}

// rate takes a token from the bucket of one thing.
func (l *Limits) rate(ctx context.Context, kind Kind, id string, limit Limit) error {
	if limit.Rate == 0 {
		return nil
	}
	taken, err := l.Buckets.Take(ctx, plugins.Bucket{
		Key: "quota/" + string(kind) + "/" + id, Rate: limit.Rate, Burst: limit.Burst,
	})
	if err != nil {
		return fmt.Errorf("asking for the quota %s: %w", kind, err)
	}
	return l.judge(kind, id, taken.OK, limit.Burst-taken.Remaining, limit.Burst, taken.RetryAfter)
}

func (l *Limits) judge(kind Kind, id string, ok bool, used, limit int, retry time.Duration) error {
	result := Passed
	switch {
	case !ok:
		result = Refused
	case float64(used) >= l.WarnAt*float64(limit):
		result = Near
	}
	l.Checked(kind, result)
	if result != Passed && l.news(kind, result, id) {
		l.Notify(Notice{Kind: kind, ID: id, Result: result, Used: used, Limit: limit})
	}
	if ok {
		return nil
	}
	// The cause is for the operator, who can ask for it by the trace.
	cause := fmt.Errorf("quota %s of %s: %d of %d used", kind, id, used, limit)
	return wire.RetryAfter(oautherr.New(oautherr.TooManyRequests, "too many registrations").Because(cause), retry)
}

// news says whether nobody was told lately.
func (l *Limits) news(kind Kind, result Result, id string) bool {
	l.once.Do(func() {
		l.told = throttle.NewTable(throttle.Limit{Rate: 1 / noticesEvery.Seconds(), Burst: 1}, noticesOf, nil)
	})
	return l.told.Take(throttle.KeyOf(string(kind), string(result), id)).OK
}
