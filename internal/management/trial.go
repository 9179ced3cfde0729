package management

import (
	"context"
	"fmt"
	"strings"

	"github.com/caddy-dcr/caddy-dcr/internal/access"
	"github.com/caddy-dcr/caddy-dcr/internal/explain"
)

// RequestTrial is a request that an operator makes up. Its fields stand as they
// would stand on the wire.
type RequestTrial struct {
	Method string `json:"method"`
	// Path is the target: a path and perhaps a query.
	Path string `json:"path"`
	// Host is the site's, where it matters.
	Host string `json:"host,omitempty"`
	// Headers are lines such as "Accept: text/csv".
	Headers []string `json:"headers,omitempty"`
	// Token is an access token to send as the header Authorization.
	Token string `json:"token,omitempty"`
	// Body is sent as a form, unless a header says otherwise.
	Body string `json:"body,omitempty"`
	// From is the address that the request comes from.
	From string `json:"from,omitempty"`
	// Profile narrows the guards down to those of one API.
	Profile string `json:"profile,omitempty"`
}

// StatementTrial is a request to register, that an operator makes up.
type StatementTrial struct {
	Statement    string   `json:"software_statement"`
	RedirectURIs []string `json:"redirect_uris,omitempty"`
	// Platform is the device's.
	Platform string `json:"platform,omitempty"`
}

// Trial says what would come of something. Nothing has come of it.
type Trial struct {
	// Allowed says that every guard that claims the request lets it through.
	Allowed bool `json:"allowed"`
	// Results has one for each guard that claims the request; usually there is
	// one guard.
	Results []Explanation `json:"results"`
}

// Trials tries things out: by the code that decides about real requests, and
// without its effects.
type Trials interface {
	// Request tries a request out at every guard that claims it. Errors are the
	// request's: it is none.
	Request(ctx context.Context, q RequestTrial) ([]explain.Entry, error)
	Token(ctx context.Context, raw string) explain.Entry
	Statement(ctx context.Context, q StatementTrial) explain.Entry
}

// TryRequest says what the guards would do with a request.
func (s *Service) TryRequest(ctx context.Context, who access.Actor, q RequestTrial) (Trial, error) {
	if err := begin(who, access.TryOut); err != nil {
		return Trial{}, err
	}
	if q.Method == "" {
		return Trial{}, invalid("method", "got nothing, want a method", "such as GET")
	}
	if !strings.HasPrefix(q.Path, "/") {
		return Trial{}, invalid("path", fmt.Sprintf("got %q, want a path", q.Path), "such as /api/v2/REF30/configuration")
	}
	entries, err := s.Trials.Request(ctx, q)
	if err != nil {
		return Trial{}, invalid("", err.Error(), "")
	}
	return s.trial(ctx, entries...), nil
}

// TryToken says what an access token is worth by itself: it asks for no scope.
func (s *Service) TryToken(ctx context.Context, who access.Actor, raw string) (Trial, error) {
	if err := begin(who, access.TryOut); err != nil {
		return Trial{}, err
	}
	if raw = strings.TrimSpace(raw); raw == "" {
		return Trial{}, invalid("token", "got nothing, want an access token", "")
	}
	return s.trial(ctx, s.Trials.Token(ctx, raw)), nil
}

// TryStatement says whether a software statement would register a client.
func (s *Service) TryStatement(ctx context.Context, who access.Actor, q StatementTrial) (Trial, error) {
	if err := begin(who, access.TryOut); err != nil {
		return Trial{}, err
	}
	if q.Statement = strings.TrimSpace(q.Statement); q.Statement == "" {
		return Trial{}, invalid("software_statement", "got nothing, want a software statement", "the JWT that issuing one printed")
	}
	if q.Platform != "" {
		platform, err := s.Replica.Catalogue().Parse(q.Platform)
		if err != nil {
			return Trial{}, invalid("platform", strings.TrimPrefix(err.Error(), "platform: "), "")
		}
		q.Platform = string(platform)
	}
	return s.trial(ctx, s.Trials.Statement(ctx, q)), nil
}

func (s *Service) trial(ctx context.Context, entries ...explain.Entry) Trial {
	t := Trial{Allowed: true, Results: make([]Explanation, len(entries))}
	for i := range entries {
		t.Results[i] = s.Describe(ctx, &entries[i])
		t.Allowed = t.Allowed && t.Results[i].Decision == DecidedAllowed
	}
	return t
}
