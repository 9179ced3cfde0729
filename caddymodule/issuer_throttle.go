package caddymodule

import (
	"net/http"

	"github.com/caddy-dcr/caddy-dcr/internal/oautherr"
	"github.com/caddy-dcr/caddy-dcr/internal/wire"
)

// throttleEarly counts a request to a client endpoint before it is read, where
// that is enough to know whom to count.
func (s *services) throttleEarly(w http.ResponseWriter, r *http.Request) error {
	if s.throttle == nil || !s.throttle.early() {
		return nil
	}
	return s.throttle.admitIssuing(w, r, claims{})
}

// throttleLate does so for a request that was read, where it was not counted
// yet.
func (s *services) throttleLate(w http.ResponseWriter, r *http.Request, c claims) error {
	if s.throttle == nil || s.throttle.early() {
		return nil
	}
	return s.throttle.admitIssuing(w, r, c)
}

func (t *throttler) admitIssuing(w http.ResponseWriter, r *http.Request, c claims) error {
	result := t.take(w, r, c, t.issuer)
	if result.OK {
		return nil
	}
	return wire.RetryExactly(oautherr.New(oautherr.TooManyRequests, "the device sends too many requests").Because(t.rule), result.RetryAfter)
}
