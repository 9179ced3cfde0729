package contract

import (
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

const (
	registerSection = "endpoints.md, Registering a client"
	tokenSection    = "endpoints.md, Getting a token"
	commonSection   = "endpoints.md, What holds for all"
	askSection      = "endpoints.md, What a token is worth"
)

// adobe is the contract of the Adobe-compatible profile.
var adobe = []check{
	{registerSection, "a statement registers a client: 201", func(r *run) error {
		a, err := r.register(r.statementBody())
		if err != nil {
			return err
		}
		r.client = credentials{a.string("client_id"), a.string("client_secret")}
		return first(a.is(http.StatusCreated), want(r.client.id != "" && r.client.secret != "", "client_id or client_secret is missing"))
	}},
	{registerSection, "the answer has every member, issued_at in seconds", func(r *run) error {
		a, err := r.register(r.statementBody())
		if err != nil {
			return err
		}
		issued, _ := a.body["client_id_issued_at"].(float64)
		_, redirects := a.body["redirect_uris"].([]any)
		grants, _ := a.body["grant_types"].([]any)
		scopes, _ := a.body["scopes"].([]any)
		return first(a.is(http.StatusCreated),
			want(time.Since(time.Unix(int64(issued), 0)).Abs() < 24*time.Hour, "client_id_issued_at is %v, which are no seconds of today", a.body["client_id_issued_at"]),
			want(redirects, "redirect_uris is no array"),
			want(len(grants) == 1 && grants[0] == "client_credentials", "grant_types is %v", grants),
			want(len(scopes) > 0, "scopes is no array of scopes"))
	}},
	{commonSection, "an answer with credentials is JSON that nobody keeps", func(r *run) error {
		a, err := r.register(r.statementBody())
		if err != nil {
			return err
		}
		return a.uncached()
	}},
	{registerSection, "a device header that cannot be read harms nobody", func(r *run) error {
		a, err := r.register(r.statementBody(), "X-Device-Info: %%%")
		if err != nil {
			return err
		}
		return a.is(http.StatusCreated)
	}},
	{registerSection, "no statement is invalid_request", refusedRegistration(func(*run) string { return `{}` }, "invalid_request")},
	{registerSection, "what is no JSON is invalid_request", refusedRegistration(func(*run) string { return `{"software_statement":` }, "invalid_request")},
	{registerSection, "a member twice is invalid_request", refusedRegistration(func(r *run) string {
		return `{"software_statement":"a","software_statement":` + quoted(r.o.Statement) + `}`
	}, "invalid_request")},
	{registerSection, "a signature that is wrong is invalid_software_statement", refusedRegistration(func(r *run) string {
		return `{"software_statement":` + quoted(forged(r.o.Statement)) + `}`
	}, "invalid_software_statement")},
	{registerSection, "a redirect of somebody else's is invalid_redirect_uri", refusedRegistration(func(r *run) string {
		return `{"software_statement":` + quoted(r.o.Statement) + `,"redirect_uri":"https://elsewhere.invalid/"}`
	}, "invalid_redirect_uri")},
	{commonSection, "another method is 405, with Allow", func(r *run) error {
		a, err := r.ask(http.MethodGet, r.at("/o/client/register"), "", "")
		if err != nil {
			return err
		}
		return first(a.is(http.StatusMethodNotAllowed), want(a.header.Get("Allow") == "POST", "Allow is %q", a.header.Get("Allow")))
	}},
	{commonSection, "an error is JSON that nobody keeps, with a trace", func(r *run) error {
		a, err := r.register(`{}`)
		if err != nil {
			return err
		}
		return first(a.uncached(), want(a.header.Get("X-Dcr-Trace") != "", "there is no header X-DCR-Trace"))
	}},

	{tokenSection, "credentials get a token: 201", func(r *run) error {
		a, err := r.askToken(nil)
		if err != nil {
			return err
		}
		r.token = a.string("access_token")
		return first(a.is(http.StatusCreated), a.uncached(), want(r.token != "", "access_token is missing"))
	}},
	{tokenSection, "the answer has every member, created_at in milliseconds", func(r *run) error {
		a, err := r.askToken(nil)
		if err != nil {
			return err
		}
		created, _ := a.body["created_at"].(float64)
		expires, _ := a.body["expires_in"].(float64)
		return first(a.is(http.StatusCreated),
			want(a.string("id") != "", "id is missing"),
			want(time.Since(time.UnixMilli(int64(created))).Abs() < 24*time.Hour, "created_at is %v, which are no milliseconds of today", a.body["created_at"]),
			want(expires > 0, "expires_in is %v", a.body["expires_in"]),
			want(a.string("token_type") == "bearer", "token_type is %q", a.string("token_type")))
	}},
	{tokenSection, "the parameters may stand in the query", func(r *run) error {
		if r.client.id == "" {
			return errSkipped
		}
		a, err := r.ask(http.MethodPost, r.at("/o/client/token")+"?"+r.client.values().Encode(), jsonType, "")
		if err != nil {
			return err
		}
		return a.is(http.StatusCreated)
	}},
	{tokenSection, "a wrong secret is invalid_client", refusedToken(func(v url.Values) { v.Set("client_secret", v.Get("client_secret")+"x") }, "invalid_client")},
	{tokenSection, "an unknown client looks like a wrong secret", func(r *run) error {
		wrong, err := r.askToken(func(v url.Values) { v.Set("client_secret", v.Get("client_secret")+"x") })
		if err != nil {
			return err
		}
		unknown, err := r.askToken(func(v url.Values) { v.Set("client_id", "00000000-0000-4000-8000-000000000000") })
		if err != nil {
			return err
		}
		return first(unknown.refuses(http.StatusBadRequest, "invalid_client"), want(wrong.text == unknown.text, "got %s and %s", shown(wrong.text), shown(unknown.text)))
	}},
	{tokenSection, "another grant is unsupported_grant_type", refusedToken(func(v url.Values) { v.Set("grant_type", "password") }, "unsupported_grant_type")},
	{tokenSection, "a scope that was not granted is invalid_scope", refusedToken(func(v url.Values) { v.Set("scope", "nobody:has:this") }, "invalid_scope")},
	{tokenSection, "no client is invalid_request", refusedToken(func(v url.Values) { v.Del("client_id"); v.Del("client_secret") }, "invalid_request")},
	{tokenSection, "a parameter twice is invalid_request", refusedToken(func(v url.Values) { v.Add("client_id", v.Get("client_id")) }, "invalid_request")},
	{tokenSection, "a parameter in both places is invalid_request", func(r *run) error {
		if r.client.id == "" {
			return errSkipped
		}
		a, err := r.form(r.at("/o/client/token")+"?grant_type=client_credentials", r.client.values())
		if err != nil {
			return err
		}
		return a.refuses(http.StatusBadRequest, "invalid_request")
	}},

	{askSection, "a token tells its scopes", withToken(http.MethodGet, "/o/client/scopes", http.StatusOK)},
	{askSection, "a good token is valid", withToken(http.MethodPost, "/o/client/validate", http.StatusOK)},
	{"RFC 6750 section 3", "no token is 401, with a challenge", func(r *run) error {
		a, err := r.ask(http.MethodPost, r.at("/o/client/validate"), "", "")
		if err != nil {
			return err
		}
		return first(a.is(http.StatusUnauthorized), a.challenges())
	}},
	{"RFC 6750 section 3.1", "a token that is none is 401", func(r *run) error {
		a, err := r.ask(http.MethodPost, r.at("/o/client/validate"), "", "", "Authorization: Bearer none.at.all")
		if err != nil {
			return err
		}
		return first(a.is(http.StatusUnauthorized), a.challenges())
	}},
}

func (a *answer) challenges() error {
	got := a.header.Get("WWW-Authenticate")
	return want(strings.HasPrefix(got, "Bearer"), "WWW-Authenticate is %q", got)
}

func (r *run) statementBody() string { return `{"software_statement":` + quoted(r.o.Statement) + `}` }

func quoted(text string) string {
	b, _ := json.Marshal(text) // a text can always be written
	return string(b)
}

// forged is the statement with another signature.
func forged(statement string) string {
	at := strings.LastIndexByte(statement, '.')
	if at < 0 {
		return statement + "x"
	}
	signature := []byte(statement[at+1:])
	slices.Reverse(signature)
	return statement[:at+1] + string(signature)
}

func refusedRegistration(body func(*run) string, code string) func(*run) error {
	return func(r *run) error {
		a, err := r.register(body(r))
		if err != nil {
			return err
		}
		return a.refuses(http.StatusBadRequest, code)
	}
}

func (c credentials) values() url.Values {
	return url.Values{"grant_type": {"client_credentials"}, "client_id": {c.id}, "client_secret": {c.secret}}
}

func (r *run) askToken(change func(url.Values)) (*answer, error) {
	if r.client.id == "" {
		return nil, errSkipped
	}
	values := r.client.values()
	if change != nil {
		change(values)
	}
	return r.form(r.at("/o/client/token"), values)
}

func refusedToken(change func(url.Values), code string) func(*run) error {
	return func(r *run) error {
		a, err := r.askToken(change)
		if err != nil {
			return err
		}
		return a.refuses(http.StatusBadRequest, code)
	}
}

func withToken(method, path string, status int) func(*run) error {
	return func(r *run) error {
		if r.token == "" {
			return errSkipped
		}
		a, err := r.ask(method, r.at(path), "", "", "Authorization: Bearer "+r.token)
		if err != nil {
			return err
		}
		return first(a.is(status), a.json())
	}
}
