package metrics

import (
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/caddy-dcr/caddy-dcr/internal/device"
	"github.com/caddy-dcr/caddy-dcr/internal/oauth"
	"github.com/caddy-dcr/caddy-dcr/internal/registration"
	"github.com/caddy-dcr/caddy-dcr/internal/statement"
)

// slowCall is how long a registration or a token has to take to leave its trace
// in any case: the store makes one wait so long, not the gateway.
const slowCall = 50 * time.Millisecond

// issuing counts what the client endpoints do.
type issuing struct {
	registrations outcomes[registration.Outcome]
	registering   timed
	tokens        outcomes[oauth.Outcome]
	tokenIssuing  timed
	methods       counters[oauth.AuthMethod]
	platforms     counters[device.Platform]
	sources       counters[device.Source]
	mismatches    prometheus.Counter
	statements    counters[statement.Check]
}

func (i *issuing) build() []prometheus.Collector {
	var registrations, tokens, methods, platforms, sources, statements prometheus.Collector
	i.registrations, registrations = newOutcomes("registrations_total",
		"Requests to register a client, by what came of them.", "outcome", registration.Outcomes, registration.Registered)
	registering := newHistogram("registration_duration_seconds",
		"How long requests to register a client took, refused ones included.", callBuckets)
	i.registering.Observer, i.registering.slow = registering, slowCall
	i.tokens, tokens = newOutcomes("tokens_total",
		"Requests for an access token, by what came of them.", "outcome", oauth.Outcomes, oauth.TokenIssued)
	tokenIssuing := newHistogram("token_duration_seconds",
		"How long requests for an access token took, refused ones included.", callBuckets)
	i.tokenIssuing.Observer, i.tokenIssuing.slow = tokenIssuing, slowCall
	i.methods, methods = newCounters("token_auth_methods_total",
		"Requests for an access token that could be read, by how the client authenticates.", "method", oauth.AuthMethods)
	i.platforms, platforms = newCounters("registered_clients_total",
		"Clients registered, by the platform that they run on.", "platform", device.Platforms)
	i.sources, sources = newCounters("device_source_total",
		"Requests to register a client, by what told the device's platform.", "source", device.Sources)
	i.mismatches = newCounter("platform_mismatches_total",
		"Registrations from a platform that the application is not meant for.")
	i.statements, statements = newCounters("statement_checks_total",
		"Software statements looked at, by what came of it.", "result", statement.Checks)
	return []prometheus.Collector{
		registrations, registering, tokens, tokenIssuing, methods, platforms, sources, i.mismatches, statements,
	}
}

// Registered counts a request to register that began at start.
func (i *issuing) Registered(outcome registration.Outcome, start time.Time, trace Trace) {
	i.registrations.add(outcome, trace)
	i.registering.since(start, trace)
}

// TokenRequested counts a request for a token that began at start.
func (i *issuing) TokenRequested(outcome oauth.Outcome, start time.Time, trace Trace) {
	i.tokens.add(outcome, trace)
	i.tokenIssuing.since(start, trace)
}

// TokenRequestRead counts how a client authenticates at the token endpoint.
func (i *issuing) TokenRequestRead(method oauth.AuthMethod) { i.methods.add(method) }

// ClientRegistered counts a new client. offPlatform says that its application
// is not meant for the platform. Platforms of an operator's catalogue count as
// other ones: a label's values are a closed set.
func (i *issuing) ClientRegistered(platform device.Platform, offPlatform bool) {
	if !slices.Contains(device.Platforms, platform) {
		platform = device.Other
	}
	i.platforms.add(platform)
	if offPlatform {
		i.mismatches.Inc()
	}
}

// StatementChecked counts a software statement that was looked at.
func (i *issuing) StatementChecked(check statement.Check) { i.statements.add(check) }

// DeviceDescribed counts what told the platform of a device.
func (i *issuing) DeviceDescribed(source device.Source) { i.sources.add(source) }
