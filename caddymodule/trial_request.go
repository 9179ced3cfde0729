package caddymodule

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"slices"
	"strings"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"github.com/google/uuid"

	"github.com/caddy-dcr/caddy-dcr/internal/endpoint"
	"github.com/caddy-dcr/caddy-dcr/internal/explain"
	"github.com/caddy-dcr/caddy-dcr/internal/guard"
	"github.com/caddy-dcr/caddy-dcr/internal/management"
)

// Request implements management.Trials.
func (t trials) Request(ctx context.Context, q management.RequestTrial) ([]explain.Entry, error) {
	r, err := readTrial(ctx, q)
	if err != nil {
		return nil, err
	}
	guards, err := t.guards(q, r)
	if err != nil {
		return nil, err
	}
	if len(guards) == 0 {
		e := unclaimed(uuid.Nil, guard.RouteUnknown, http.StatusNotFound)
		if endpoint.Strays(r.URL, t.services.app.prefixes()) {
			e = unclaimed(uuid.Nil, guard.TargetAmbiguous, http.StatusBadRequest)
		}
		t.services.situate(r, &e)
		return []explain.Entry{e}, nil
	}
	var entries []explain.Entry
	for _, g := range guards {
		// Each needs one of its own: a guard takes headers out, and reads.
		r, _ := readTrial(ctx, q)
		e := t.at(g, r)
		if !slices.ContainsFunc(entries, func(other explain.Entry) bool { return sameVerdict(&e, &other) }) {
			entries = append(entries, e)
		}
	}
	return entries, nil
}

// sameVerdict holds for two guards of one API, on two sites, that say the same.
func sameVerdict(a, b *explain.Entry) bool {
	return a.Profile == b.Profile && a.Reason == b.Reason && a.Route == b.Route && a.Detail == b.Detail
}

// guards are those that the request could come to: of the profile, where one
// is named, and among them those of which a route claims the path, or else
// those under whose prefixes it lies.
func (t trials) guards(q management.RequestTrial, r *http.Request) ([]*Guard, error) {
	all := t.services.app.allGuards()
	if q.Profile != "" {
		var names []string
		for _, g := range all {
			names = append(names, g.table.API().Name)
		}
		all = slices.DeleteFunc(all, func(g *Guard) bool { return g.table.API().Name != q.Profile })
		if len(all) == 0 {
			slices.Sort(names)
			return nil, fmt.Errorf("profile: got %q, want one that is guarded here: %s", q.Profile, strings.Join(slices.Compact(names), ", "))
		}
	}
	path, err := endpoint.Canonical(r)
	claim := func(g *Guard) bool {
		m := g.table.Match(r.Method, path)
		return err == nil && m.Outcome != endpoint.NotFound
	}
	cover := func(g *Guard) bool {
		return q.Profile != "" || slices.ContainsFunc(g.table.API().Prefixes, func(prefix string) bool {
			return len(r.URL.Path) >= len(prefix) && strings.EqualFold(r.URL.Path[:len(prefix)], prefix)
		})
	}
	for _, near := range []func(*Guard) bool{claim, cover} {
		if found := filter(all, near); len(found) > 0 {
			return found, nil
		}
	}
	return nil, nil
}

func filter[T any](all []T, keep func(T) bool) (kept []T) {
	for _, one := range all {
		if keep(one) {
			kept = append(kept, one)
		}
	}
	return kept
}

// readTrial makes the request as the server would: from its text.
func readTrial(ctx context.Context, q management.RequestTrial) (*http.Request, error) {
	host := q.Host
	if host == "" {
		host = "localhost"
	}
	lines := append([]string{q.Method + " " + q.Path + " HTTP/1.1", "Host: " + host}, q.Headers...)
	if q.Token != "" {
		lines = append(lines, "Authorization: Bearer "+strings.TrimSpace(q.Token))
	}
	if q.Body != "" {
		lines = append(lines, fmt.Sprintf("Content-Length: %d", len(q.Body)))
		if !slices.ContainsFunc(q.Headers, func(h string) bool { return strings.HasPrefix(strings.ToLower(h), "content-type:") }) {
			lines = append(lines, "Content-Type: application/x-www-form-urlencoded")
		}
	}
	for _, line := range lines {
		if strings.ContainsAny(line, "\r\n") {
			return nil, errors.New("method, path and headers are one line each")
		}
	}
	text := strings.Join(lines, "\r\n") + "\r\n\r\n" + q.Body
	r, err := http.ReadRequest(bufio.NewReader(strings.NewReader(text)))
	if err != nil {
		// The library's error may quote a header, and so a token.
		return nil, errors.New("method, path and headers are no request that a server would read")
	}
	vars := map[string]any{}
	if q.From != "" {
		if _, err := netip.ParseAddr(q.From); err != nil {
			return nil, fmt.Errorf("from: got %q, want an IP address", q.From)
		}
		vars[caddyhttp.ClientIPVarKey] = q.From
	}
	return r.WithContext(context.WithValue(ctx, caddyhttp.VarsCtxKey, vars)), nil
}
