package caddymodule

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"github.com/google/uuid"

	"github.com/caddy-dcr/caddy-dcr/internal/bearer"
	"github.com/caddy-dcr/caddy-dcr/internal/metrics"
	"github.com/caddy-dcr/caddy-dcr/internal/oautherr"
	"github.com/caddy-dcr/caddy-dcr/internal/registration"
	"github.com/caddy-dcr/caddy-dcr/internal/wire"
)

// ofRegistration is what a client can do to its registration. It cannot change
// it (RFC 7592 section 2.2): a client that wants to be another registers anew.
var ofRegistration = []string{http.MethodGet, http.MethodHead, http.MethodDelete}

// manage answers at the address of one client's registration (RFC 7592).
func (s *standards) manage(w http.ResponseWriter, r *http.Request, p wire.Profile) error {
	id := strings.TrimPrefix(r.URL.Path, s.registrations())
	done := registration.ManagedRead
	if r.Method == http.MethodDelete {
		done = registration.ManagedEnded
	}
	err := s.throttleLate(w, r, claims{client: id})
	var response registration.Response
	if err == nil {
		response, err = s.managed(r, id)
	}
	outcome := registration.ManagedOutcomeOf(err, done)
	metricsOf.RegistrationManaged(outcome)
	if err != nil {
		return s.fail(w, r, p, aboutManaged(challenged(err), id), string(outcome))
	}
	tell(r, func() *told {
		client, _ := uuid.Parse(id)
		return &told{trace: traceOf(w), decision: metrics.DecisionAllowed, reason: string(outcome), client: client}
	})
	if done == registration.ManagedEnded {
		wire.WriteNothing(w, http.StatusNoContent)
	} else {
		wire.WriteJSON(w, http.StatusOK, response)
	}
	return nil
}

func (s *standards) managed(r *http.Request, id string) (response registration.Response, err error) {
	token, err := bearer.Extract(r, "")
	switch {
	case errors.Is(err, bearer.ErrAbsent):
		return response, errNoToken
	case err != nil:
		return response, oautherr.New(oautherr.InvalidRequest, err.Error())
	}
	ctx, cancel := context.WithTimeout(r.Context(), storeTimeout)
	defer cancel()
	if r.Method == http.MethodDelete {
		return response, s.manager.Delete(ctx, id, token.Raw)
	}
	return s.manager.Read(ctx, id, token.Raw, s.at(s.registrations()+strings.ToLower(id)))
}

var errNoToken = oautherr.New(oautherr.InvalidToken, bearer.ErrAbsent.Error())

// challenged adds the challenge where the token is the trouble. Who shows none
// is told no error code by it (RFC 6750 section 3.1).
func challenged(err error) error {
	e := oautherr.From(err)
	challenge := bearer.Challenge{Realm: "registration"}
	switch {
	case e == errNoToken:
	case e.Code == oautherr.InvalidToken || e.Code == oautherr.InvalidRequest:
		challenge.Error, challenge.Description = e.Code, e.Description
	default:
		return err
	}
	return wire.Challenged(err, challenge.String())
}
