package management

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/google/uuid"

	"github.com/caddy-dcr/caddy-dcr/internal/access"
	"github.com/caddy-dcr/caddy-dcr/internal/endpoint"
	"github.com/caddy-dcr/caddy-dcr/internal/explain"
	"github.com/caddy-dcr/caddy-dcr/internal/revocation"
	"github.com/caddy-dcr/caddy-dcr/internal/state"
	"github.com/caddy-dcr/caddy-dcr/plugins"
)

// Refusals remembers refused requests.
type Refusals interface {
	// Find returns an error that wraps explain.ErrUnknown when nothing is
	// remembered under the trace.
	Find(ctx context.Context, trace uuid.UUID) (explain.Entry, error)
}

// Explain says why the request with the trace was refused.
func (s *Service) Explain(ctx context.Context, who access.Actor, trace uuid.UUID) (Explanation, error) {
	if err := begin(who, access.ShowRefusal); err != nil {
		return Explanation{}, err
	}
	unknown := &Error{
		Code: NotFound, Field: "trace", Message: fmt.Sprintf("nothing is remembered of the request %s", trace),
		Hint: "only refusals are kept, the newest ones, by the gateway that refused; the access log may have it as dcr_trace",
	}
	e, err := s.Refusals.Find(ctx, trace)
	switch {
	case errors.Is(err, explain.ErrUnknown):
		return Explanation{}, unknown
	case err != nil:
		return Explanation{}, unavailable("looking for the request", err)
	}
	if err := show(who, access.ShowRefusal, s.resourceOfRefusal(&e), unknown); err != nil {
		return Explanation{}, err
	}
	x := s.Describe(ctx, &e)
	x.Kills = slices.DeleteFunc(x.Kills, func(k Kill) bool { return k.Kind == string(revocation.Channel) && !s.concerns(who, &x, k.ID) })
	return x, nil
}

// concerns says whether a channel that a request names is one of which the
// actor may know that it was stopped: anybody can name the channels of others.
func (s *Service) concerns(who access.Actor, x *Explanation, channel string) bool {
	if ch, onRecord := s.channelOnRecord(channel); onRecord {
		return sees(who, access.ShowKill, access.Resource{Programmer: ch.Programmer, Channel: ch.ID})
	}
	a := x.Caller.Application
	return sees(who, access.ShowKill, access.Resource{}) || a != nil && slices.Contains(a.Channels, channel)
}

// resourceOfRefusal says whose a refused request was: its application's, if
// its caller was proven to be that. All others are the operator's.
func (s *Service) resourceOfRefusal(e *explain.Entry) access.Resource {
	if !e.Proven {
		return access.Resource{}
	}
	return s.resourceOfID(e.Subject.ApplicationID)
}

// Describe adds to what is known of a decision what can be found out now. It
// works without the store, which may be just what is wrong, and then says what
// it lacks.
func (s *Service) Describe(ctx context.Context, e *explain.Entry) Explanation {
	x := Explanation{
		Trace: e.Trace, At: moment(e.At), Gateway: e.Gateway, DecidedBy: e.Decider, Reason: e.Reason, Status: e.Status,
		Asked:  AskedFor{Method: e.Method, Path: e.Path, Profile: e.Profile, Route: e.Route},
		Detail: e.Detail, RetryAfterMilliseconds: e.RetryAfter,
	}
	x.Decision, x.Means, x.Advice = textsOf(e)
	if e.Address.IsValid() {
		x.Asked.Address = e.Address.String()
	}
	if e.Token != "" {
		x.Token = &TokenFact{
			State: e.Token, ID: e.Subject.TokenID, IssuedAt: moment(e.Subject.TokenIssuedAt), ExpiresAt: moment(e.ExpiresAt),
		}
	}
	for i := range e.Named {
		x.Named = append(x.Named, namedFact(&e.Named[i]))
	}
	if e.Refused.Names != "" {
		refused := namedFact(&e.Refused)
		x.Refused = &refused
	}
	if e.Missing.Name != "" {
		x.Missing = &ParameterFact{Name: e.Missing.Name, In: string(e.Missing.In)}
	}
	subject, err := s.complete(ctx, e.Subject)
	x.Caller = s.callerFact(&subject, e.Proven)
	if len(e.Had) > 0 || len(e.Needed) > 0 {
		x.Scopes = &ScopeFact{Had: list(e.Had), Needed: list(e.Needed)}
	}
	var stopped error
	x.Kills, stopped = s.stopsOf(ctx, subject, e)
	if errors.Join(err, stopped) != nil {
		x.Incomplete = "the store does not answer now, so who revoked what, and why, is not all here"
	}
	return x
}

func namedFact(n *endpoint.Named) NamedFact {
	return NamedFact{Kind: string(n.Names), Name: n.Value, Missing: n.Missing}
}

// complete looks up where a client descends from, which a request for a token
// does not say.
func (s *Service) complete(ctx context.Context, subject revocation.Subject) (revocation.Subject, error) {
	if subject.ClientID == uuid.Nil || subject.ApplicationID != uuid.Nil {
		return subject, nil
	}
	c, err := s.Records.Client(ctx, subject.ClientID)
	switch {
	case errors.Is(err, state.ErrNotFound):
		return subject, nil
	case err != nil:
		return subject, err
	}
	return c.Subject(s.Issuer), nil
}

func (s *Service) callerFact(subject *revocation.Subject, proven bool) CallerFact {
	fact := CallerFact{
		Proven: proven, ClientID: subject.ClientID, ApplicationID: subject.ApplicationID, StatementID: subject.StatementID,
		StatementIssuer: subject.Issuer, Platform: subject.Platform,
	}
	if subject.ClientID != uuid.Nil {
		fact.RegisteredAt = moment(subject.ClientIssuedAt)
	}
	if a, declared := s.Declared[subject.ApplicationID]; declared {
		view := applicationView(a)
		fact.Application = &view
	} else if a, found := s.Replica.Application(subject.ApplicationID); found {
		view := applicationView(a)
		_, view.Revoked = s.Replica.Killed(&revocation.Subject{ApplicationID: a.ID})
		fact.Application = &view
	}
	return fact
}

// stopsOf gathers the kills of the subject, and those of the channels that the
// request names.
func (s *Service) stopsOf(ctx context.Context, subject revocation.Subject, e *explain.Entry) ([]Kill, error) {
	kills, failed := s.stops(ctx, subject)
	since := subject.TokenIssuedAt
	if since == 0 {
		since = e.At // the route asked for no token
	}
	seen := map[string]bool{}
	for i := range e.Named {
		channel := e.Named[i].Value
		if e.Named[i].Names != plugins.NamesProxyMVPD && !seen[channel] && s.Replica.ChannelKilled(channel, since) {
			seen[channel] = true
			kill, err := s.killOf(ctx, revocation.Channel, channel)
			kills, failed = append(kills, kill), cmp.Or(failed, err)
		}
	}
	return kills, failed
}
