package caddymodule

import (
	"context"

	"github.com/google/uuid"

	"github.com/caddy-dcr/caddy-dcr/internal/explain"
	"github.com/caddy-dcr/caddy-dcr/internal/guard"
	"github.com/caddy-dcr/caddy-dcr/plugins"
)

// judgement is what a token is worth by itself, whatever it is shown for.
type judgement struct {
	known  knownToken
	token  guard.TokenState
	reason guard.Reason
}

// judge looks at a token as a guard does, and asks for no scope. The state is
// that of the header which ought to carry the token.
func (s *services) judge(ctx context.Context, raw string, state guard.TokenState) judgement {
	j := judgement{token: state}
	if state == guard.Valid {
		j.known, j.token = s.tokens.know(ctx, raw)
	}
	j.reason = guard.Decide(&guard.Facts{
		Route: &plugins.Route{}, AddressAllowed: true, Token: j.token,
		Killed: j.known.killed, Application: j.known.application,
	}).Reason
	if j.reason == guard.ScopeMissing {
		j.reason = guard.Allowed // every token may ask about itself
	}
	return j
}

func (j *judgement) entry(trace uuid.UUID) explain.Entry {
	return explain.Entry{Trace: trace, Decider: explain.Guard, Reason: string(j.reason), Facts: j.known.facts(j.token)}
}

// facts are what a token says of its client.
func (k *knownToken) facts(state guard.TokenState) explain.Facts {
	facts := explain.Facts{Token: state.String(), RetryAfter: k.wait.Milliseconds()}
	if k.why != nil {
		facts.Detail = k.why.Error()
	}
	if k.Lineage != nil {
		facts.Subject, facts.Proven, facts.ExpiresAt, facts.Had = k.subject(), true, k.ExpiresAt, k.Scopes.Values()
	}
	return facts
}
