package oauth

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/caddy-dcr/caddy-dcr/internal/oautherr"
	"github.com/caddy-dcr/caddy-dcr/internal/wire"
)

// AboutRequest is a well-formed request about a token: to revoke it (RFC 7009
// section 2.1) or to say what it is worth (RFC 7662 section 2.1).
type AboutRequest struct {
	Credentials

	token string
}

// String keeps secret and token out of whatever prints the request.
func (q AboutRequest) String() string {
	return fmt.Sprintf("request of client %q about a token", q.ClientID)
}

// GoString does so for %#v.
func (q AboutRequest) GoString() string { return q.String() }

// The token_type_hint is not among them: there is one type of token, and a
// hint may be ignored.
var ofAboutRequest = append([]parameter{pToken}, authentication...)

// ReadAboutRequest reads a request about a token. Errors are protocol errors.
func ReadAboutRequest(r *http.Request, p wire.Profile) (AboutRequest, error) {
	found, query, err := readParameters(r, p, ofAboutRequest)
	if err != nil {
		return AboutRequest{}, err
	}
	credentials, err := readCredentials(r.Header, p, found, query)
	if err != nil {
		return AboutRequest{}, err
	}
	if found[pToken] == "" {
		return AboutRequest{}, invalid("token is missing")
	}
	return AboutRequest{Credentials: credentials, token: found[pToken]}, nil
}

// ErrNoToken says that a token is none of ours, has expired or was revoked.
var ErrNoToken = errors.New("no token that is worth anything")

// About answers requests about tokens. All fields but Servers must be set.
type About struct {
	*Service
	// Audience is that of the tokens.
	Audience string
	// Find says what a token is worth. The error wraps ErrNoToken when, and
	// only when, it is worth nothing. A server that asks is not held to be the
	// one who forged what it was shown.
	Find func(ctx context.Context, token string, server bool) (Presented, error)
	// Kill revokes a token. The error is a fault of ours, and the token may be
	// revoked all the same.
	Kill func(ctx context.Context, p Presented) error
	// Servers are those that may ask about every token.
	Servers Servers
}

// AboutOutcome says what came of a request about a token. The sets are closed:
// they are a metric's label.
type AboutOutcome string

const (
	// AboutRevoked is a token that its client revoked.
	AboutRevoked AboutOutcome = "revoked"
	// AboutActive is a token that is worth something.
	AboutActive AboutOutcome = "active"
	// AboutInactive is one that is worth nothing, or not any more.
	AboutInactive AboutOutcome = "inactive"
	// AboutForeign is a token of another client than the one that asked.
	AboutForeign AboutOutcome = "foreign"
	// AboutInvalid is a request that could not be read, or came too early or
	// by the wrong method.
	AboutInvalid AboutOutcome = "request_invalid"
	// AboutDenied is a client, or a resource server, that is not who it says.
	AboutDenied AboutOutcome = "client_invalid"
	// AboutThrottled is one guess too many.
	AboutThrottled AboutOutcome = "throttled"
	// AboutUnavailable is a fault of ours.
	AboutUnavailable AboutOutcome = "unavailable"
)

// RevocationOutcomes and IntrospectionOutcomes list the closed sets.
var (
	RevocationOutcomes = []AboutOutcome{
		AboutRevoked, AboutInactive, AboutForeign, AboutInvalid, AboutDenied, AboutThrottled, AboutUnavailable,
	}
	IntrospectionOutcomes = []AboutOutcome{
		AboutActive, AboutInactive, AboutForeign, AboutInvalid, AboutDenied, AboutThrottled, AboutUnavailable,
	}
)

// AboutOutcomeOf says what came of a request that ended in err, and would have
// ended as done.
func AboutOutcomeOf(err error, done AboutOutcome) AboutOutcome {
	if err == nil {
		return done
	}
	switch oautherr.From(err).Code {
	case oautherr.InvalidClient:
		return AboutDenied
	case oautherr.TooManyRequests:
		return AboutThrottled
	case oautherr.InvalidRequest, oautherr.MethodNotAllowed, oautherr.TooEarly:
		return AboutInvalid
	default:
		return AboutUnavailable
	}
}

// Revoke revokes a client's own token (RFC 7009 section 2.1). To revoke what is
// worth nothing succeeds (section 2.2); so does revoking another client's
// token, which stays alive: the answer is not to tell whether there is one.
func (a *About) Revoke(ctx context.Context, q AboutRequest) (AboutOutcome, error) {
	client, err := a.Authenticate(ctx, q.Credentials)
	if err != nil {
		return "", err
	}
	p, err := a.Find(ctx, q.token, false)
	switch {
	case errors.Is(err, ErrNoToken):
		return AboutInactive, nil
	case err != nil:
		return "", fmt.Errorf("looking for a token that client %s revokes: %w", client.ID, err)
	case p.ClientID != client.ID:
		return AboutForeign, nil
	}
	if err := a.Kill(ctx, p); err != nil {
		return "", fmt.Errorf("revoking token %s of client %s: %w", p.TokenID, client.ID, err)
	}
	return AboutRevoked, nil
}
