package oauth

import (
	"errors"

	"github.com/google/uuid"

	"github.com/caddy-dcr/caddy-dcr/internal/oautherr"
	"github.com/caddy-dcr/caddy-dcr/internal/revocation"
)

// Outcome says what came of a request for a token. The set is closed: it is a
// metric's label.
type Outcome string

const (
	// TokenIssued is success.
	TokenIssued Outcome = "issued"
	// RequestInvalid is a request that could not be read, or came too early
	// or by the wrong method.
	RequestInvalid Outcome = "request_invalid"
	// GrantUnsupported is any grant but client credentials.
	GrantUnsupported Outcome = "grant_unsupported"
	// MethodUnsupported is a way of client authentication that we do not offer.
	MethodUnsupported Outcome = "auth_method_unsupported"
	// ClientUnknown and the next two look the same to the client.
	ClientUnknown  Outcome = "client_unknown"
	SecretWrong    Outcome = "secret_wrong"
	SignatureWrong Outcome = "signature_wrong"
	// AssertionInvalid is a client assertion that nobody could have signed so,
	// and AssertionReplayed one that was used before.
	AssertionInvalid  Outcome = "assertion_invalid"
	AssertionReplayed Outcome = "assertion_replayed"
	// ClientRevoked and the next are clients that are revoked, or descend from
	// what is.
	ClientRevoked      Outcome = "client_revoked"
	StatementRevoked   Outcome = "statement_revoked"
	ApplicationRevoked Outcome = "application_revoked"
	PlatformRevoked    Outcome = "platform_revoked"
	IssuerRevoked      Outcome = "issuer_revoked"
	// ScopeRefused is a scope that the application does not have.
	ScopeRefused Outcome = "scope_refused"
	// Throttled is one guess too many.
	Throttled Outcome = "throttled"
	// Unavailable is a fault of ours.
	Unavailable Outcome = "unavailable"
)

// Outcomes lists the closed set.
var Outcomes = []Outcome{
	TokenIssued, RequestInvalid, GrantUnsupported, MethodUnsupported, ClientUnknown, SecretWrong, SignatureWrong,
	AssertionInvalid, AssertionReplayed, ClientRevoked, StatementRevoked, ApplicationRevoked, PlatformRevoked, IssuerRevoked, ScopeRefused, Throttled, Unavailable,
}

// refusal is a protocol error that remembers its outcome.
type refusal struct {
	outcome Outcome
	client  uuid.UUID // of whom; nil where nobody can say
	err     *oautherr.Error
	// proven is who it was from, where that was proven.
	proven *revocation.Subject
}

func (r *refusal) Error() string { return string(r.outcome) + ": " + r.err.Error() }

func (r *refusal) Unwrap() error { return r.err }

// refused makes the protocol error of an outcome that the service decides. All
// ways to be no valid client look alike.
func refused(outcome Outcome, client uuid.UUID) *refusal {
	if outcome == ScopeRefused {
		return &refusal{outcome: outcome, client: client,
			err: oautherr.New(oautherr.InvalidScope, "a scope was asked for that the client was not granted")}
	}
	return &refusal{outcome: outcome, client: client,
		err: oautherr.New(oautherr.InvalidClient, "the client is not known here, or not any more: register again")}
}

// refusedTo is [refused] to somebody who has proven to be the client.
func refusedTo(outcome Outcome, proven revocation.Subject) error {
	err := refused(outcome, proven.ClientID)
	err.proven = &proven
	return err
}

// ProvenOf says whom a refused request was from, where that was proven.
func ProvenOf(err error) (revocation.Subject, bool) {
	var r *refusal
	if errors.As(err, &r) && r.proven != nil {
		return *r.proven, true
	}
	return revocation.Subject{}, false
}

// ClientOf says whom a refused request was from, or said to be from.
func ClientOf(err error) uuid.UUID {
	var r *refusal
	if errors.As(err, &r) {
		return r.client
	}
	return uuid.Nil
}

// OutcomeOf says what came of a request whose reading or answering returned err.
func OutcomeOf(err error) Outcome {
	if err == nil {
		return TokenIssued
	}
	var r *refusal
	if errors.As(err, &r) {
		return r.outcome
	}
	switch oautherr.From(err).Code {
	case oautherr.UnsupportedGrantType:
		return GrantUnsupported
	case oautherr.InvalidClient:
		return MethodUnsupported
	case oautherr.TooManyRequests:
		return Throttled
	case oautherr.InvalidRequest, oautherr.MethodNotAllowed, oautherr.TooEarly:
		return RequestInvalid
	default:
		return Unavailable
	}
}

// killedOutcome says which outcome the kill of a client or its ancestor has.
func killedOutcome(kind revocation.Kind) Outcome {
	switch kind {
	case revocation.Application:
		return ApplicationRevoked
	case revocation.Statement:
		return StatementRevoked
	case revocation.Platform:
		return PlatformRevoked
	case revocation.Issuer:
		return IssuerRevoked
	default:
		return ClientRevoked
	}
}
