package caddymodule

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/caddy-dcr/caddy-dcr/internal/endpoint"
	"github.com/caddy-dcr/caddy-dcr/internal/explain"
	"github.com/caddy-dcr/caddy-dcr/internal/guard"
	"github.com/caddy-dcr/caddy-dcr/internal/oauth"
	"github.com/caddy-dcr/caddy-dcr/internal/oautherr"
	"github.com/caddy-dcr/caddy-dcr/internal/registration"
	"github.com/caddy-dcr/caddy-dcr/internal/wire"
)

// remember keeps why a request was refused, for who is asked about its trace.
func (s *services) remember(r *http.Request, e *explain.Entry) {
	s.situate(r, e)
	s.app.memory.Remember(e)
	s.tellRefused(e)
}

// situate adds where and when it was, and what was asked.
func (s *services) situate(r *http.Request, e *explain.Entry) {
	e.At, e.Gateway, e.Address = time.Now().UnixMilli(), s.app.backing.nodes.Name, clientAddress(r)
	e.Method = r.Method
	if e.Path == "" {
		e.Path = r.URL.Path
	}
	e.Path = withoutSecrets(e.Path)
}

// withoutSecrets takes out of a path what looks like one, should a client have
// put it there. Nearly all paths hold nothing that could.
func withoutSecrets(path string) string {
	if strings.ContainsAny(path, "=%;&") {
		return redact(path)
	}
	return redactShapes(path)
}

// namesWithoutSecrets does the same for what a request names.
func namesWithoutSecrets(named []endpoint.Named) []endpoint.Named {
	for i := range named {
		if safe := redactShapes(named[i].Value); safe != named[i].Value {
			named = slices.Clone(named)
			named[i].Value = safe
		}
	}
	return named
}

// entry is what there is to say about a decision: all that the exchange has
// gathered when it was made.
func (x *exchange) entry(d *guard.Decision) explain.Entry {
	e := explain.Entry{
		Trace: x.trace, Decider: explain.Guard, Reason: string(d.Reason),
		Path: x.path, Profile: x.guard.table.API().Name, Facts: x.known.facts(x.facts.Token),
	}
	if x.facts.Route == nil || x.facts.Open {
		e.Token = "" // nobody has looked for one
	}
	if route := x.match.Route; route != nil {
		e.Route, e.Needed = route.Path, route.Scopes
	}
	if d.Missing != nil {
		e.Missing = *d.Missing
	}
	if detail := x.detail(d.Reason); detail != "" {
		e.Detail = detail
	}
	e.Detail = redactShapes(e.Detail)
	e.Named, e.Refused = namesWithoutSecrets(x.facts.Named), d.Refused
	e.Refused.Value = redactShapes(e.Refused.Value)
	e.RetryAfter = max(e.RetryAfter, x.wait.Milliseconds())
	return e
}

// detail says what the reason leaves open.
func (x *exchange) detail(reason guard.Reason) string {
	switch reason {
	case guard.AddressNotAllowed:
		return "allow_ips: " + strings.Join(x.guard.table.API().AllowIPs, " ")
	case guard.Throttled:
		if x.facts.Token != guard.Withheld {
			return x.guard.services.throttle.rule.Error()
		}
	case guard.MethodNotAllowed:
		return "allowed: " + x.match.Allow
	}
	if x.why != nil {
		return x.why.Error()
	}
	return ""
}

// failure is what there is to say about an error of a client endpoint.
func failure(trace uuid.UUID, err error, outcome string) explain.Entry {
	decider, facts := explain.FactsOf(err)
	if facts.Detail == "" {
		facts.Detail = causeOf(err)
	}
	facts.RetryAfter = wire.WaitOf(err).Milliseconds()
	return explain.Entry{Trace: trace, Decider: decider, Reason: outcome, Facts: facts}
}

// causeOf says for an operator what the client is told, and, where a statement
// is at fault, why.
func causeOf(err error) string {
	e := oautherr.From(err)
	if cause := errors.Unwrap(e); cause != nil {
		return cause.Error()
	}
	return e.Description
}

// aboutRegistration adds to an error what a request to register said.
func (s *services) aboutRegistration(err error, q registration.Request) error {
	if err == nil {
		return nil
	}
	facts := s.factsOfRegistration(q)
	if registration.OutcomeOf(err) == registration.RedirectRefused {
		facts.Detail = "redirect_uri: " + redact(strings.Join(q.RedirectURIs, " "))
	}
	return explain.About(err, explain.Registration, facts)
}

// factsOfRegistration are what a request to register says, as far as it was
// believed.
func (s *services) factsOfRegistration(q registration.Request) (facts explain.Facts) {
	facts.Subject.Platform = string(q.Device.Platform)
	// What nobody believed says nothing about whom it was from, and is not to
	// cost a signature more.
	if st, believed := s.statements.Recall(q.Statement); believed {
		facts.Proven = true
		facts.Subject.StatementID, facts.Subject.ApplicationID = st.ID, st.ApplicationID
		facts.Subject.Issuer, facts.Subject.KeyID = st.Issuer, st.KeyID
	}
	return facts
}

// aboutToken adds to an error what a request for a token said.
func aboutToken(err error, q oauth.TokenRequest) error {
	return aboutCredentials(err, q.Credentials, q.Scope)
}

// aboutCredentials adds to an error who the request said that it was from, and
// which scope it asked for.
func aboutCredentials(err error, c oauth.Credentials, scope string) error {
	if err == nil {
		return nil
	}
	var facts explain.Facts
	if facts.Subject.ClientID = oauth.ClientOf(err); facts.Subject.ClientID == uuid.Nil {
		facts.Subject.ClientID, _ = uuid.Parse(c.ClientID)
	}
	if subject, proven := oauth.ProvenOf(err); proven {
		facts.Subject, facts.Proven = subject, true
	}
	if oauth.OutcomeOf(err) == oauth.ScopeRefused {
		facts.Needed = strings.Fields(scope)
	}
	return explain.About(err, explain.Tokens, facts)
}

// aboutManaged adds to an error whose registration the request is about, which
// nobody has proven.
func aboutManaged(err error, client string) error {
	var facts explain.Facts
	facts.Subject.ClientID, _ = uuid.Parse(client)
	return explain.About(err, explain.Managed, facts)
}
