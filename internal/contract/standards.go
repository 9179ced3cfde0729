package contract

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// standards is the contract of the standards profile.
var standards = []check{
	{"RFC 8414 section 3", "the metadata is where it belongs", func(r *run) error {
		a, err := r.ask(http.MethodGet, r.at("/.well-known/oauth-authorization-server"+strings.TrimSuffix(r.o.Issuer.Path, "/")), "", "")
		if err != nil {
			return err
		}
		if err := first(a.is(http.StatusOK), a.json(), want(a.string("issuer") != "", "issuer is missing")); err != nil {
			return err
		}
		r.metadata = a.body
		return nil
	}},
	{"RFC 8414 section 3.3", "it names the issuer that it was asked for", func(r *run) error {
		if r.metadata == nil {
			return errSkipped
		}
		issuer, _ := r.metadata["issuer"].(string)
		return want(strings.TrimSuffix(issuer, "/") == strings.TrimSuffix(r.o.Issuer.String(), "/"), "it names %q", issuer)
	}},
	{"RFC 8414 section 2", "it lists every endpoint, by URL", func(r *run) error {
		if r.metadata == nil {
			return errSkipped
		}
		for _, member := range []string{"token_endpoint", "jwks_uri", "registration_endpoint", "revocation_endpoint", "introspection_endpoint"} {
			u, err := url.Parse(r.endpoint(member))
			if err != nil || u.Host == "" {
				return want(false, "%s is %q", member, r.endpoint(member))
			}
		}
		_, types := r.metadata["response_types_supported"].([]any)
		return want(types, "response_types_supported is missing")
	}},
	{"RFC 7517 section 5", "the keys are a JWK set", func(r *run) error {
		a, err := r.ask(http.MethodGet, r.at("/.well-known/jwks.json"), "", "")
		if err != nil {
			return err
		}
		if err := first(a.is(http.StatusOK), a.json()); err != nil {
			return err
		}
		set, found := a.body["keys"].([]any)
		for _, entry := range set {
			if key, is := entry.(map[string]any); is {
				r.keys = append(r.keys, key)
			}
		}
		return want(found && len(r.keys) == len(set) && len(set) > 0, "keys is no array of keys")
	}},
	{"RFC 7517 section 4", "each key has an id of its own, a use and an algorithm", func(r *run) error {
		if r.keys == nil {
			return errSkipped
		}
		seen := map[string]bool{}
		for _, key := range r.keys {
			kid, _ := key["kid"].(string)
			alg, _ := key["alg"].(string)
			if err := want(kid != "" && !seen[kid] && key["use"] == "sig" && alg != "" && !strings.HasPrefix(alg, "HS"), "key %q: use %v, alg %q", kid, key["use"], alg); err != nil {
				return err
			}
			seen[kid] = true
		}
		return nil
	}},
	{"RFC 7517 section 9.3", "no key shows a private part", func(r *run) error {
		if r.keys == nil {
			return errSkipped
		}
		for _, key := range r.keys {
			for _, member := range []string{"d", "p", "q", "dp", "dq", "qi", "oth", "k"} {
				if _, found := key[member]; found {
					return want(false, "key %v has a member %s", key["kid"], member)
				}
			}
		}
		return nil
	}},
	{"RFC 7591 section 3.2.1", "a statement registers a client: 201", func(r *run) error {
		a, err := r.registerBy()
		if err != nil {
			return err
		}
		r.own = credentials{a.string("client_id"), a.string("client_secret")}
		expires, found := a.body["client_secret_expires_at"].(float64)
		return first(a.is(http.StatusCreated), a.uncached(),
			want(r.own.id != "" && r.own.secret != "", "client_id or client_secret is missing"),
			want(found && expires >= 0, "client_secret_expires_at is missing"))
	}},
	{"RFC 7592 section 3", "it tells where the registration is managed", func(r *run) error {
		return want(r.manage.uri != "" && r.manage.token != "", "registration_client_uri or registration_access_token is missing")
	}},
	{"RFC 7591 section 3.2.2", "a wrong statement is 400 invalid_software_statement", func(r *run) error {
		if r.endpoint("registration_endpoint") == "" {
			return errSkipped
		}
		a, err := r.ask(http.MethodPost, r.endpoint("registration_endpoint"), jsonType, `{"software_statement":`+quoted(forged(r.o.Statement))+`}`)
		if err != nil {
			return err
		}
		return a.refuses(http.StatusBadRequest, "invalid_software_statement")
	}},
	{"RFC 6749 section 5.1", "HTTP Basic gets a token: 200, with scope", func(r *run) error {
		a, err := r.askOwn("token_endpoint", url.Values{"grant_type": {"client_credentials"}})
		if err != nil {
			return err
		}
		r.ownToken = a.string("access_token")
		return first(a.is(http.StatusOK), a.uncached(),
			want(r.ownToken != "" && a.string("scope") != "", "access_token or scope is missing"),
			want(strings.EqualFold(a.string("token_type"), "bearer"), "token_type is %q", a.string("token_type")))
	}},
	{"RFC 6749 section 5.2", "a wrong secret by Basic is 401, with a challenge", func(r *run) error {
		if r.own.id == "" {
			return errSkipped
		}
		a, err := r.as(credentials{r.own.id, r.own.secret + "x"}, "token_endpoint", url.Values{"grant_type": {"client_credentials"}})
		if err != nil {
			return err
		}
		return first(a.refuses(http.StatusUnauthorized, "invalid_client"), want(a.header.Get("WWW-Authenticate") != "", "there is no WWW-Authenticate"))
	}},
	{"RFC 7662 section 2.2", "a good token is active", func(r *run) error { return r.introspects(true) }},
	{"RFC 7662 section 2.2", "a token that is none is not, and is no error", func(r *run) error {
		a, err := r.askOwn("introspection_endpoint", url.Values{"token": {"none"}})
		if err != nil {
			return err
		}
		return first(a.is(http.StatusOK), want(a.body["active"] == false && len(a.body) == 1, "got %s", shown(a.text)))
	}},
	{"RFC 7009 section 2.2", "a token is given back: 200", func(r *run) error {
		if r.ownToken == "" {
			return errSkipped
		}
		a, err := r.askOwn("revocation_endpoint", url.Values{"token": {r.ownToken}})
		if err != nil {
			return err
		}
		return a.is(http.StatusOK)
	}},
	{"RFC 7009 section 2", "and is not active any more", func(r *run) error { return r.introspects(false) }},
	{"RFC 7009 section 2.2", "what is no token is given back as well", func(r *run) error {
		a, err := r.askOwn("revocation_endpoint", url.Values{"token": {"none"}})
		if err != nil {
			return err
		}
		return a.is(http.StatusOK)
	}},
	{"RFC 7592 section 2.1", "a client reads its registration", func(r *run) error {
		a, err := r.managed(http.MethodGet)
		if err != nil {
			return err
		}
		return first(a.is(http.StatusOK), want(a.string("client_id") == r.own.id, "client_id is %q", a.string("client_id")))
	}},
	{"RFC 7592 section 2.3", "a client ends its registration: 204", func(r *run) error {
		a, err := r.managed(http.MethodDelete)
		if err != nil {
			return err
		}
		if err := a.is(http.StatusNoContent); err != nil {
			return err
		}
		r.registered = slices.DeleteFunc(r.registered, func(id string) bool { return id == r.own.id })
		return nil
	}},
	{"RFC 7592 section 2.3", "and cannot read it afterwards: 401", func(r *run) error {
		a, err := r.managed(http.MethodGet)
		if err != nil {
			return err
		}
		return a.is(http.StatusUnauthorized)
	}},
	{"RFC 7592 section 2.3", "nor get a token", func(r *run) error {
		a, err := r.askOwn("token_endpoint", url.Values{"grant_type": {"client_credentials"}})
		if err != nil {
			return err
		}
		return a.refuses(http.StatusUnauthorized, "invalid_client")
	}},
}

func (r *run) endpoint(member string) string {
	text, _ := r.metadata[member].(string)
	return text
}

// registerBy registers at the endpoint that the metadata names.
func (r *run) registerBy() (*answer, error) {
	if r.endpoint("registration_endpoint") == "" {
		return nil, errSkipped
	}
	a, err := r.ask(http.MethodPost, r.endpoint("registration_endpoint"), jsonType, r.statementBody())
	if err == nil && a.status == http.StatusCreated {
		r.registered = append(r.registered, a.string("client_id"))
		r.manage.uri, r.manage.token = a.string("registration_client_uri"), a.string("registration_access_token")
	}
	return a, err
}

func (r *run) askOwn(endpoint string, values url.Values) (*answer, error) {
	return r.as(r.own, endpoint, values)
}

// as asks as a client that authenticates by HTTP Basic.
func (r *run) as(c credentials, endpoint string, values url.Values) (*answer, error) {
	if c.id == "" || r.endpoint(endpoint) == "" {
		return nil, errSkipped
	}
	request := &http.Request{Header: http.Header{}}
	request.SetBasicAuth(url.QueryEscape(c.id), url.QueryEscape(c.secret)) // RFC 6749 section 2.3.1
	return r.form(r.endpoint(endpoint), values, "Authorization: "+request.Header.Get("Authorization"))
}

func (r *run) introspects(active bool) error {
	if r.ownToken == "" {
		return errSkipped
	}
	a, err := r.askOwn("introspection_endpoint", url.Values{"token": {r.ownToken}})
	if err != nil {
		return err
	}
	return first(a.is(http.StatusOK), want(a.body["active"] == active, "got %s", shown(a.text)))
}

func (r *run) managed(method string) (*answer, error) {
	if r.manage.uri == "" {
		return nil, errSkipped
	}
	return r.ask(method, r.manage.uri, "", "", "Authorization: Bearer "+r.manage.token)
}
