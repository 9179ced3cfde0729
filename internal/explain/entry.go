// Package explain remembers why requests were refused, for whoever is asked
// about one of them.
package explain

import (
	"errors"
	"net/netip"

	"github.com/google/uuid"

	"github.com/caddy-dcr/caddy-dcr/internal/endpoint"
	"github.com/caddy-dcr/caddy-dcr/internal/revocation"
	"github.com/caddy-dcr/caddy-dcr/plugins"
)

// Decider is who decided. It says of which closed set the reason is.
type Decider string

const (
	// Guard gives a guard.Reason: in front of a protected API, and where the
	// issuer itself is shown an access token.
	Guard Decider = "guard"
	// Registration gives a registration.Outcome.
	Registration Decider = "registration"
	// Tokens gives an oauth.Outcome: the token endpoint, and every other of
	// the issuer's that has no set of its own.
	Tokens Decider = "token"
	// Managed gives a registration.Managed: where a client manages its own
	// registration.
	Managed Decider = "managed_registration"
)

// Deciders lists the closed set.
var Deciders = []Decider{Guard, Registration, Tokens, Managed}

// Entry is what is known of one decision. It holds no token, no secret and no
// statement; of the target it holds no query, where those can be.
type Entry struct {
	// Trace is what the client was given to ask by.
	Trace uuid.UUID
	// At is in Unix milliseconds by the gateway's own clock, which is that of
	// its log.
	At int64
	// Gateway is the name of the node that decided.
	Gateway string
	Decider Decider
	Reason  string
	// Status is that of the answer; zero where nobody was answered.
	Status int

	Method  string
	Path    string
	Profile string
	// Route is the pattern that claimed the path, if one did.
	Route   string
	Address netip.Addr

	Facts
}

// Facts are what the decision was made from, as far as it got. The texts that
// a client chose are cut to a bounded length where they are remembered.
type Facts struct {
	// Subject is whom the request was from.
	Subject revocation.Subject
	// Proven says that the subject was proven, by a signature or a secret.
	// Otherwise the request only said so.
	Proven bool
	// Token says what became of the access token; empty where none was looked
	// for.
	Token string
	// ExpiresAt is the end of the token, in Unix milliseconds.
	ExpiresAt int64
	// Had and Needed are scopes: those that there were, and those of which one,
	// or all that were asked for, had to be among them.
	Had, Needed []string
	// Named are the things that the application must be entitled to; Refused is
	// the one that it is not.
	Named   []endpoint.Named
	Refused endpoint.Named
	// Missing is the parameter that the request lacks.
	Missing plugins.Parameter
	// Detail says more where the reason alone leaves something open.
	Detail string
	// RetryAfter is the wait that was asked for, in milliseconds.
	RetryAfter int64
}

// About adds to an error of a service what was found out before it, and of
// which set its reason is.
func About(err error, decider Decider, facts Facts) error {
	if err == nil {
		return nil
	}
	return &about{err, decider, facts}
}

type about struct {
	error
	decider Decider
	facts   Facts
}

func (a *about) Unwrap() error { return a.error }

// FactsOf finds what [About] added.
func FactsOf(err error) (Decider, Facts) {
	var found *about
	if errors.As(err, &found) {
		return found.decider, found.facts
	}
	return Tokens, Facts{}
}
