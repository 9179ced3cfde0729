package caddymodule

import (
	"context"
	"net/http"
	"time"

	"github.com/caddy-dcr/caddy-dcr/internal/event"
	"github.com/caddy-dcr/caddy-dcr/internal/explain"
	"github.com/caddy-dcr/caddy-dcr/internal/metrics"
	"github.com/caddy-dcr/caddy-dcr/internal/oauth"
	"github.com/caddy-dcr/caddy-dcr/internal/registration"
)

// tellRegistered raises the event of a client that a device got.
func (s *services) tellRegistered(w http.ResponseWriter, done *registration.Registration) {
	if !s.samplers.registered.Pick("") {
		return
	}
	raise(event.Event{Name: event.Registered, Data: map[string]any{
		"client": done.Response.ClientID, "application": done.ApplicationID.String(), "programmer": done.Programmer,
		"platform": done.Platform, "statement": done.StatementID.String(), "reused": done.Reused,
		"trace": traceOf(w).String(), "one_in": s.app.Events.Registered,
	}})
}

// tellIssued raises the event of an access token, which it names and does not
// quote.
func (s *services) tellIssued(w http.ResponseWriter, issued *oauth.Issued) {
	if !s.samplers.tokenIssued.Pick("") {
		return
	}
	raise(event.Event{Name: event.TokenIssued, Data: map[string]any{
		"token": issued.Response.ID, "client": issued.ClientID.String(), "application": issued.ApplicationID.String(),
		"programmer": issued.Programmer, "platform": issued.Platform, "scopes": issued.Response.Scope,
		"trace": traceOf(w).String(), "one_in": s.app.Events.TokenIssued,
	}})
}

// tellRefused raises the event of a request that got nothing. Whom it was from
// is told where that was proven.
func (s *services) tellRefused(e *explain.Entry) {
	if !s.samplers.refused.Pick(string(e.Decider) + "/" + e.Reason) {
		return
	}
	t := s.toldOf(e)
	address := ""
	if e.Address.IsValid() {
		address = e.Address.String()
	}
	raise(event.Event{Name: event.Refused, Data: map[string]any{
		"by": string(e.Decider), "reason": e.Reason, "decision": string(t.decision), "status": e.Status, "profile": e.Profile,
		"client": idText(t.client), "application": idText(t.application), "address": address,
		"trace": e.Trace.String(), "one_in": s.app.Events.Refused,
	}})
}

// tellKeys raises an event for each use for which another key than before is
// used now: one that was rotated in, or made in place of a killed one. Each
// gateway tells of its own change.
func (a *App) tellKeys() {
	if runningApp() != a {
		return // a configuration that comes or goes may want other algorithms
	}
	for use, algorithm := range a.signing() {
		change, changed := a.backing.keys.Changed(use, algorithm)
		if !changed {
			continue
		}
		a.logger.Info("another key is used now", "use", string(use), "algorithm", string(algorithm), "key", change.Key, "previous", change.Previous)
		raise(event.Event{Name: event.KeyRotated, Data: map[string]any{
			"use": string(use), "algorithm": string(algorithm), "key": change.Key, "previous": change.Previous,
			"gateway": a.backing.nodes.Name,
		}})
	}
}

// stateCheckEvery is how often the gateway looks whether its state is too old.
const stateCheckEvery = time.Second

// watchState tells when the state becomes too old to decide from, and when it
// is not any more.
func (a *App) watchState(ctx context.Context) {
	for {
		select {
		case <-time.After(stateCheckEvery):
		case <-ctx.Done():
			return
		}
		if stale := a.services.directory.Fresh() != nil; runningApp() == a && a.backing.stale.Swap(stale) != stale {
			a.tellStale(stale)
		}
	}
}

func (a *App) tellStale(stale bool) {
	text := "never"
	if age, ever := a.backing.replica.Age(); ever {
		text = age.Round(time.Second).String()
	}
	raise(event.Event{Name: event.ReplicaStale, Data: map[string]any{
		"stale": stale, "age": text, "staleness": time.Duration(a.Staleness).String(), "gateway": a.backing.nodes.Name,
	}})
}

// tellBreaker raises the event of a breaker that opened or closed.
func (rt *backing) tellBreaker(writes, open bool) {
	calls := metrics.BrokenReads
	if writes {
		calls = metrics.BrokenWrites
	}
	raise(event.Event{Name: event.BreakerChanged, Data: map[string]any{
		"calls": string(calls), "open": open, "gateway": rt.nodes.Name,
	}})
}
