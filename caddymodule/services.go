package caddymodule

import (
	"fmt"
	"sync/atomic"
	"time"

	"github.com/caddy-dcr/caddy-dcr/internal/census"
	"github.com/caddy-dcr/caddy-dcr/internal/jws"
	"github.com/caddy-dcr/caddy-dcr/internal/management"
	"github.com/caddy-dcr/caddy-dcr/internal/oauth"
	"github.com/caddy-dcr/caddy-dcr/internal/registration"
	"github.com/caddy-dcr/caddy-dcr/internal/state"
	"github.com/caddy-dcr/caddy-dcr/internal/statement"
	"github.com/caddy-dcr/caddy-dcr/plugins"
)

// services are what one configuration does, over the backing that it shares.
type services struct {
	app          *App
	directory    *directory
	statements   *statements
	tokens       *tokens
	registration *registration.Service
	oauth        *oauth.Service
	about        *oauth.About
	manager      *registration.Manager
	management   *management.Service
	walker       *census.Walker // nil where nobody counts
	throttle     *throttler
	watch        *watch
	samplers     *samplers
	origins      *originIndex
	complained   atomic.Int64           // the second of the last complaint
	unread       atomic.Int64           // the second in which a device's description was last logged as unread
	noticed      atomic.Pointer[string] // what proxy is not set up as it should be
}

// statements mints ours and judges everybody's.
type statements struct {
	statement.Minter
	*statement.Cached
}

func newServices(a *App) (*services, error) {
	owners, err := a.declaredRoster()
	if err != nil {
		return nil, err
	}
	declared, err := a.declaredApplications(owners)
	if err != nil {
		return nil, err
	}
	if err := a.attachBreakdown(declared); err != nil {
		return nil, err
	}
	s := &services{app: a, throttle: a.throttle, directory: &directory{
		Replica: a.backing.replica, declared: declared, staleness: time.Duration(a.Staleness),
	}}
	s.origins = &originIndex{directory: s.directory}
	if s.statements, err = newStatements(a); err != nil {
		return nil, err
	}
	if s.samplers, err = a.Events.samplers(); err != nil {
		return nil, err
	}
	forgeries, err := a.forgeryBudget()
	if err != nil {
		return nil, err
	}
	if s.watch, err = a.newWatch(); err != nil {
		return nil, err
	}
	s.tokens = newTokens(a, s.directory, forgeries, s.watch)
	records, keys := a.backing.records, a.backing.keys
	forIssuing := issuing{s.directory, keys}
	s.registration = &registration.Service{
		Statements: s.statements, State: forIssuing, Clients: records,
		Secrets: keys.Secrets, Issuer: a.Issuer, EnforcePlatforms: a.EnforcePlatforms, Forgeries: forgeries,
	}
	if err := s.boundClients(); err != nil {
		return nil, err
	}
	limits, err := a.guessLimits()
	if err != nil {
		return nil, err
	}
	s.oauth = &oauth.Service{
		State: forIssuing, Clients: records, Secrets: keys.Secrets, Tokens: s.tokens, Issuer: a.Issuer, Guesses: limits,
		Assertions: records, Uses: a.backing.uses, Forgeries: forgeries,
	}
	s.management = &management.Service{
		Records: records, Replica: a.backing.replica, Nodes: a.backing.nodes, Audit: a.backing.audit,
		Declared: declared, DeclaredProgrammers: owners.programmers, DeclaredChannels: owners.channels,
		Statements: s.statements, Mover: mover{a}, Issuer: a.Issuer,
		TokenLifetime: longestLifetime, Guarded: a.routes, Revoked: tellRevoked,
		Refusals: a.memory, Trials: newTrials(s),
		Census: a.backing.book.Latest, Keys: keys, Signing: a.signing(), Ahead: a.publishedAhead(), Examined: a.examine,
	}
	for _, t := range a.TrustedIssuers {
		s.management.TrustedIssuers = append(s.management.TrustedIssuers, t.Issuer)
	}
	return s, s.forClients(forIssuing)
}

func newStatements(a *App) (*statements, error) {
	trusted, err := a.trusted()
	if err != nil {
		return nil, err
	}
	keys, now := a.backing.keys, a.backing.replica.Now
	verifier := &statement.Verifier{
		Issuer: a.Issuer, Trusted: trusted, Now: now, Leeway: leeway,
		Keys: func(kid string) []*jws.Key {
			if key := keys.Verifying(state.KeyForStatements, kid); key != nil {
				return []*jws.Key{key}
			}
			return nil
		},
	}
	if err := verifier.Validate(); err != nil {
		return nil, err
	}
	algorithm := jws.Algorithm(a.Statements.Algorithm)
	if algorithm.Symmetric() {
		return nil, errSymmetric(algorithm)
	}
	return &statements{
		Minter: statement.Minter{Issuer: a.Issuer, Now: now, Key: func() *jws.Key { return keys.Signing(state.KeyForStatements, algorithm) }},
		Cached: &statement.Cached{Verifier: verifier, Checked: metricsOf.StatementChecked},
	}, nil
}

// ready returns nil while everything that decisions need is here: a state that
// is fresh enough, and keys that can be read and sign.
func (s *services) ready() error {
	keys := s.app.backing.keys
	if err := (issuing{s.directory, keys}).Fresh(); err != nil {
		return err
	}
	if keys.Signing(state.KeyForTokens, jws.Algorithm(s.app.Tokens.Algorithm)) == nil {
		return errNoKey
	}
	return nil
}

var errNoKey = fmt.Errorf("there is no key to sign tokens with yet: %w", plugins.ErrUnavailable)

func (a *App) management() *management.Service { return a.services.management }
