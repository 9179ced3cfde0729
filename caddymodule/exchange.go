package caddymodule

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/caddy-dcr/caddy-dcr/internal/bearer"
	"github.com/caddy-dcr/caddy-dcr/internal/endpoint"
	"github.com/caddy-dcr/caddy-dcr/internal/guard"
	"github.com/caddy-dcr/caddy-dcr/internal/identity"
	"github.com/caddy-dcr/caddy-dcr/plugins"
)

// exchanges are used again: half of what the garbage collector would get from
// a guard otherwise. None outlives the decision.
var exchanges = sync.Pool{New: func() any { return new(exchange) }}

// exchange is one request on its way through the guard. What it holds when the
// decision is made is what the decision was made from.
type exchange struct {
	guard *Guard
	w     http.ResponseWriter
	r     *http.Request
	ctx   context.Context // r's, or that of the span below it
	trace uuid.UUID
	path  string // the canonical one
	match endpoint.Match
	facts guard.Facts
	known knownToken
	wait  time.Duration     // until a throttled device may come back
	why   error             // what was wrong, where there is more to say than the reason
	named [4]endpoint.Named // room for what most requests name
}

// decide gathers the facts, cheapest first, and stops at the first that
// settles the matter.
func (x *exchange) decide() guard.Decision {
	g, r := x.guard, x.r
	var err error
	if x.path, err = endpoint.Canonical(r); err != nil {
		x.why = err
		return guard.Refuse(guard.TargetAmbiguous)
	}
	if upgrade := identity.UpgradeOf(r.Header); upgrade != identity.NoUpgrade && !(upgrade == identity.WebSocket && g.mayUpgrade()) {
		return guard.Refuse(guard.UpgradeNotAllowed)
	}
	x.match = g.table.Match(r.Method, x.path)
	switch x.match.Outcome {
	case endpoint.NotFound:
		return guard.Refuse(guard.RouteUnknown)
	case endpoint.MethodNotAllowed:
		return guard.Refuse(guard.MethodNotAllowed)
	}
	if x.throttledEarly() {
		return guard.Refuse(guard.Throttled)
	}
	facts := &x.facts
	facts.Route, facts.AddressAllowed = x.match.Route, g.allows(r)
	params := endpoint.NewParameters(r)
	if facts.Open = x.match.Open(params); facts.Open {
		if x.throttledLate() {
			return guard.Refuse(guard.Throttled)
		}
		return x.decideOpen(params)
	}
	presented, err := bearer.Extract(r, g.table.API().QueryToken)
	if facts.Token = tokenState(err); facts.Token == guard.Valid && facts.AddressAllowed {
		x.known, facts.Token = g.services.tokens.know(x.ctx, presented.Raw)
	}
	if x.throttledLate() {
		return guard.Refuse(guard.Throttled)
	}
	if facts.Token != guard.Valid || !facts.AddressAllowed {
		return guard.Decide(facts)
	}
	if x.match.NeedsForm() && endpoint.HasBody(r) {
		lift := limitReading(x.w)
		x.why = x.match.ReadForm(&params, r, endpoint.FormLimit)
		lift()
		if x.why != nil {
			return guard.Refuse(guard.BodyUnreadable)
		}
	}
	x.entitle(params)
	return guard.Decide(facts)
}

// decideOpen settles a request that needs no token. A killed channel stays
// closed for it too, and so does the route while nobody can say what is killed.
func (x *exchange) decideOpen(params endpoint.Parameters) guard.Decision {
	d := x.guard.services.directory
	if x.why = d.Fresh(); x.why != nil {
		return guard.Refuse(guard.StateUnavailable)
	}
	x.gather(params, d.Now().UnixMilli())
	return guard.Decide(&x.facts)
}

// entitle adds who calls and what the request names.
func (x *exchange) entitle(params endpoint.Parameters) {
	x.facts.Killed, x.facts.Application, x.facts.Scopes = x.known.killed, x.known.application, x.known.Scopes
	x.gather(params, x.known.IssuedAt)
}

// gather adds what the request names and lacks, and whether one of the
// channels is killed for tokens of that time.
func (x *exchange) gather(params endpoint.Parameters, issuedAt int64) {
	d, facts := x.guard.services.directory, &x.facts
	facts.Missing = x.match.Missing(params)
	facts.Named = x.match.Named(params, x.named[:0])
	if x.guard.finder != nil {
		for _, channel := range x.guard.finder.Channels(x.r, x.path) {
			facts.Named = append(facts.Named, endpoint.Named{Names: plugins.NamesChannel, Value: channel})
		}
	}
	for i := range facts.Named {
		if facts.Named[i].Names != plugins.NamesProxyMVPD && d.ChannelKilled(facts.Named[i].Value, issuedAt) {
			facts.ChannelKilled = true
		}
	}
}

func tokenState(err error) guard.TokenState {
	switch {
	case err == nil:
		return guard.Valid
	case errors.Is(err, bearer.ErrAbsent):
		return guard.Absent
	case errors.Is(err, bearer.ErrRepeated):
		return guard.Repeated
	default:
		return guard.Malformed
	}
}
