// Package oauth issues access tokens to registered clients.
package oauth

import (
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"net/url"
	"strings"

	"github.com/caddy-dcr/caddy-dcr/internal/oautherr"
	"github.com/caddy-dcr/caddy-dcr/internal/wire"
)

// GrantClientCredentials is the one grant (RFC 6749 section 4.4).
const GrantClientCredentials = "client_credentials"

const (
	// maxBody is far more than the parameters can need.
	maxBody = 64 << 10
	// maxParameters bounds the work that one request can ask for.
	maxParameters = 256
)

// AuthMethod is how a client authenticated, by the names of RFC 7591 section
// 2. The set is closed: it is a metric's label.
type AuthMethod string

const (
	// ByBasic is HTTP Basic.
	ByBasic AuthMethod = "client_secret_basic"
	// ByPost is client_id and client_secret in the body.
	ByPost AuthMethod = "client_secret_post"
	// ByQuery is client_id and client_secret in the query; the RFCs have no
	// name for it, since they forbid it.
	ByQuery AuthMethod = "client_secret_query"
)

// AuthMethods lists the closed set.
var AuthMethods = []AuthMethod{ByBasic, ByPost, ByQuery}

// TokenRequest is a well-formed request for a token. Nothing of it is believed
// yet.
type TokenRequest struct {
	ClientID string
	Method   AuthMethod
	// Scope is empty when the client leaves it to us.
	Scope string
	// Address is where the request came from, as far as trusted proxies say;
	// the caller of [ReadTokenRequest] fills it in.
	Address netip.Addr

	secret string
}

// String keeps the secret out of whatever prints the request.
func (q TokenRequest) String() string { return fmt.Sprintf("token request of client %q", q.ClientID) }

// GoString does so for %#v.
func (q TokenRequest) GoString() string { return q.String() }

// ReadTokenRequest reads the parameters from where the profile lets them
// stand. Errors are protocol errors. An unknown parameter is ignored and an
// empty one is absent, as RFC 6749 section 3.2 says; a known one must come
// once, and from one place.
func ReadTokenRequest(r *http.Request, p wire.Profile) (TokenRequest, error) {
	if r.Method != http.MethodPost {
		return TokenRequest{}, wire.MethodNotAllowed(http.MethodPost)
	}
	var body, query parameters
	if err := body.readBody(r); err != nil {
		return TokenRequest{}, err
	}
	if err := query.read(r.URL.RawQuery); err != nil {
		return TokenRequest{}, err
	}
	if !p.QueryParameters && query != (parameters{}) {
		return TokenRequest{}, invalid("parameters must be in the body, not in the query")
	}
	params, err := merge(body, query)
	if err != nil {
		return TokenRequest{}, err
	}
	basic, err := basicCredentials(r.Header)
	if err != nil {
		return TokenRequest{}, err
	}
	switch params.grantType {
	case GrantClientCredentials:
	case "":
		return TokenRequest{}, invalid("grant_type is missing")
	default:
		return TokenRequest{}, oautherr.New(oautherr.UnsupportedGrantType, "grant_type must be client_credentials")
	}
	q := TokenRequest{Scope: params.scope}
	if err := q.authenticateBy(basic, params, query); err != nil {
		return TokenRequest{}, err
	}
	return q, nil
}

// authenticateBy finds the one way in which the client authenticates. RFC 6749
// section 2.3: "The client MUST NOT use more than one authentication method in
// each request." Missing credentials are invalid_request and not
// invalid_client: that would tell a device to register again.
func (q *TokenRequest) authenticateBy(basic *credentials, params, query parameters) error {
	switch {
	case basic != nil && (params.clientSecret != "" || params.assertion != ""),
		params.clientSecret != "" && params.assertion != "":
		return invalid("more than one way of client authentication")
	case params.assertion != "" || params.assertionType != "":
		return oautherr.New(oautherr.InvalidClient, "client assertions are not supported")
	case basic != nil:
		q.Method = ByBasic
		q.ClientID, q.secret = basic.id, basic.secret
		if params.clientID != "" && params.clientID != q.ClientID {
			return invalid("client_id differs from the one of HTTP Basic")
		}
	case params.clientID == "":
		return invalid("client_id is missing")
	case params.clientSecret == "":
		return invalid("client_secret is missing")
	default:
		q.Method = ByPost
		if query.clientSecret != "" {
			q.Method = ByQuery
		}
		q.ClientID, q.secret = params.clientID, params.clientSecret
	}
	return nil
}

// parameters are the ones that mean something here.
type parameters struct {
	grantType, clientID, clientSecret, scope, assertion, assertionType string
}

// field finds a parameter's place by its exact name, or nil.
func (p *parameters) field(name string) *string {
	switch name {
	case "grant_type":
		return &p.grantType
	case "client_id":
		return &p.clientID
	case "client_secret":
		return &p.clientSecret
	case "scope":
		return &p.scope
	case "client_assertion":
		return &p.assertion
	case "client_assertion_type":
		return &p.assertionType
	default:
		return nil
	}
}

var names = [...]string{"grant_type", "client_id", "client_secret", "scope", "client_assertion", "client_assertion_type"}

// merge puts the two places together and refuses what stands in both.
func merge(body, query parameters) (parameters, error) {
	for _, name := range names {
		in, also := body.field(name), query.field(name)
		if *in != "" && *also != "" {
			return body, invalid(name + " stands in the body and in the query")
		}
		if *in == "" {
			*in = *also
		}
	}
	return body, nil
}

// read takes the parameters out of a form-encoded text. Errors never quote it:
// it may hold a secret.
func (p *parameters) read(form string) error {
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
		field := p.field(name)
		if field == nil {
			continue
		}
		value, err := url.QueryUnescape(rawValue)
		if err != nil {
			return invalid(name + " is not form-encoded")
		}
		if value == "" {
			continue
		}
		if *field != "" {
			return invalid(name + " is given twice")
		}
		*field = value
	}
	return nil
}

// readBody reads a form. A body of another kind must be empty: clients that
// put the parameters into the query announce JSON and send nothing.
func (p *parameters) readBody(r *http.Request) error {
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
	return p.read(string(body))
}

// mediaType drops the parameters, such as charset, that clients like to add.
func mediaType(value string) string {
	kind, _, _ := strings.Cut(value, ";")
	return strings.ToLower(strings.TrimSpace(kind))
}

func invalid(description string) error { return oautherr.New(oautherr.InvalidRequest, description) }
