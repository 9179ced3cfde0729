package management

import (
	"time"

	"github.com/google/uuid"

	"github.com/caddy-dcr/caddy-dcr/internal/explain"
	"github.com/caddy-dcr/caddy-dcr/internal/guard"
	"github.com/caddy-dcr/caddy-dcr/internal/oauth"
	"github.com/caddy-dcr/caddy-dcr/internal/registration"
)

// Decided sums a reason up.
type Decided string

const (
	// DecidedAllowed let the request through, or gave what it asked for.
	DecidedAllowed Decided = "allowed"
	// DecidedRefused is the caller's fault, or an operator's wish.
	DecidedRefused Decided = "refused"
	// DecidedUnavailable is a fault of ours.
	DecidedUnavailable Decided = "unavailable"
)

// Explanation says why a request was decided as it was.
type Explanation struct {
	// Trace is what the client was given to ask by; absent for a request that
	// was only tried out.
	Trace uuid.UUID `json:"trace,omitzero"`
	At    time.Time `json:"at,omitzero"`
	// Gateway is the one that decided.
	Gateway string `json:"gateway,omitempty"`
	// DecidedBy is `guard`, `registration` or `token`.
	DecidedBy explain.Decider `json:"decided_by"`
	Decision  Decided         `json:"decision"`
	Reason    string          `json:"reason"`
	// Means says what the reason means, and Advice what can be done.
	Means  string `json:"means"`
	Advice string `json:"advice"`
	// Status is that of the answer.
	Status int        `json:"status,omitempty"`
	Asked  AskedFor   `json:"asked"`
	Caller CallerFact `json:"caller"`
	Token  *TokenFact `json:"token,omitempty"`
	Scopes *ScopeFact `json:"scopes,omitempty"`
	// Named lists what the application must be entitled to, and Refused is the
	// one that it is not.
	Named   []NamedFact `json:"named,omitempty"`
	Refused *NamedFact  `json:"refused,omitempty"`
	// Missing is the parameter that the request lacks.
	Missing *ParameterFact `json:"missing,omitempty"`
	// Detail says more where the reason leaves something open.
	Detail string `json:"detail,omitempty"`
	// RetryAfterMilliseconds is the wait that was asked for.
	RetryAfterMilliseconds int64 `json:"retry_after_ms,omitempty"`
	// Kills lists what stops the caller or a channel now.
	Kills []Kill `json:"kills,omitempty"`
	// Incomplete says what could not be found out about it.
	Incomplete string `json:"incomplete,omitempty"`
}

// AskedFor is what was asked. It has no query, since that may hold secrets.
type AskedFor struct {
	Method  string `json:"method,omitempty"`
	Path    string `json:"path,omitempty"`
	Profile string `json:"profile,omitempty"`
	Route   string `json:"route,omitempty"`
	Address string `json:"address,omitempty"`
}

// CallerFact is who asked.
type CallerFact struct {
	// Proven is false where the request only said so.
	Proven   bool      `json:"proven"`
	ClientID uuid.UUID `json:"client_id,omitzero"`
	// Application is the one that it descends from, as it is now.
	ApplicationID   uuid.UUID    `json:"application_id,omitzero"`
	Application     *Application `json:"application,omitempty"`
	StatementID     uuid.UUID    `json:"statement_id,omitzero"`
	StatementIssuer string       `json:"statement_issuer,omitempty"`
	Platform        string       `json:"platform,omitempty"`
	RegisteredAt    time.Time    `json:"registered_at,omitzero"`
}

// TokenFact is what became of the access token.
type TokenFact struct {
	// State is `absent`, `repeated`, `malformed`, `invalid`, `expired`,
	// `unavailable`, `withheld` (nobody looked at it, since too many forged ones
	// came from its address) or `valid`.
	State     string    `json:"state"`
	ID        uuid.UUID `json:"id,omitzero"`
	IssuedAt  time.Time `json:"issued_at,omitzero"`
	ExpiresAt time.Time `json:"expires_at,omitzero"`
}

// ScopeFact compares scopes.
type ScopeFact struct {
	Had    []string `json:"had"`
	Needed []string `json:"needed"`
}

// NamedFact is something that the request names.
type NamedFact struct {
	// Kind is `channel`, `programmer` or `proxy_mvpd`.
	Kind string `json:"kind"`
	Name string `json:"name,omitempty"`
	// Missing says that the request had to name one, and did not.
	Missing bool `json:"missing,omitempty"`
}

// ParameterFact is a parameter.
type ParameterFact struct {
	Name string `json:"name"`
	// In is `path`, `query` or `form`.
	In string `json:"in"`
}

// textsOf finds what a reason means in the set that it is of.
func textsOf(e *explain.Entry) (decided Decided, means, advice string) {
	var r interface{ Message() string }
	switch e.Decider {
	case explain.Registration:
		outcome := registration.Outcome(e.Reason)
		decided = decidedBy(outcome == registration.Registered, outcome == registration.Unavailable)
		r, advice = outcome, outcome.Advice()
	case explain.Tokens:
		outcome := oauth.Outcome(e.Reason)
		decided = decidedBy(outcome == oauth.TokenIssued, outcome == oauth.Unavailable)
		r, advice = outcome, outcome.Advice()
	case explain.Managed:
		outcome := registration.Managed(e.Reason)
		ended := outcome == registration.ManagedRead || outcome == registration.ManagedEnded
		decided = decidedBy(ended, outcome == registration.ManagedUnavailable)
		r, advice = outcome, outcome.Advice()
	default:
		reason := guard.Reason(e.Reason)
		decided = decidedBy(reason.Class() == guard.Pass, reason.Class() == guard.Fault)
		r, advice = reason, reason.Advice()
	}
	return decided, r.Message(), advice
}

func decidedBy(allowed, unavailable bool) Decided {
	switch {
	case allowed:
		return DecidedAllowed
	case unavailable:
		return DecidedUnavailable
	default:
		return DecidedRefused
	}
}
