package caddymodule

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/caddy-dcr/caddy-dcr/internal/bearer"
	"github.com/caddy-dcr/caddy-dcr/internal/device"
	"github.com/caddy-dcr/caddy-dcr/internal/explain"
	"github.com/caddy-dcr/caddy-dcr/internal/guard"
	"github.com/caddy-dcr/caddy-dcr/internal/jws"
	"github.com/caddy-dcr/caddy-dcr/internal/oauth"
	"github.com/caddy-dcr/caddy-dcr/internal/refusal"
	"github.com/caddy-dcr/caddy-dcr/internal/registration"
	"github.com/caddy-dcr/caddy-dcr/internal/wire"
	"github.com/caddy-dcr/caddy-dcr/plugins"
)

// storeTimeout bounds what a client waits for the store: its own time-out is
// longer than the five seconds that we promise.
const storeTimeout = 4 * time.Second

// jwksPath is where the keys are published, in both profiles.
const jwksPath = "/.well-known/jwks.json"

// jwksAge is for how long others may hold the published keys to be all.
const jwksAge = 5 * time.Minute

// publishedAhead is for how long a new key is published before it signs: until
// nobody holds an older set any more, and no gateway that has not heard of the
// key still decides.
func (a *App) publishedAhead() time.Duration {
	return max(jwksAge, time.Duration(a.Staleness)) + time.Minute
}

var (
	post = []string{http.MethodPost}
	get  = []string{http.MethodGet}
	read = []string{http.MethodGet, http.MethodHead}
)

// endpoints are the issuer's routes in the Adobe-compatible profile, and the
// keys.
func (s *services) endpoints() map[string]clientEndpoint {
	return map[string]clientEndpoint{
		"/o/client/register": {post, true, true, wire.Adobe, s.register},
		"/o/client/token":    {post, true, true, wire.Adobe, s.token},
		"/o/client/scopes":   {get, true, true, wire.Adobe, s.scopes},
		"/o/client/validate": {post, true, true, wire.Adobe, s.validate},
		jwksPath:             {read, false, false, wire.Adobe, s.jwks},
	}
}

func (s *services) register(w http.ResponseWriter, r *http.Request, p wire.Profile) error {
	return s.registerAt(w, r, p, "")
}

// registerAt registers a client that can manage its registration under an
// address, or, where that is empty, nowhere.
func (s *services) registerAt(w http.ResponseWriter, r *http.Request, p wire.Profile, managedAt string) error {
	begun := time.Now()
	request, err := registration.ReadRequest(r, p)
	if late := s.throttleLate(w, r, claims{statement: request.Statement}); late != nil {
		err = late
	}
	var done registration.Registration
	if err == nil {
		request.Address, request.ManagedAt = clientAddress(r), managedAt
		request.Device.Platform = s.directory.Catalogue().Recognise(request.Device)
		metricsOf.DeviceDescribed(request.DeviceSource)
		ctx, cancel := context.WithTimeout(r.Context(), storeTimeout)
		defer cancel()
		done, err = s.registration.Register(ctx, request)
	}
	err = s.aboutRegistration(err, request)
	s.countRegistration(w, r, err, &done, begun)
	if err != nil {
		return s.fail(w, r, p, err, string(registration.OutcomeOf(err)))
	}
	if done.Reused {
		metricsOf.RegistrationReused()
	} else {
		metricsOf.ClientRegistered(device.Platform(done.Platform), done.OffPlatform)
	}
	s.noteUnread(w, &request, &done)
	s.tellRegistered(w, &done)
	tell(r, func() *told { return toldOfRegistration(w, &done) })
	s.narrow(w, done.ApplicationID)
	done.Write(w, p)
	return nil
}

func (s *services) token(w http.ResponseWriter, r *http.Request, p wire.Profile) error {
	begun := time.Now()
	request, err := oauth.ReadTokenRequest(r, p)
	if late := s.throttleLate(w, r, claims{client: request.ClientID}); late != nil {
		err = late
	}
	var issued oauth.Issued
	if err == nil {
		request.Address = clientAddress(r)
		metricsOf.TokenRequestRead(request.Method)
		ctx, cancel := context.WithTimeout(r.Context(), storeTimeout)
		defer cancel()
		issued, err = s.oauth.Issue(ctx, request)
	}
	err = aboutToken(err, request)
	s.countToken(w, r, err, &issued, begun)
	if err != nil {
		return s.fail(w, r, p, err, string(oauth.OutcomeOf(err)))
	}
	s.watch.seen(r.Context(), issued.ClientID, issued.ApplicationID)
	s.tellIssued(w, &issued)
	tell(r, func() *told { return toldOfToken(w, &issued) })
	s.narrow(w, issued.ApplicationID)
	issued.Write(w, p)
	return nil
}

func (s *services) scopes(w http.ResponseWriter, r *http.Request, p wire.Profile) error {
	presented, ok := s.presented(w, r, p)
	if !ok {
		return nil
	}
	response, err := s.oauth.Scopes(presented)
	return s.answer(w, r, p, response, err)
}

func (s *services) validate(w http.ResponseWriter, r *http.Request, p wire.Profile) error {
	presented, ok := s.presented(w, r, p)
	if !ok {
		return nil
	}
	response, err := s.oauth.Validate(presented)
	return s.answer(w, r, p, response, err)
}

func (s *services) answer(w http.ResponseWriter, r *http.Request, p wire.Profile, response any, err error) error {
	if err != nil {
		return s.fail(w, r, p, err, string(oauth.Unavailable))
	}
	wire.WriteJSON(w, http.StatusOK, response)
	return nil
}

// presented judges the bearer token of a request to the issuer itself. No
// scope is asked for: every token may ask about itself.
func (s *services) presented(w http.ResponseWriter, r *http.Request, p wire.Profile) (oauth.Presented, bool) {
	presented, err := bearer.Extract(r, "")
	j := s.judge(r.Context(), presented.Raw, tokenState(err))
	if j.token != guard.Unavailable {
		if err := s.throttleLate(w, r, claims{grant: j.known.Grant}); err != nil {
			_ = s.fail(w, r, p, explain.About(err, explain.Tokens, j.known.facts(j.token)), "throttled")
			return oauth.Presented{}, false
		}
	}
	narrow(w, j.known.application)
	trace := traceOf(w)
	if j.reason == guard.Allowed {
		tell(r, func() *told { return j.told(trace) })
		return j.known.presented(), true
	}
	entry := j.entry(trace)
	w.Header().Set("Pragma", "no-cache") // as in every answer of the client endpoints
	entry.Status = refusal.Write(w, r, plugins.OAuthJSON, refusal.Refusal{Reason: j.reason, Realm: "issuer", Trace: trace.String(), RetryAfter: j.known.wait})
	s.remember(r, &entry)
	tell(r, func() *told { return s.toldOf(&entry) })
	return oauth.Presented{}, false
}

// jwks publishes the keys with which others may verify what we sign.
func (s *services) jwks(w http.ResponseWriter, r *http.Request, p wire.Profile) error {
	// An empty list, or one that lacks a key, would have every backend that
	// keeps it refuse good tokens.
	if err := s.ready(); err != nil {
		return s.fail(w, r, p, err, string(oauth.Unavailable))
	}
	document, err := jws.JWKS(s.app.backing.keys.Public())
	if err != nil {
		return s.fail(w, r, p, errors.Join(errors.New("publishing the keys"), err), string(oauth.Unavailable))
	}
	w.Header().Set("Content-Type", "application/jwk-set+json")
	w.Header().Set("Cache-Control", "public, max-age="+strconv.Itoa(int(jwksAge/time.Second)))
	_, err = w.Write(document)
	return err
}
