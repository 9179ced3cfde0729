package caddymodule

import (
	"context"
	"net/http"

	"github.com/google/uuid"

	"github.com/caddy-dcr/caddy-dcr/internal/metrics"
	"github.com/caddy-dcr/caddy-dcr/internal/oauth"
	"github.com/caddy-dcr/caddy-dcr/internal/wire"
)

// revoke ends a token for the client that holds it (RFC 7009).
func (s *standards) revoke(w http.ResponseWriter, r *http.Request, p wire.Profile) error {
	var outcome oauth.AboutOutcome
	request, err := s.readAbout(r, p)
	if late := s.throttleLate(w, r, claims{client: request.ClientID}); late != nil {
		err = late
	}
	if err == nil {
		ctx, cancel := context.WithTimeout(r.Context(), storeTimeout)
		defer cancel()
		outcome, err = s.about.Revoke(ctx, request)
	}
	outcome = oauth.AboutOutcomeOf(err, outcome)
	metricsOf.TokenGivenBack(outcome)
	if err != nil {
		return s.failAbout(w, r, p, err, request)
	}
	tell(r, func() *told { return toldAbout(w, request, outcome) })
	wire.WriteNothing(w, http.StatusOK)
	return nil
}

// introspect says what a token is worth (RFC 7662).
func (s *standards) introspect(w http.ResponseWriter, r *http.Request, p wire.Profile) error {
	var response oauth.Introspection
	var outcome oauth.AboutOutcome
	request, err := s.readAbout(r, p)
	if err == nil {
		ctx, cancel := context.WithTimeout(r.Context(), storeTimeout)
		defer cancel()
		response, outcome, err = s.about.Introspect(ctx, request)
	}
	outcome = oauth.AboutOutcomeOf(err, outcome)
	metricsOf.Introspected(outcome)
	if err != nil {
		return s.failAbout(w, r, p, err, request)
	}
	tell(r, func() *told { return toldAbout(w, request, outcome) })
	wire.WriteJSON(w, http.StatusOK, response)
	return nil
}

func (s *standards) readAbout(r *http.Request, p wire.Profile) (oauth.AboutRequest, error) {
	request, err := oauth.ReadAboutRequest(r, p)
	request.Address = clientAddress(r)
	return request, err
}

func (s *standards) failAbout(w http.ResponseWriter, r *http.Request, p wire.Profile, err error, q oauth.AboutRequest) error {
	return s.fail(w, r, p, aboutCredentials(err, q.Credentials, ""), string(oauth.OutcomeOf(err)))
}

// toldAbout is what there is to tell of a request that was answered; the client
// is the one that asked.
func toldAbout(w http.ResponseWriter, q oauth.AboutRequest, outcome oauth.AboutOutcome) *told {
	client, _ := uuid.Parse(q.ClientID)
	return &told{trace: traceOf(w), decision: metrics.DecisionAllowed, reason: string(outcome), client: client}
}
