package metrics

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/caddy-dcr/caddy-dcr/internal/device"
	"github.com/caddy-dcr/caddy-dcr/internal/oautherr"
	"github.com/caddy-dcr/caddy-dcr/internal/registration"
)

// TokenOutcome says what came of a request for an access token. The set is
// closed: it is a label.
type TokenOutcome string

const (
	TokenIssued          TokenOutcome = "issued"
	TokenRequestInvalid  TokenOutcome = "request_invalid"
	TokenClientInvalid   TokenOutcome = "client_invalid"
	TokenClientForbidden TokenOutcome = "client_unauthorized"
	TokenGrantUnknown    TokenOutcome = "grant_unsupported"
	TokenScopeInvalid    TokenOutcome = "scope_invalid"
	TokenThrottled       TokenOutcome = "throttled"
	TokenUnavailable     TokenOutcome = "unavailable"
)

// TokenOutcomes lists the closed set.
var TokenOutcomes = []TokenOutcome{
	TokenIssued, TokenRequestInvalid, TokenClientInvalid, TokenClientForbidden,
	TokenGrantUnknown, TokenScopeInvalid, TokenThrottled, TokenUnavailable,
}

// TokenOutcomeOf says what came of a request for a token that ended in err.
func TokenOutcomeOf(err error) TokenOutcome {
	if err == nil {
		return TokenIssued
	}
	switch oautherr.From(err).Code {
	case oautherr.InvalidRequest, oautherr.MethodNotAllowed, oautherr.TooEarly:
		return TokenRequestInvalid
	case oautherr.InvalidClient:
		return TokenClientInvalid
	case oautherr.UnauthorizedClient:
		return TokenClientForbidden
	case oautherr.UnsupportedGrantType:
		return TokenGrantUnknown
	case oautherr.InvalidScope:
		return TokenScopeInvalid
	case oautherr.TooManyRequests:
		return TokenThrottled
	default:
		return TokenUnavailable
	}
}

// issuing counts what the client endpoints do.
type issuing struct {
	registrations counters[registration.Outcome]
	registering   prometheus.Histogram
	tokens        counters[TokenOutcome]
	tokenIssuing  prometheus.Histogram
	sources       counters[device.Source]
	mismatches    prometheus.Counter
}

func (i *issuing) make() []prometheus.Collector {
	var registrations, tokens, sources prometheus.Collector
	i.registrations, registrations = newCounters("registrations_total",
		"Requests to register a client, by what came of them.", "outcome", registration.Outcomes)
	i.registering = newHistogram("registration_duration_seconds",
		"How long requests to register a client took, refused ones included.", callBuckets)
	i.tokens, tokens = newCounters("tokens_total",
		"Requests for an access token, by what came of them.", "outcome", TokenOutcomes)
	i.tokenIssuing = newHistogram("token_duration_seconds",
		"How long requests for an access token took, refused ones included.", callBuckets)
	i.sources, sources = newCounters("device_source_total",
		"Requests to register a client, by what told the device's platform.", "source", device.Sources)
	i.mismatches = newCounter("platform_mismatches_total",
		"Registrations from a platform that the application is not meant for.")
	return []prometheus.Collector{registrations, i.registering, tokens, i.tokenIssuing, sources, i.mismatches}
}

// Registered counts a request to register that began at start.
func (i *issuing) Registered(outcome registration.Outcome, start time.Time) {
	i.registrations.add(outcome)
	i.registering.Observe(time.Since(start).Seconds())
}

// TokenRequested counts a request for a token that began at start.
func (i *issuing) TokenRequested(outcome TokenOutcome, start time.Time) {
	i.tokens.add(outcome)
	i.tokenIssuing.Observe(time.Since(start).Seconds())
}

// DeviceDescribed counts what told the platform of a device.
func (i *issuing) DeviceDescribed(source device.Source) { i.sources.add(source) }

// PlatformMismatched counts a client on a platform that its application is not
// meant for.
func (i *issuing) PlatformMismatched() { i.mismatches.Inc() }
