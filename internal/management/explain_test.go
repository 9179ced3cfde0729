package management_test

import (
	"context"
	"errors"
	"net/netip"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/caddy-dcr/caddy-dcr/internal/access"
	"github.com/caddy-dcr/caddy-dcr/internal/endpoint"
	"github.com/caddy-dcr/caddy-dcr/internal/explain"
	"github.com/caddy-dcr/caddy-dcr/internal/guard"
	"github.com/caddy-dcr/caddy-dcr/internal/management"
	"github.com/caddy-dcr/caddy-dcr/internal/oauth"
	"github.com/caddy-dcr/caddy-dcr/internal/registration"
	"github.com/caddy-dcr/caddy-dcr/internal/revocation"
	"github.com/caddy-dcr/caddy-dcr/plugins"
)

// remembered holds one refusal, or why nobody can say.
type remembered struct {
	entry explain.Entry
	err   error
}

func (r remembered) Find(context.Context, uuid.UUID) (explain.Entry, error) { return r.entry, r.err }

func kindsOf(kills []management.Kill) (kinds []string) {
	for _, k := range kills {
		kinds = append(kinds, k.Kind)
	}
	return kinds
}

func TestARefusalIsExplainedWithWhatIsTrueNow(t *testing.T) {
	w := newWorld(t)
	app := w.create(t, nil)
	c := w.client(t, app.ID, uuid.New(), nil)
	w.revoke(t, "client", c.ID.String())
	w.revoke(t, "channel", "ref30")
	trace, at := uuid.New(), time.Now().UnixMilli()
	w.Refusals = remembered{entry: explain.Entry{
		Trace: trace, At: at, Gateway: "gw", Decider: explain.Guard, Reason: string(guard.ClientRevoked), Status: 403,
		Method: "GET", Path: "/a", Profile: "esm", Route: "/{x}", Address: netip.MustParseAddr("192.0.2.1"),
		Facts: explain.Facts{
			Subject: revocation.Subject{
				TokenID: uuid.New(), ClientID: c.ID, StatementID: c.StatementID, ApplicationID: app.ID, Platform: "Android",
				Issuer: ourIssuer, ClientIssuedAt: c.CreatedAt, TokenIssuedAt: c.CreatedAt,
			},
			Proven: true, Token: "valid", ExpiresAt: at, Had: []string{"a"}, Needed: []string{"b"},
			Named: []endpoint.Named{
				{Names: plugins.NamesChannel, Value: "REF30"}, {Names: plugins.NamesChannel, Value: "REF30"},
				{Names: plugins.NamesProxyMVPD, Value: "REF30"}, {Names: plugins.NamesChannel, Value: "OTHER"},
			},
			Refused: endpoint.Named{Names: plugins.NamesChannel, Missing: true},
			Missing: plugins.Parameter{In: plugins.InForm, Name: "mvpd"}, Detail: "more", RetryAfter: 5,
		},
	}}
	x, err := w.Explain(within(t), ann, trace)
	require.NoError(t, err)
	assert.Equal(t, management.DecidedRefused, x.Decision)
	assert.Equal(t, guard.ClientRevoked.Message(), x.Means)
	assert.Equal(t, guard.ClientRevoked.Advice(), x.Advice)
	assert.Equal(t, management.AskedFor{Method: "GET", Path: "/a", Profile: "esm", Route: "/{x}", Address: "192.0.2.1"}, x.Asked)
	assert.Equal(t, "Demo", x.Caller.Application.Name)
	assert.True(t, x.Caller.Proven)
	assert.Equal(t, "valid", x.Token.State)
	assert.Equal(t, &management.ScopeFact{Had: []string{"a"}, Needed: []string{"b"}}, x.Scopes)
	assert.Equal(t, &management.NamedFact{Kind: "channel", Missing: true}, x.Refused)
	assert.Equal(t, &management.ParameterFact{Name: "mvpd", In: "form"}, x.Missing)
	assert.Equal(t, []string{"client", "channel"}, kindsOf(x.Kills), "each once, and none of a proxy MVPD")
	assert.Equal(t, "ann", x.Kills[0].By)
	assert.Equal(t, "stolen", x.Kills[0].Reason)
	assert.Empty(t, x.Incomplete)

	w.store.away.Store(true)
	x, err = w.Explain(within(t), ann, trace)
	require.NoError(t, err, "the outage may be what is to be explained")
	assert.Equal(t, []string{"client", "channel"}, kindsOf(x.Kills))
	assert.Empty(t, x.Kills[0].By)
	assert.NotEmpty(t, x.Incomplete)
}

func TestTheClientOfATokenRequestIsLookedUp(t *testing.T) {
	w := newWorld(t)
	app := w.create(t, nil)
	c := w.client(t, app.ID, uuid.New(), nil)
	w.revoke(t, "application", app.ID.String())
	e := explain.Entry{Decider: explain.Tokens, Reason: string(oauth.ApplicationRevoked), Facts: explain.Facts{Subject: revocation.Subject{ClientID: c.ID}}}
	x := w.Describe(within(t), &e)
	assert.Equal(t, app.ID, x.Caller.ApplicationID)
	assert.Equal(t, c.StatementID, x.Caller.StatementID)
	assert.True(t, x.Caller.Application.Revoked)
	assert.Equal(t, []string{"application"}, kindsOf(x.Kills))

	e.Subject.ClientID = uuid.New()
	x = w.Describe(within(t), &e)
	assert.Equal(t, e.Subject.ClientID, x.Caller.ClientID, "nobody knows it; that is no fault")
	assert.Nil(t, x.Caller.Application)
	assert.Empty(t, x.Incomplete)

	w.store.away.Store(true)
	assert.NotEmpty(t, w.Describe(within(t), &e).Incomplete)
}

func TestAnApplicationOfTheConfigurationIsShown(t *testing.T) {
	w := newWorld(t)
	a := w.declare()
	x := w.Describe(within(t), &explain.Entry{Facts: explain.Facts{Subject: revocation.Subject{ApplicationID: a.ID}}})
	assert.True(t, x.Caller.Application.Declared)
}

// A route that asks for no token has no token's time to compare a kill with.
func TestTheKillOfAnOpenRoutesChannelIsFound(t *testing.T) {
	w := newWorld(t)
	w.revoke(t, "channel", "CNN")
	e := explain.Entry{
		At: time.Now().UnixMilli(), Decider: explain.Guard, Reason: string(guard.ChannelRevoked),
		Facts: explain.Facts{Named: []endpoint.Named{{Names: plugins.NamesChannel, Value: "CNN"}}},
	}
	assert.Equal(t, []string{"channel"}, kindsOf(w.Describe(within(t), &e).Kills))
	_, err := w.Unrevoke(within(t), by("ann"), "channel", "CNN")
	require.NoError(t, err)
	kills := w.Describe(within(t), &e).Kills
	require.Len(t, kills, 1, "it was the reason then")
	assert.NotZero(t, kills[0].LiftedAt)
	e.At = time.Now().Add(time.Minute).UnixMilli()
	assert.Empty(t, w.Describe(within(t), &e).Kills)
}

func TestNothingIsKnownOfATrace(t *testing.T) {
	w := newWorld(t)
	w.Refusals = remembered{err: explain.ErrUnknown}
	_, err := w.Explain(within(t), ann, uuid.New())
	assertFault(t, management.NotFound, "trace", "nothing is remembered", err)
	w.Refusals = remembered{err: errors.New("dial tcp 192.0.2.1:6379")}
	_, err = w.Explain(within(t), ann, uuid.New())
	assertFault(t, management.Unavailable, "", "the state is not available", err)
}

func TestEveryReasonIsSummedUp(t *testing.T) {
	w := newWorld(t)
	decided := func(by explain.Decider, reason string) management.Decided {
		x := w.Describe(within(t), &explain.Entry{Decider: by, Reason: reason})
		assert.NotEmpty(t, x.Means, reason)
		assert.NotEmpty(t, x.Advice, reason)
		return x.Decision
	}
	for _, reason := range guard.Reasons {
		want := management.DecidedRefused
		switch reason.Class() {
		case guard.Pass:
			want = management.DecidedAllowed
		case guard.Fault:
			want = management.DecidedUnavailable
		}
		assert.Equal(t, want, decided(explain.Guard, string(reason)), reason)
	}
	for _, outcome := range registration.Outcomes {
		want := management.DecidedRefused
		switch outcome {
		case registration.Registered:
			want = management.DecidedAllowed
		case registration.Unavailable:
			want = management.DecidedUnavailable
		}
		assert.Equal(t, want, decided(explain.Registration, string(outcome)), outcome)
	}
	for _, outcome := range oauth.Outcomes {
		want := management.DecidedRefused
		switch outcome {
		case oauth.TokenIssued:
			want = management.DecidedAllowed
		case oauth.Unavailable:
			want = management.DecidedUnavailable
		}
		assert.Equal(t, want, decided(explain.Tokens, string(outcome)), outcome)
	}
	for _, outcome := range registration.ManagedOutcomes {
		want := management.DecidedRefused
		switch outcome {
		case registration.ManagedRead, registration.ManagedEnded:
			want = management.DecidedAllowed
		case registration.ManagedUnavailable:
			want = management.DecidedUnavailable
		}
		assert.Equal(t, want, decided(explain.Managed, string(outcome)), outcome)
	}
	assert.Equal(t, management.DecidedUnavailable, decided(explain.Guard, "a reason of a later version"))
}

// A refusal is shown to those whose application was refused, where that is
// proven: anybody can claim to be somebody's client.
func TestARefusalIsItsApplicationsAffair(t *testing.T) {
	w := newWorld(t)
	w.settle(t)
	own := w.belongings(t, "REF", "REF30")
	trace := uuid.New()
	entry := explain.Entry{Trace: trace, Decider: explain.Guard, Reason: string(guard.ClientRevoked), Facts: explain.Facts{
		Subject: revocation.Subject{ApplicationID: own.app}, Proven: true,
	}}
	w.Refusals = remembered{entry: entry}
	for _, who := range []access.Actor{ann, reader, refAdmin, refReader, ref30Admin} {
		_, err := w.Explain(within(t), who, trace)
		assert.NoError(t, err, who.Name)
	}
	_, err := w.Explain(within(t), foxAdmin, trace)
	assertFault(t, management.NotFound, "trace", "nothing is remembered", err)
	entry.Proven = false
	w.Refusals = remembered{entry: entry}
	_, err = w.Explain(within(t), refAdmin, trace)
	assertFault(t, management.NotFound, "trace", "nothing is remembered", err)
	_, err = w.Explain(within(t), access.Actor{}, trace)
	assertFault(t, management.Forbidden, "", "refusal.show", err)
}

// Anybody can name the channels of others, and must not learn by that whether
// they were stopped, by whom and why.
func TestARefusalTellsNobodyOfTheStopsOfOthersChannels(t *testing.T) {
	w := newWorld(t)
	w.settle(t)
	own := w.belongings(t, "REF", "REF30")
	for _, channel := range []string{"REF30", "FOX1", "IMPLIED"} {
		w.revoke(t, "channel", channel)
	}
	trace := uuid.New()
	w.Refusals = remembered{entry: explain.Entry{
		Trace: trace, At: 1, Decider: explain.Guard, Reason: string(guard.ChannelRevoked), Facts: explain.Facts{
			Subject: revocation.Subject{ApplicationID: own.app, TokenIssuedAt: 1}, Proven: true,
			Named: []endpoint.Named{
				{Names: plugins.NamesChannel, Value: "REF30"}, {Names: plugins.NamesChannel, Value: "FOX1"}, {Names: plugins.NamesChannel, Value: "IMPLIED"},
			},
		},
	}}
	for _, c := range []struct {
		who  access.Actor
		want []string
	}{{ann, []string{"REF30", "FOX1", "IMPLIED"}}, {refAdmin, []string{"REF30"}}, {ref30Admin, []string{"REF30"}}} {
		x, err := w.Explain(within(t), c.who, trace)
		require.NoError(t, err)
		var of []string
		for _, kill := range x.Kills {
			of = append(of, kill.ID)
		}
		assert.Equal(t, c.want, of, c.who.Name)
	}
}
