package caddymodule

import (
	"fmt"
	"net"
	"net/http"
	"net/url"
	"time"

	"github.com/caddy-dcr/caddy-dcr/internal/access"
	"github.com/caddy-dcr/caddy-dcr/internal/management"
)

// surfaceHeader is how `caddy dcr` and the admin endpoint tell each other that
// they are it.
const surfaceHeader = "Dcr-Surface"

// trusted is who asks at the admin endpoint: an operator, by the name that they
// give themselves, since whoever reaches the endpoint may do everything anyway.
func trusted(r *http.Request, by string) management.Call {
	surface := access.AdminEndpoint
	if r.Header.Get(surfaceHeader) == string(access.CLI) {
		surface = access.CLI
	}
	address, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		address = r.RemoteAddr // a Unix socket has no port
	}
	return management.Call{
		Actor: access.Trusted(by, surface, address),
		Key:   r.Header.Get("Idempotency-Key"),
	}
}

func listAudit(s *management.Service, r *http.Request) (adminAnswer, error) {
	q, err := readQuery(r, "actor", "programmer", "channel", "operation", "target", "since", "until", "change_set", "cursor", "limit")
	if err != nil {
		return adminAnswer{}, err
	}
	part, err := readPart(q)
	if err != nil {
		return adminAnswer{}, err
	}
	filter := management.AuditFilter{
		Actor: q.Get("actor"), Programmer: q.Get("programmer"), Channel: q.Get("channel"),
		Operation: q.Get("operation"), Target: q.Get("target"), ChangeSet: q.Get("change_set"),
	}
	if filter.Since, err = readTime(q, "since"); err != nil {
		return adminAnswer{}, err
	}
	if filter.Until, err = readTime(q, "until"); err != nil {
		return adminAnswer{}, err
	}
	page, err := s.AuditEntries(r.Context(), trusted(r, "").Actor, filter, part)
	return adminAnswer{http.StatusOK, page}, err
}

func verifyAudit(s *management.Service, r *http.Request) (adminAnswer, error) {
	q, err := readQuery(r, "anchor", "cursor")
	if err != nil {
		return adminAnswer{}, err
	}
	var anchors []string
	if q.Has("anchor") {
		anchors = []string{q.Get("anchor")}
	}
	v, err := s.VerifyAudit(r.Context(), trusted(r, "").Actor, q.Get("cursor"), anchors)
	return adminAnswer{http.StatusOK, v}, err
}

func readTime(values url.Values, name string) (time.Time, error) {
	text := values.Get(name)
	if text == "" {
		return time.Time{}, nil
	}
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return time.Time{}, &management.Error{
			Code: management.Invalid, Field: name, Message: fmt.Sprintf("got %q, want a time", text), Hint: "such as 2025-11-24T16:00:00Z",
		}
	}
	return at, nil
}
