package registration

import (
	"errors"

	"github.com/caddy-dcr/caddy-dcr/internal/oautherr"
	"github.com/caddy-dcr/caddy-dcr/internal/revocation"
)

// Outcome says what came of a request to register. The set is closed: it is a
// metric's label.
type Outcome string

const (
	// Registered is success.
	Registered Outcome = "registered"
	// RequestInvalid is a request that could not be read, or came too early
	// or by the wrong method.
	RequestInvalid Outcome = "request_invalid"
	// RedirectRefused is a redirect URI that the application does not cover.
	RedirectRefused Outcome = "redirect_refused"
	// MetadataRefused is a wish that the gateway cannot grant, such as keys at
	// an address.
	MetadataRefused Outcome = "metadata_refused"
	// StatementInvalid is a statement that nobody trusted has signed so.
	StatementInvalid Outcome = "statement_invalid"
	// StatementRevoked and the next are well-signed statements that are
	// revoked, or descend from what is.
	StatementRevoked   Outcome = "statement_revoked"
	ApplicationRevoked Outcome = "application_revoked"
	PlatformRevoked    Outcome = "platform_revoked"
	IssuerRevoked      Outcome = "issuer_revoked"
	KeyRevoked         Outcome = "key_revoked"
	// ApplicationUnknown is a well-signed statement of no application here.
	ApplicationUnknown Outcome = "application_unknown"
	// PlatformRefused is a device that the application is not meant for, where
	// the operator enforces that.
	PlatformRefused Outcome = "platform_refused"
	// Throttled is one too many.
	Throttled Outcome = "throttled"
	// Unavailable is a fault of ours.
	Unavailable Outcome = "unavailable"
)

// Outcomes lists the closed set.
var Outcomes = []Outcome{
	Registered, RequestInvalid, RedirectRefused, MetadataRefused, StatementInvalid, StatementRevoked, ApplicationRevoked,
	PlatformRevoked, IssuerRevoked, KeyRevoked, ApplicationUnknown, PlatformRefused, Throttled, Unavailable,
}

// outcomes says how each refusal that the service itself decides looks to the
// client. Revoked and unknown look alike on purpose: what exists is nobody
// else's business.
var outcomes = map[Outcome]struct {
	code        oautherr.Code
	description string
}{
	RedirectRefused:    {oautherr.InvalidRedirectURI, "the application is not registered for this redirect URI"},
	StatementInvalid:   {oautherr.InvalidSoftwareStatement, "the software statement is not valid"},
	StatementRevoked:   {oautherr.UnapprovedSoftwareStatement, notApproved},
	ApplicationRevoked: {oautherr.UnapprovedSoftwareStatement, notApproved},
	PlatformRevoked:    {oautherr.UnapprovedSoftwareStatement, notForPlatform},
	IssuerRevoked:      {oautherr.UnapprovedSoftwareStatement, notApproved},
	KeyRevoked:         {oautherr.UnapprovedSoftwareStatement, notApproved},
	ApplicationUnknown: {oautherr.UnapprovedSoftwareStatement, notApproved},
	PlatformRefused:    {oautherr.UnapprovedSoftwareStatement, notForPlatform},
}

const (
	notApproved    = "the software statement is not approved for use here"
	notForPlatform = "the software statement is not approved for this platform"
)

// refusal is a protocol error that remembers its outcome.
type refusal struct {
	outcome Outcome
	err     *oautherr.Error
}

func (r *refusal) Error() string { return string(r.outcome) + ": " + r.err.Error() }

func (r *refusal) Unwrap() error { return r.err }

// OutcomeOf says what came of a request whose reading or registering returned err.
func OutcomeOf(err error) Outcome {
	if err == nil {
		return Registered
	}
	var r *refusal
	if errors.As(err, &r) {
		return r.outcome
	}
	switch oautherr.From(err).Code {
	case oautherr.TooManyRequests:
		return Throttled
	case oautherr.InvalidRequest, oautherr.MethodNotAllowed, oautherr.TooEarly:
		return RequestInvalid
	case oautherr.InvalidClientMetadata:
		return MetadataRefused
	default:
		return Unavailable
	}
}

// killedOutcome says which outcome the kill of an ancestor has.
func killedOutcome(kind revocation.Kind) Outcome {
	switch kind {
	case revocation.Application:
		return ApplicationRevoked
	case revocation.Platform:
		return PlatformRevoked
	case revocation.Issuer:
		return IssuerRevoked
	case revocation.Key:
		return KeyRevoked
	default:
		return StatementRevoked
	}
}
