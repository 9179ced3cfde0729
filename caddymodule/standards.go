package caddymodule

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"path"
	"strings"

	"github.com/caddy-dcr/caddy-dcr/internal/metadata"
	"github.com/caddy-dcr/caddy-dcr/internal/oautherr"
	"github.com/caddy-dcr/caddy-dcr/internal/wire"
)

const defaultStandards = "/oauth2"

// standards are the endpoints of the RFCs, at a path of their own. The same
// services stand behind them as behind the Adobe-compatible ones.
type standards struct {
	*services
	issuer *url.URL
	path   string
}

func (s *services) standards(at string) (*standards, error) {
	if at == "" {
		at = defaultStandards
	}
	if err := checkStandards(at); err != nil {
		return nil, err
	}
	issuer, err := url.Parse(s.app.Issuer)
	if err != nil {
		return nil, err
	}
	return &standards{services: s, issuer: issuer, path: at}, nil
}

func checkStandards(at string) error {
	// Caddy matches cleaned paths, so another would never be met.
	if !strings.HasPrefix(at, "/") || at == "/" || path.Clean(at) != at || strings.ContainsAny(at, "{}?#%*") ||
		under(at, "/o/client") || under(at, "/.well-known") {
		return fmt.Errorf("standards: got %q, want a path of its own, such as %s, or off", at, defaultStandards)
	}
	return nil
}

func under(path, prefix string) bool { return path == prefix || strings.HasPrefix(path, prefix+"/") }

func (s *standards) endpoints() map[string]clientEndpoint {
	return map[string]clientEndpoint{
		s.path + "/register": {post, true, true, wire.Standard, s.register},
		s.path + "/token":    {post, true, true, wire.Standard, s.token},
		s.path + "/revoke":   {post, true, true, wire.Standard, s.revoke},
		// Backends ask here as often as they are asked, so no device is counted.
		s.path + "/introspect": {post, true, false, wire.Introspection, s.introspect},

		metadata.Path(metadata.AtServer, s.issuer): {read, false, false, wire.Standard, s.describe},
	}
}

// find finds the endpoints whose paths are not fixed. What else lies under the
// path of the standards profile is refused.
func (s *standards) find(path string) (clientEndpoint, bool) {
	if !under(path, s.path) {
		return clientEndpoint{}, false
	}
	if id, found := strings.CutPrefix(path, s.registrations()); found && id != "" && !strings.Contains(id, "/") {
		return clientEndpoint{ofRegistration, true, true, wire.Standard, s.manage}, true
	}
	return clientEndpoint{nil, false, false, wire.Standard, s.unknown}, true
}

func (s *standards) unknown(w http.ResponseWriter, r *http.Request, p wire.Profile) error {
	return s.fail(w, r, p, oautherr.New(oautherr.NotFound, "there is no such endpoint"), "request_invalid")
}

// at is the address of a path, on the issuer's host.
func (s *standards) at(path string) string {
	u := url.URL{Scheme: s.issuer.Scheme, Host: s.issuer.Host, Path: path}
	return u.String()
}

func (s *standards) register(w http.ResponseWriter, r *http.Request, p wire.Profile) error {
	return s.registerAt(w, r, p, s.at(s.registrations()))
}

// registrations is what the path of each client's registration begins with.
func (s *standards) registrations() string { return s.path + "/register/" }

// describe publishes where the endpoints are and what they can (RFC 8414). It
// depends on the configuration alone, so it is there while the store is not.
func (s *standards) describe(w http.ResponseWriter, _ *http.Request, _ wire.Profile) error {
	document := metadata.OfServer(s.app.Issuer, metadata.Endpoints{
		Token: s.at(s.path + "/token"), Keys: s.at(jwksPath), Registration: s.at(s.path + "/register"),
		Revocation: s.at(s.path + "/revoke"), Introspection: s.at(s.path + "/introspect"),
	}, s.scopesGuarded())
	return publish(w, document)
}

// scopesGuarded lists the scopes that open some route of this gateway.
func (s *standards) scopesGuarded() []string {
	var scopes []string
	for _, route := range s.app.routes() {
		scopes = append(scopes, route.Scopes...)
	}
	return metadata.Scopes(scopes)
}

// publish writes a document that is nobody's secret and may be kept for a while.
func publish(w http.ResponseWriter, document any) error {
	text, err := json.Marshal(document)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "public, max-age=300")
	_, err = w.Write(text)
	return err
}
