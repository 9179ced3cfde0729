package caddymodule

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"time"

	"github.com/google/uuid"

	"github.com/caddy-dcr/caddy-dcr/internal/bearer"
	"github.com/caddy-dcr/caddy-dcr/internal/device"
	"github.com/caddy-dcr/caddy-dcr/internal/explain"
	"github.com/caddy-dcr/caddy-dcr/internal/forgery"
	"github.com/caddy-dcr/caddy-dcr/internal/identity"
	"github.com/caddy-dcr/caddy-dcr/internal/management"
	"github.com/caddy-dcr/caddy-dcr/internal/registration"
	"github.com/caddy-dcr/caddy-dcr/internal/wire"
)

// trials implements management.Trials. It decides by the services of the
// configuration, less what counts, limits or answers.
type trials struct{ services *services }

func newTrials(s *services) trials {
	unheard := func(forgery.Of) {}
	tokens, registering := *s.tokens, *s.registration
	tokens.forgeries = &forgery.Budget{Found: unheard, Refused: unheard}
	registering.Forgeries, registering.Limits = nil, nil
	return trials{&services{
		app: s.app, directory: s.directory, statements: s.statements, tokens: &tokens, registration: &registering,
	}}
}

// at decides about a request as the guard would.
func (t trials) at(g *Guard, r *http.Request) explain.Entry {
	twin := &Guard{
		ForwardAuthorization: g.ForwardAuthorization, Upgrade: g.Upgrade,
		services: t.services, table: g.table, finder: g.finder, metrics: g.metrics,
	}
	identity.Clean(r)
	identity.CleanConnection(r.Header)
	x := &exchange{guard: twin, w: unread{}, r: r, ctx: r.Context()}
	decision := x.decide()
	e := x.entry(&decision)
	if !decision.Allowed {
		e.Status = x.answer(unread{}, &decision)
	}
	t.services.situate(r, &e)
	return e
}

// unread is where an answer goes that nobody asked for.
type unread struct{}

func (unread) Header() http.Header         { return http.Header{} }
func (unread) Write(p []byte) (int, error) { return len(p), nil }
func (unread) WriteHeader(int)             {}

// Token implements management.Trials.
func (t trials) Token(ctx context.Context, raw string) explain.Entry {
	r := &http.Request{Header: http.Header{"Authorization": {"Bearer " + raw}}}
	presented, err := bearer.Extract(r, "")
	j := t.services.judge(ctx, presented.Raw, tokenState(err))
	e := j.entry(uuid.Nil)
	e.At, e.Gateway = time.Now().UnixMilli(), t.services.app.backing.nodes.Name
	return e
}

// Statement implements management.Trials.
func (t trials) Statement(ctx context.Context, q management.StatementTrial) explain.Entry {
	asked := struct {
		Statement    string   `json:"software_statement"`
		RedirectURIs []string `json:"redirect_uris,omitempty"`
	}{q.Statement, q.RedirectURIs}
	body, _ := json.Marshal(asked) // strings cannot fail
	r := (&http.Request{
		Method: http.MethodPost, URL: &url.URL{Path: "/o/client/register"},
		Header: http.Header{"Content-Type": {"application/json"}}, Body: io.NopCloser(bytes.NewReader(body)),
	}).WithContext(ctx)
	request, err := registration.ReadRequest(r, wire.Adobe)
	if q.Platform != "" {
		request.Device.Platform = device.Platform(q.Platform)
	}
	var j registration.Judgement
	if err == nil {
		j, err = t.services.registration.Judge(ctx, request)
	}
	outcome := string(registration.OutcomeOf(err))
	e := explain.Entry{Decider: explain.Registration, Reason: outcome, Facts: t.services.factsOfRegistration(request)}
	if err != nil {
		e = failure(uuid.Nil, t.services.aboutRegistration(err, request), outcome)
		e.Status = wire.Adobe.StatusOf(r, err)
	} else if j.OffPlatform {
		e.Detail = "the application is not meant for the platform, which is only counted"
	}
	t.services.situate(r, &e)
	return e
}

var _ management.Trials = trials{}
