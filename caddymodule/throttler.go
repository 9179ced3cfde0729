package caddymodule

import (
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/caddy-dcr/caddy-dcr/internal/metrics"
	"github.com/caddy-dcr/caddy-dcr/internal/throttle"
	"github.com/caddy-dcr/caddy-dcr/internal/token"
)

// throttler finds out who has sent too many requests. A configuration that does
// not throttle has none.
type throttler struct {
	config ThrottleConfig
	fields throttle.Fields
	table  *throttle.Table
	shared *throttle.Shared // nil where this gateway counts alone
	issuer metrics.Throttled
	rule   error // what it says, for explanations
}

func newThrottler(a *App, table *throttle.Table) *throttler {
	t := &throttler{
		config: *a.Throttle, fields: throttle.NewFields(a.Throttle.Key, table.Limit()), table: table,
		issuer: metricsOf.ForThrottled("issuer"),
		rule: fmt.Errorf("throttle: %g a second and %d at once for each %s, or address where that is not known",
			a.Throttle.Rate, max(a.Throttle.Burst, 0), a.Throttle.Key),
	}
	if t.config.Shared {
		// Past the breaker: what is slow for a throttle must not keep others
		// from the store, and the throttle leaves a store that fails alone.
		t.shared = &throttle.Shared{Store: traced(metricsOf.Store(a.backing.gate), a.backing.module), Table: table, Observer: throttleObserver{a.logger}}
	}
	return t
}

// claims are what is known of a caller beside where the request comes from.
type claims struct {
	grant     token.Grant // of a token that was verified
	client    string      // the id that the request says is its own
	statement string      // the software statement that it presents
}

// early says that callers are told apart by what every request has, so that
// nothing else need be looked at before.
func (t *throttler) early() bool {
	return t.config.Key == throttle.ByAddress || t.config.Key == throttle.ByHeader
}

// caller is who is counted. A client's id is no secret, so one that nobody has
// checked counts together with the address: else anybody could use up what its
// owner may send. A statement is the same in every copy of an app, and counts
// for all of them.
func (t *throttler) caller(r *http.Request, c claims) throttle.Caller {
	address, prefix := clientAddress(r), t.config.IPv6Prefix
	switch t.config.Key {
	case throttle.ByHeader:
		if values := r.Header[t.config.Header]; len(values) > 0 {
			return throttle.Named(throttle.ByHeader, strings.Join(values, "\n"))
		}
	case throttle.ByClient:
		if c.grant.ClientID != uuid.Nil {
			return throttle.Known(throttle.ByClient, c.grant.ClientID)
		}
		if c.client != "" {
			return throttle.Named(throttle.ByClient, c.client).From(address, prefix)
		}
	case throttle.ByApplication:
		if c.grant.Lineage != nil {
			return throttle.Known(throttle.ByApplication, c.grant.ApplicationID)
		}
	case throttle.ByStatement:
		if c.grant.Lineage != nil {
			return throttle.Known(throttle.ByStatement, c.grant.StatementID)
		}
		if c.statement != "" {
			return throttle.Named(throttle.ByStatement, c.statement)
		}
	}
	return throttle.Device(address, prefix)
}

// take counts the request, and tells the caller in the header fields of the
// answer how it stands.
func (t *throttler) take(w http.ResponseWriter, r *http.Request, c claims, count metrics.Throttled) throttle.Result {
	caller := t.caller(r, c)
	var result throttle.Result
	if t.shared != nil {
		result = t.shared.Take(r.Context(), caller)
	} else {
		result = t.table.Take(caller.Key())
	}
	t.fields.Tell(w.Header(), result)
	if !result.OK {
		count.Refused(caller.By)
		result.RetryAfter = spread(caller.By, result.RetryAfter)
	}
	return result
}

// spread leaves the time as it is for a device, which comes back alone. The
// devices of an application share its bucket, and are not to come all at once.
func spread(by throttle.Kind, wait time.Duration) time.Duration {
	if by == throttle.ByApplication || by == throttle.ByStatement {
		wait += rand.N(wait + 1) //nolint:gosec // jitter, no secret
	}
	return wait
}

// throttleObserver tells the operator how the shared store does.
type throttleObserver struct{ logger *slog.Logger }

// CountedHere implements throttle.Observer.
func (throttleObserver) CountedHere() { metricsOf.CountedWithoutStore() }

// StoreLost implements throttle.Observer.
func (o throttleObserver) StoreLost(err error) {
	o.logger.Warn("the store does not count requests in time; each gateway throttles by itself until it does", "error", err)
}

// StoreFound implements throttle.Observer.
func (o throttleObserver) StoreFound() {
	o.logger.Info("the store counts requests again; the gateways throttle together")
}

var _ throttle.Observer = throttleObserver{}
