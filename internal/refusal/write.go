// Package refusal puts a refusal into the form that the clients of a protected
// API understand.
package refusal

import (
	"math/rand/v2"
	"net/http"
	"strconv"
	"time"

	"github.com/caddy-dcr/caddy-dcr/internal/bearer"
	"github.com/caddy-dcr/caddy-dcr/internal/guard"
	"github.com/caddy-dcr/caddy-dcr/internal/oautherr"
	"github.com/caddy-dcr/caddy-dcr/plugins"
)

// TraceHeader carries the id under which the refusal is in the log.
const TraceHeader = "X-DCR-Trace"

// Refusal is what there is to say.
type Refusal struct {
	Reason guard.Reason
	// Realm names the API in the challenge.
	Realm string
	// Scopes are those of which the route wants one, where it lacks.
	Scopes []string
	// Allow lists the methods of the route, where the request's is none.
	Allow string
	// Trace identifies the response; nothing in it is secret.
	Trace string
	// Missing is the required parameter that is missing.
	Missing *plugins.Parameter
	// RetryAfter is the shortest pause before a further try where one makes
	// sense. Where the fault is ours up to twice as much is added at random,
	// so that a fleet does not come back all at once; zero is five seconds. A
	// device that sends too much is told what its bucket says, and no more:
	// it comes back alone. There, zero is a second, spread as well.
	RetryAfter time.Duration
	// RedirectTo is where a refused navigation goes instead. Only a URL that
	// the application's domains cover may stand here.
	RedirectTo string
}

// Write answers the request with the refusal, and says with which status.
func Write(w http.ResponseWriter, r *http.Request, style plugins.ErrorStyle, ref Refusal) (status int) {
	return write(w, r, style, ref, rand.Float64()) //nolint:gosec // it spreads load and guards nothing
}

func write(w http.ResponseWriter, r *http.Request, style plugins.ErrorStyle, ref Refusal, random float64) int {
	looks := enhanced
	if style == plugins.OAuthJSON {
		looks = plain
	}
	look := lookOf(looks, ref.Reason.Class())
	if ref.Reason == guard.ParameterMissing && ref.Missing != nil && ref.Missing.Code != "" {
		look.code = oautherr.Code(ref.Missing.Code)
	}

	h := w.Header()
	h.Set("Cache-Control", "no-store")
	if ref.Trace != "" {
		h.Set(TraceHeader, ref.Trace)
	}
	if denied(look.status) && redirect(w, ref.RedirectTo) {
		return http.StatusFound
	}
	if denied(look.status) || look.challenge != "" {
		h.Set("WWW-Authenticate", challenge(look, ref))
	}
	switch look.status {
	case http.StatusMethodNotAllowed:
		h.Set("Allow", ref.Allow) // RFC 9110 section 15.5.6, even when empty
	case http.StatusTooManyRequests:
		if ref.RetryAfter > 0 {
			random = 0 // a bucket knows
		}
		h.Set("Retry-After", pause(ref.RetryAfter, time.Second, random))
	case http.StatusServiceUnavailable:
		h.Set("Retry-After", pause(ref.RetryAfter, 5*time.Second, random))
	}

	contentType, body := render(r, style, look, ref)
	h.Set("Content-Type", contentType)
	h.Set("Content-Length", strconv.Itoa(len(body)))
	// Bodies hold words of ours only, but for a trace and a code that are
	// encoded; no browser is to guess otherwise.
	h.Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(look.status)
	if r.Method != http.MethodHead {
		w.Write(body)
	}
	return look.status
}

func denied(status int) bool {
	return status == http.StatusUnauthorized || status == http.StatusForbidden
}

// challenge tells no scope but where that is what is missing: RFC 6750 section
// 3 has it name what the client should ask for.
func challenge(look look, ref Refusal) string {
	c := bearer.Challenge{Realm: ref.Realm, Error: look.challenge, Description: ref.Reason.Message()}
	if ref.Reason == guard.ScopeMissing {
		c.Scopes = ref.Scopes
	}
	return c.String()
}

// pause is a number of seconds between the base and three times as many.
func pause(base, usual time.Duration, random float64) string {
	if base <= 0 {
		base = usual
	}
	spread := base + time.Duration(random*2*float64(base))
	return strconv.FormatInt(int64((spread+time.Second-1)/time.Second), 10)
}
