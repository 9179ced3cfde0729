package oauth

import (
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/caddy-dcr/caddy-dcr/internal/wire"
)

const (
	// maxBody is far more than the parameters can need.
	maxBody = 64 << 10
	// maxParameters bounds the work that one request can ask for.
	maxParameters = 256
)

// parameter is one that means something to one of the endpoints.
type parameter int

const (
	pClientID parameter = iota
	pClientSecret
	pAssertion
	pAssertionType
	pGrantType
	pScope
	pToken
)

var names = [...]string{
	pClientID: "client_id", pClientSecret: "client_secret",
	pAssertion: "client_assertion", pAssertionType: "client_assertion_type",
	pGrantType: "grant_type", pScope: "scope", pToken: "token",
}

// authentication is what every endpoint knows, beside parameters of its own.
var authentication = []parameter{pClientID, pClientSecret, pAssertion, pAssertionType}

// parameters are the values that were found, empty where there was none.
type parameters [len(names)]string

// readParameters reads those that an endpoint knows from where the profile
// lets them stand, and also says which of them stood in the query. An unknown
// parameter is ignored and an empty one is absent, as RFC 6749 section 3.2
// says; a known one must come once, and from one place.
func readParameters(r *http.Request, p wire.Profile, known []parameter) (found, query parameters, err error) {
	if r.Method != http.MethodPost {
		return found, query, wire.MethodNotAllowed(http.MethodPost)
	}
	if err := found.readBody(r, known); err != nil {
		return found, query, err
	}
	if err := query.read(r.URL.RawQuery, known); err != nil {
		return found, query, err
	}
	if !p.QueryParameters && query != (parameters{}) {
		return found, query, invalid("parameters must be in the body, not in the query")
	}
	return found, query, found.merge(query)
}

// merge puts the two places together and refuses what stands in both.
func (p *parameters) merge(query parameters) error {
	for i, name := range names {
		if p[i] != "" && query[i] != "" {
			return invalid(name + " stands in the body and in the query")
		}
		if p[i] == "" {
			p[i] = query[i]
		}
	}
	return nil
}

// read takes the parameters out of a form-encoded text. Errors never quote it:
// it may hold a secret.
func (p *parameters) read(form string, known []parameter) error {
	count := 0
	for form != "" {
		var pair string
		pair, form, _ = strings.Cut(form, "&")
		if pair == "" {
			continue
		}
		if count++; count > maxParameters {
			return invalid("too many parameters")
		}
		rawName, rawValue, _ := strings.Cut(pair, "=")
		name, err := url.QueryUnescape(rawName)
		if err != nil {
			return invalid("a parameter's name is not form-encoded")
		}
		at := slices.IndexFunc(known, func(k parameter) bool { return names[k] == name })
		if at < 0 {
			continue
		}
		value, err := url.QueryUnescape(rawValue)
		if err != nil {
			return invalid(name + " is not form-encoded")
		}
		if value == "" {
			continue
		}
		if p[known[at]] != "" {
			return invalid(name + " is given twice")
		}
		p[known[at]] = value
	}
	return nil
}

// readBody reads a form. A body of another kind must be empty: clients that
// put the parameters into the query announce JSON and send nothing.
func (p *parameters) readBody(r *http.Request, known []parameter) error {
	body, err := io.ReadAll(io.LimitReader(r.Body, maxBody+1))
	switch {
	case err != nil:
		return invalid("the body could not be read")
	case len(body) > maxBody:
		return invalid("the body is too large")
	case len(body) == 0:
		return nil
	}
	types := r.Header["Content-Type"]
	if len(types) != 1 || mediaType(types[0]) != "application/x-www-form-urlencoded" {
		if strings.TrimSpace(string(body)) == "" {
			return nil
		}
		return invalid("Content-Type must be application/x-www-form-urlencoded")
	}
	return p.read(string(body), known)
}

// mediaType drops the parameters, such as charset, that clients like to add.
func mediaType(value string) string {
	kind, _, _ := strings.Cut(value, ";")
	return strings.ToLower(strings.TrimSpace(kind))
}
