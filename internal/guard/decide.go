// Package guard decides whether a request may pass, from facts that others
// have gathered.
package guard

import (
	"github.com/caddy-dcr/caddy-dcr/internal/application"
	"github.com/caddy-dcr/caddy-dcr/internal/endpoint"
	"github.com/caddy-dcr/caddy-dcr/internal/revocation"
	"github.com/caddy-dcr/caddy-dcr/internal/scope"
	"github.com/caddy-dcr/caddy-dcr/plugins"
)

// TokenState is what became of the token.
type TokenState uint8

const (
	// Absent is the zero value: whoever forgets to look has no token.
	Absent TokenState = iota
	Repeated
	Malformed
	Invalid
	Expired
	// Withheld means that nobody looked at the token, since too many forged
	// ones came from the same address.
	Withheld
	// Unavailable means that nobody can say, because the state is too old.
	Unavailable
	// Valid means that signature, issuer, audience and times are right.
	Valid
)

// String is the state for those who read explanations and logs.
func (s TokenState) String() string {
	switch s {
	case Absent:
		return "absent"
	case Repeated:
		return "repeated"
	case Malformed:
		return "malformed"
	case Invalid:
		return "invalid"
	case Expired:
		return "expired"
	case Valid:
		return "valid"
	case Withheld:
		return "withheld"
	default:
		return "unavailable"
	}
}

// Facts are all that a decision depends on. The zero value is refused.
type Facts struct {
	// Route is the one that claims the request.
	Route *plugins.Route
	// AddressAllowed says that the API may be called from where the request
	// comes from.
	AddressAllowed bool
	// Open says that the request needs no token, see [endpoint.Match.Open].
	Open  bool
	Token TokenState
	// Killed is the kind of a kill that stops the token or an ancestor of it;
	// empty when there is none.
	Killed revocation.Kind
	// ChannelKilled says that a channel which the request names is killed.
	ChannelKilled bool
	// Application is the token's; nil when it is not registered any more.
	Application *application.Application
	// Scopes are the token's.
	Scopes scope.Set
	// Missing is a parameter that the route cannot do without.
	Missing *plugins.Parameter
	// Named are the things that the application must be entitled to.
	Named []endpoint.Named
}

// Decision is the answer.
type Decision struct {
	Allowed bool
	Reason  Reason
	// Channel is the channel that an allowed request names, or the different
	// ones in their order, separated by commas. It is empty on open routes,
	// where nobody has checked what is named.
	Channel string
	// Refused is what the application is not entitled to; its value is the
	// client's words, so no metric takes it for a label.
	Refused endpoint.Named
	// Missing is the parameter that the client has to add.
	Missing *plugins.Parameter
}

// Decide asks for one thing after the other, from what concerns the caller to
// what concerns the request, so that a client with several faults learns first
// of the one that must be mended first.
func Decide(f *Facts) Decision {
	if f.Route == nil {
		return Refuse(RouteUnknown)
	}
	if !f.AddressAllowed {
		return Refuse(AddressNotAllowed)
	}
	if f.Open {
		return decideOpen(f)
	}
	if reason := tokenFault(f.Token); reason != "" {
		return Refuse(reason)
	}
	if f.Killed != "" {
		return Refuse(killed(f.Killed))
	}
	if f.ChannelKilled {
		return Refuse(ChannelRevoked)
	}
	if f.Application == nil {
		return Refuse(ApplicationUnknown)
	}
	if !f.Scopes.HasAny(f.Route.Scopes...) {
		return Refuse(ScopeMissing)
	}
	if f.Missing != nil {
		return Decision{Reason: ParameterMissing, Missing: f.Missing}
	}
	if len(f.Named) > endpoint.MaxNamed {
		return Decision{Reason: ChannelNotAssigned, Refused: f.Named[endpoint.MaxNamed]}
	}
	for i := range f.Named {
		if reason := notEntitled(f.Application, &f.Named[i]); reason != "" {
			return Decision{Reason: reason, Refused: f.Named[i]}
		}
	}
	return Decision{Allowed: true, Reason: Allowed, Channel: channels(f.Named)}
}

// decideOpen looks at nothing that comes with a token: not even at a token
// that somebody sent all the same. A channel that was killed stays killed.
func decideOpen(f *Facts) Decision {
	switch {
	case f.ChannelKilled:
		return Refuse(ChannelRevoked)
	case f.Missing != nil:
		return Decision{Reason: ParameterMissing, Missing: f.Missing}
	}
	return Decision{Allowed: true, Reason: OpenRoute}
}

// Refuse is the decision about a request for which it takes no facts.
func Refuse(reason Reason) Decision { return Decision{Reason: reason} }

// tokenFault is empty for a token that is in order.
func tokenFault(state TokenState) Reason {
	switch state {
	case Valid:
		return ""
	case Absent:
		return TokenAbsent
	case Repeated:
		return TokenRepeated
	case Malformed:
		return TokenMalformed
	case Invalid:
		return TokenInvalid
	case Expired:
		return TokenExpired
	case Withheld:
		return Throttled
	default:
		return StateUnavailable
	}
}

// killed maps the kind of a kill to its reason.
func killed(kind revocation.Kind) Reason {
	switch kind {
	case revocation.Token:
		return TokenRevoked
	case revocation.Key:
		return KeyRevoked
	case revocation.Client:
		return ClientRevoked
	case revocation.Statement:
		return StatementRevoked
	case revocation.Application:
		return ApplicationRevoked
	case revocation.Platform:
		return PlatformRevoked
	case revocation.Channel:
		return ChannelRevoked
	case revocation.Issuer:
		return IssuerRevoked
	default:
		// A kind of a newer node: it stops the request, but what the client
		// could do about it is not known here.
		return StateUnavailable
	}
}
