package caddymodule

import (
	"net/http"
	"sync/atomic"
	"time"

	"github.com/caddy-dcr/caddy-dcr/internal/device"
	"github.com/caddy-dcr/caddy-dcr/internal/registration"
	"github.com/caddy-dcr/caddy-dcr/internal/wire"
)

// shownUserAgent is how much of a User-Agent a log line has room for.
const shownUserAgent = 256

// noteUnread logs a device's description that could not be read, at most once a
// second: every copy of an app that writes it wrongly sends the same.
func (s *services) noteUnread(w http.ResponseWriter, q *registration.Request, done *registration.Registration) {
	if q.DeviceSource != device.HeaderInvalid || !onceASecond(&s.unread) {
		return
	}
	s.app.logger.Info("an X-Device-Info could not be read, so the User-Agent told the platform; others within this second are not logged",
		"application", done.ApplicationID, "platform", done.Platform, "user_agent", q.UserAgent[:min(len(q.UserAgent), shownUserAgent)],
		"trace", traceOf(w))
}

// fail answers with the error as the profile says it, and leaves where
// operators look what the client must not see: the outcome, and for a fault of
// ours its cause.
func (s *services) fail(w http.ResponseWriter, r *http.Request, p wire.Profile, err error, outcome string) error {
	entry := failure(traceOf(w), err, outcome)
	entry.Status = p.StatusOf(r, err)
	p.WriteError(w, r, err)
	s.remember(r, &entry)
	tell(r, func() *told { return s.toldOf(&entry) })
	if entry.Status >= http.StatusInternalServerError {
		s.complain(r, err)
	}
	return nil
}

// complain logs a fault of ours, at most once a second: while a store is away
// every request has the same one.
func (s *services) complain(r *http.Request, err error) {
	if onceASecond(&s.complained) {
		s.app.logger.Error("a client was told to come again; others within this second are not logged",
			"path", r.URL.Path, "error", err)
	}
}

// onceASecond says whether this is the first time in this second.
func onceASecond(last *atomic.Int64) bool {
	now := time.Now().Unix()
	before := last.Load()
	return before != now && last.CompareAndSwap(before, now)
}
