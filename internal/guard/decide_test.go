package guard

import (
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/caddy-dcr/caddy-dcr/internal/application"
	"github.com/caddy-dcr/caddy-dcr/internal/endpoint"
	"github.com/caddy-dcr/caddy-dcr/internal/revocation"
	"github.com/caddy-dcr/caddy-dcr/internal/scope"
	"github.com/caddy-dcr/caddy-dcr/plugins"
)

func demo() *application.Application {
	return &application.Application{
		Programmer: "Demo", Channels: []string{"REF30", "REF40"}, ProxyMVPDs: []string{"proxy1"},
	}
}

func everything() *application.Application {
	return &application.Application{Programmer: "Demo", AllChannels: true}
}

func named(names plugins.Names, values ...string) []endpoint.Named {
	var all []endpoint.Named
	for _, value := range values {
		all = append(all, endpoint.Named{Names: names, Value: value, Missing: value == ""})
	}
	return all
}

// good are the facts of a request that passes.
func good() Facts {
	return Facts{
		Route:          &plugins.Route{Scopes: []string{"api:client:v2", "admin"}},
		AddressAllowed: true,
		Token:          Valid,
		Application:    demo(),
		Scopes:         scope.Must("api:client:v2"),
		Named:          named(plugins.NamesChannel, "REF30"),
	}
}

var parameter = &plugins.Parameter{In: plugins.InQuery, Name: "mvpd"}

// cases are the facts that lead to a reason, starting from good ones.
var cases = []struct {
	name   string
	change func(f *Facts)
	want   Reason
}{
	{"everything is in order", func(*Facts) {}, Allowed},
	{"another scope of the route is held", func(f *Facts) { f.Scopes = scope.Must("admin", "other") }, Allowed},
	{"nothing is named", func(f *Facts) { f.Named = nil }, Allowed},
	{"every channel is served", func(f *Facts) { f.Application, f.Named = everything(), named(plugins.NamesChannel, "CNN") }, Allowed},
	{"no channel is named where one ought to be, and every one is served", func(f *Facts) { f.Application, f.Named = everything(), named(plugins.NamesChannel, "") }, Allowed},
	{"the programmer is named", func(f *Facts) { f.Named = named(plugins.NamesProgrammer, "Demo") }, Allowed},
	{"a channel is named for the programmer", func(f *Facts) { f.Named = named(plugins.NamesProgrammer, "REF30") }, Allowed},
	{"no programmer is named where one ought to be, and every channel is served", func(f *Facts) { f.Application, f.Named = everything(), named(plugins.NamesProgrammer, "") }, Allowed},
	{"the proxy MVPD is bound", func(f *Facts) { f.Named = named(plugins.NamesProxyMVPD, "proxy1") }, Allowed},
	{"as many things are named as may be", func(f *Facts) { f.Named = slices.Repeat(f.Named, endpoint.MaxNamed) }, Allowed},

	{"the route is open", func(f *Facts) { *f = Facts{Route: f.Route, AddressAllowed: true, Open: true} }, OpenRoute},
	{"the route is open and the token dead", func(f *Facts) { f.Open, f.Token, f.Killed = true, Expired, revocation.Client }, OpenRoute},
	{"the route is open and the state unknown", func(f *Facts) { f.Open, f.Token = true, Unavailable }, OpenRoute},

	{"nothing is known", func(f *Facts) { *f = Facts{} }, RouteUnknown},
	{"there is no route", func(f *Facts) { f.Route = nil }, RouteUnknown},
	{"the address is not allowed", func(f *Facts) { f.AddressAllowed = false }, AddressNotAllowed},
	{"the address is not allowed on an open route", func(f *Facts) { f.AddressAllowed, f.Open = false, true }, AddressNotAllowed},

	{"nobody looked at the token", func(f *Facts) { *f = Facts{Route: f.Route, AddressAllowed: true} }, TokenAbsent},
	{"there is no token", func(f *Facts) { f.Token = Absent }, TokenAbsent},
	{"there are two tokens", func(f *Facts) { f.Token = Repeated }, TokenRepeated},
	{"the token is malformed", func(f *Facts) { f.Token = Malformed }, TokenMalformed},
	{"the token is invalid", func(f *Facts) { f.Token = Invalid }, TokenInvalid},
	{"the token has expired", func(f *Facts) { f.Token = Expired }, TokenExpired},
	{"nobody looked at the token", func(f *Facts) { f.Token = Withheld }, Throttled},
	{"the state is unknown", func(f *Facts) { f.Token = Unavailable }, StateUnavailable},
	{"the token's state is none of those", func(f *Facts) { f.Token = 200 }, StateUnavailable},

	{"the token is killed", func(f *Facts) { f.Killed = revocation.Token }, TokenRevoked},
	{"the client is killed", func(f *Facts) { f.Killed = revocation.Client }, ClientRevoked},
	{"the statement is killed", func(f *Facts) { f.Killed = revocation.Statement }, StatementRevoked},
	{"the application is killed", func(f *Facts) { f.Killed = revocation.Application }, ApplicationRevoked},
	{"the platform is killed", func(f *Facts) { f.Killed = revocation.Platform }, PlatformRevoked},
	{"the channel is killed", func(f *Facts) { f.Killed = revocation.Channel }, ChannelRevoked},
	{"a named channel is killed", func(f *Facts) { f.ChannelKilled = true }, ChannelRevoked},
	{"a named channel is killed on an open route", func(f *Facts) { f.ChannelKilled, f.Open = true, true }, ChannelRevoked},
	{"the issuer is killed", func(f *Facts) { f.Killed = revocation.Issuer }, IssuerRevoked},
	{"the key is killed", func(f *Facts) { f.Killed = revocation.Key }, KeyRevoked},
	{"something is killed that is not known here", func(f *Facts) { f.Killed = "galaxy" }, StateUnavailable},
	{"the application is gone", func(f *Facts) { f.Application = nil }, ApplicationUnknown},

	{"the scope is missing", func(f *Facts) { f.Scopes = scope.Must("api:client:v1") }, ScopeMissing},
	{"the token has no scope", func(f *Facts) { f.Scopes = scope.Set{} }, ScopeMissing},
	{"no scope opens the route", func(f *Facts) { f.Route = &plugins.Route{} }, ScopeMissing},
	{"a parameter is missing", func(f *Facts) { f.Missing = parameter }, ParameterMissing},
	{"a parameter is missing on an open route", func(f *Facts) { f.Missing, f.Open = parameter, true }, ParameterMissing},

	{"another channel is named", func(f *Facts) { f.Named = named(plugins.NamesChannel, "CNN") }, ChannelNotAssigned},
	{"a channel is named in another case", func(f *Facts) { f.Named = named(plugins.NamesChannel, "ref30") }, ChannelNotAssigned},
	{"another channel is named as well", func(f *Facts) { f.Named = named(plugins.NamesChannel, "REF30", "CNN") }, ChannelNotAssigned},
	{"no channel is named where one ought to be", func(f *Facts) { f.Named = named(plugins.NamesChannel, "") }, ChannelNotAssigned},
	{"a channel without a name is named", func(f *Facts) {
		f.Application, f.Named = everything(), []endpoint.Named{{Names: plugins.NamesChannel}}
	}, ChannelNotAssigned},
	{"more is named than may be", func(f *Facts) { f.Named = slices.Repeat(f.Named, endpoint.MaxNamed+1) }, ChannelNotAssigned},
	{"something is named that is not known here", func(f *Facts) { f.Named = named("galaxy", "REF30") }, ChannelNotAssigned},
	{"another programmer is named", func(f *Facts) { f.Named = named(plugins.NamesProgrammer, "Other") }, ProgrammerNotAssigned},
	{"another programmer is named by an application for all channels", func(f *Facts) {
		f.Application, f.Named = everything(), named(plugins.NamesProgrammer, "Other")
	}, ProgrammerNotAssigned},
	{"no programmer is named where one ought to be", func(f *Facts) { f.Named = named(plugins.NamesProgrammer, "") }, ProgrammerNotAssigned},
	{"another proxy MVPD is named", func(f *Facts) { f.Named = named(plugins.NamesProxyMVPD, "proxy2") }, ProxyMVPDNotBound},
	{"a proxy MVPD is named by an application for all channels", func(f *Facts) {
		f.Application, f.Named = everything(), named(plugins.NamesProxyMVPD, "proxy1")
	}, ProxyMVPDNotBound},
	{"no proxy MVPD is named where one ought to be", func(f *Facts) {
		f.Application, f.Named = everything(), named(plugins.NamesProxyMVPD, "")
	}, ProxyMVPDNotBound},
}

func TestARequestIsDecidedWhen(t *testing.T) {
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			facts := good()
			c.change(&facts)
			got := Decide(&facts)
			assert.Equal(t, c.want, got.Reason)
			assert.Equal(t, got.Reason.Class() == Pass, got.Allowed)
			if !got.Allowed {
				assert.Empty(t, got.Channel)
			}
		})
	}
}

// A client that has several faults learns of the first in this order.
func TestTheFirstFaultInOrderDecides(t *testing.T) {
	faults := []struct {
		spoil func(f *Facts)
		want  Reason
	}{
		{func(f *Facts) { f.Route = nil }, RouteUnknown},
		{func(f *Facts) { f.AddressAllowed = false }, AddressNotAllowed},
		{func(f *Facts) { f.Token = Expired }, TokenExpired},
		{func(f *Facts) { f.Killed = revocation.Client }, ClientRevoked},
		{func(f *Facts) { f.ChannelKilled = true }, ChannelRevoked},
		{func(f *Facts) { f.Application = nil }, ApplicationUnknown},
		{func(f *Facts) { f.Scopes = scope.Set{} }, ScopeMissing},
		{func(f *Facts) { f.Missing = parameter }, ParameterMissing},
		{func(f *Facts) { f.Named = named(plugins.NamesChannel, "CNN") }, ChannelNotAssigned},
	}
	for i := range faults {
		facts := good()
		for _, fault := range faults[i:] {
			fault.spoil(&facts)
		}
		assert.Equal(t, faults[i].want, Decide(&facts).Reason)
	}
}

func TestADecisionSaysWhatItIsAbout(t *testing.T) {
	facts := good()
	facts.Missing = parameter
	assert.Same(t, parameter, Decide(&facts).Missing)

	facts = good()
	facts.Named = named(plugins.NamesChannel, "REF30", "CNN")
	assert.Equal(t, endpoint.Named{Names: plugins.NamesChannel, Value: "CNN"}, Decide(&facts).Refused)
}

func TestTheChannelsOfAnAllowedRequestAreListed(t *testing.T) {
	for want, list := range map[string][]endpoint.Named{
		"":            nil,
		"REF30":       named(plugins.NamesChannel, "REF30", "REF30"),
		"REF30,REF40": append(named(plugins.NamesChannel, "REF30", "REF40", "REF30"), named(plugins.NamesProgrammer, "Demo")...),
	} {
		facts := good()
		facts.Named = list
		assert.Equal(t, want, Decide(&facts).Channel)
	}
	facts := good()
	facts.Application, facts.Named = everything(), named(plugins.NamesChannel, "", "CNN")
	assert.Equal(t, "CNN", Decide(&facts).Channel)
	facts.Open = true
	assert.Empty(t, Decide(&facts).Channel, "nobody has checked it")
}

func TestSomeRequestsAreRefusedWithoutFacts(t *testing.T) {
	assert.Equal(t, Decision{Reason: TargetAmbiguous}, Refuse(TargetAmbiguous))
}

func TestEveryKindOfKillHasItsReason(t *testing.T) {
	for _, kind := range revocation.Kinds {
		facts := good()
		facts.Killed = kind
		assert.Equal(t, Reason(fmt.Sprintf("%s_revoked", kind)), Decide(&facts).Reason)
	}
}

func TestADecisionCostsNoAllocation(t *testing.T) {
	facts := good()
	assert.Zero(t, testing.AllocsPerRun(100, func() { Decide(&facts) }))
}

func BenchmarkDecide(b *testing.B) {
	facts := good()
	b.ReportAllocs()
	for b.Loop() {
		if !Decide(&facts).Allowed {
			b.Fatal("refused")
		}
	}
}
