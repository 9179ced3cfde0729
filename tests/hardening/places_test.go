package hardening

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/caddy-dcr/caddy-dcr/tests/hardening/rawhttp"
)

// The gateway could check one token and the backend believe the other one.
func TestARequestCarriesOneTokenInOnePlace(t *testing.T) {
	t.Parallel()
	w := newWorld(t, settings{})
	_, _, token := w.Enroll(everything())
	_, _, other := w.Enroll(everything())
	post := func(target, body string, lines ...string) rawhttp.Request {
		return tokenRequest(target, body, lines...)
	}
	get := func(target string, lines ...string) rawhttp.Request {
		return rawhttp.Request{Method: http.MethodGet, Target: target, Lines: lines}
	}
	inQuery := "&access_token=" + token.AccessToken
	for name, c := range map[string]struct {
		request rawhttp.Request
		status  int
	}{
		"in the header":                       {get(v2Call, token.Bearer()), http.StatusOK},
		"in the query of ESM":                 {get(esmCall + inQuery), http.StatusOK},
		"in the query of the SDKs":            {get(sdkCall + inQuery), http.StatusOK},
		"in two lines":                        {get(v2Call, token.Bearer(), token.Bearer()), http.StatusBadRequest},
		"two tokens in two lines":             {get(v2Call, token.Bearer(), other.Bearer()), http.StatusBadRequest},
		"a good one behind Basic":             {get(v2Call, "Authorization: Basic eDp5", token.Bearer()), http.StatusBadRequest},
		"twice in a line, with a comma":       {get(v2Call, token.Bearer()+", "+"Bearer "+token.AccessToken), http.StatusBadRequest},
		"twice in a line, with a comma alone": {get(v2Call, token.Bearer()+","+token.AccessToken), http.StatusBadRequest},
		"twice in a line, with a space":       {get(v2Call, token.Bearer()+" "+token.AccessToken), http.StatusBadRequest},
		"in header and query":                 {get(esmCall+inQuery, token.Bearer()), http.StatusBadRequest},
		"in header and query in capitals":     {get(esmCall+"&ACCESS_TOKEN="+token.AccessToken, token.Bearer()), http.StatusBadRequest},
		"in header and query with an escape":  {get(esmCall+"&access%5Ftoken="+token.AccessToken, token.Bearer()), http.StatusBadRequest},
		"in header and an empty one in query": {get(esmCall+"&access_token", token.Bearer()), http.StatusBadRequest},
		"twice in the query":                  {get(sdkCall + inQuery + inQuery), http.StatusBadRequest},
		"in the query of REST API V2":         {get(v2Call + "?" + inQuery[1:]), http.StatusUnauthorized},
		"in a form, which no API has":         {post(sdkCall, inQuery[1:]), http.StatusUnauthorized},
		"in a header of another name":         {get(v2Call, "X-Authorization: Bearer "+token.AccessToken, "Proxy-Authorization: Bearer "+token.AccessToken), http.StatusUnauthorized},
		"in a cookie":                         {get(v2Call, "Cookie: access_token="+token.AccessToken), http.StatusUnauthorized},
		"in a trailer":                        {rawhttp.Request{Method: http.MethodPost, Target: sdkCall, Body: "x=1", Trailers: []string{token.Bearer()}}, http.StatusUnauthorized},
		"in the query, with a space behind":   {get(esmCall + inQuery + "%20"), http.StatusBadRequest},
	} {
		t.Run(name, func(t *testing.T) {
			overProtocols(t, func(t *testing.T, p rawhttp.Protocol) {
				w.forget()
				answer := w.send(t, p, c.request)
				require.Equal(t, c.status, answer.Status, answer.Body)
				if c.status != http.StatusOK {
					w.untouched(t)
				}
			})
		})
	}
}

// RFC 6749 section 2.3: "The client MUST NOT use more than one authentication
// method in each request."
func TestAClientAuthenticatesInOneWay(t *testing.T) {
	t.Parallel()
	w := newWorld(t, settings{})
	client := w.Register(w.IssueStatement(w.CreateApp(everything())))
	const grant = "grant_type=client_credentials"
	inForm := client.Form().Encode()
	withBasic := "Authorization: Basic " + basic(client.ClientID, client.ClientSecret)
	for name, c := range map[string]struct {
		request rawhttp.Request
		good    bool
	}{
		"a form":                        {tokenRequest("/o/client/token", inForm), true},
		"the query":                     {tokenRequest("/o/client/token?"+inForm, ""), true},
		"Basic":                         {tokenRequest("/o/client/token", grant, withBasic), true},
		"Basic and a form":              {tokenRequest("/o/client/token", inForm, withBasic), false},
		"Basic and the query":           {tokenRequest("/o/client/token?"+inForm, "", withBasic), false},
		"a form and the query":          {tokenRequest("/o/client/token?client_secret="+client.ClientSecret, inForm), false},
		"Basic twice":                   {tokenRequest("/o/client/token", grant, withBasic, withBasic), false},
		"a secret twice":                {tokenRequest("/o/client/token", inForm+"&client_secret="+client.ClientSecret), false},
		"a form and an assertion":       {tokenRequest("/o/client/token", inForm+"&client_assertion=x"), false},
		"Basic and a bearer token":      {tokenRequest("/o/client/token", grant, withBasic, "Authorization: Bearer x"), false},
		"Basic with two pairs in a row": {tokenRequest("/o/client/token", grant, withBasic+", "+withBasic), false},

		"Basic and a form, by the RFCs":    {tokenRequest("/oauth2/token", inForm, withBasic), false},
		"the query, which the RFCs forbid": {tokenRequest("/oauth2/token?"+inForm, ""), false},
		"a form, to revoke by the query":   {tokenRequest("/oauth2/revoke?token=x", inForm), false},
		"the query, to revoke":             {tokenRequest("/oauth2/revoke?"+inForm, "token=x"), false},
		"the query, to introspect":         {tokenRequest("/oauth2/introspect?"+inForm, "token=x"), false},
	} {
		t.Run(name, func(t *testing.T) {
			overProtocols(t, func(t *testing.T, p rawhttp.Protocol) {
				answer := w.send(t, p, c.request)
				if c.good {
					assert.Equal(t, http.StatusCreated, answer.Status, answer.Body)
					return
				}
				assert.Equal(t, http.StatusBadRequest, answer.Status, answer.Body)
				assert.Equal(t, "invalid_request", answer.JSON(t)["error"])
			})
		})
	}
}

// RFC 6750 section 3: what a refused request is told, and what not.
func TestARefusalChallengesAsTheRFCSays(t *testing.T) {
	t.Parallel()
	w := newWorld(t, settings{})
	_, _, token := w.Enroll(everything())
	powerless := everything()
	powerless.Scopes = []string{"some:other:scope"}
	_, _, weak := w.Enroll(powerless)
	for name, c := range map[string]struct {
		lines     []string
		status    int
		challenge string
	}{
		"no token":             {nil, http.StatusUnauthorized, `^Bearer realm="esm"$`},
		"another scheme":       {[]string{"Authorization: Basic eDp5"}, http.StatusUnauthorized, `^Bearer realm="esm"$`},
		"junk":                 {[]string{"Authorization: Bearer junk"}, http.StatusUnauthorized, `^Bearer realm="esm", error="invalid_token"`},
		"a forged signature":   {[]string{token.Bearer() + "A"}, http.StatusUnauthorized, `^Bearer realm="esm", error="invalid_token"`},
		"too little scope":     {[]string{weak.Bearer()}, http.StatusForbidden, `^Bearer realm="esm", error="insufficient_scope".*, scope="analytics:client"$`},
		"two tokens":           {[]string{token.Bearer(), token.Bearer()}, http.StatusBadRequest, `^Bearer realm="esm", error="invalid_request"`},
		"a scheme and nothing": {[]string{"Authorization: Bearer"}, http.StatusBadRequest, `^Bearer realm="esm", error="invalid_request"`},
	} {
		t.Run(name, func(t *testing.T) {
			overProtocols(t, func(t *testing.T, p rawhttp.Protocol) {
				answer := w.get(t, p, esmCall, c.lines...)
				assert.Equal(t, c.status, answer.Status, answer.Body)
				assert.Regexp(t, c.challenge, answer.Header.Get("Www-Authenticate"))
				assert.Len(t, answer.Header.Values("Www-Authenticate"), 1)
			})
		})
	}
	w.untouched(t)
}

// RFC 6749 section 5.1, RFC 7591 section 3.2.1: caches must not keep
// credentials, nor what was said to who tried to get some.
func TestNothingFromTheClientEndpointsMayBeCached(t *testing.T) {
	t.Parallel()
	w := newWorld(t, settings{})
	statement := w.IssueStatement(w.CreateApp(everything()))
	client := w.Register(statement)
	token := w.Token(client)
	register := func(body string) rawhttp.Request {
		return rawhttp.Request{Method: http.MethodPost, Target: "/o/client/register", Body: body, Lines: []string{"Content-Type: application/json"}}
	}
	for name, c := range map[string]struct {
		request rawhttp.Request
		status  int
	}{
		"a registration":           {register(`{"software_statement":"` + statement + `"}`), http.StatusCreated},
		"a refused registration":   {register(`{"software_statement":"x"}`), http.StatusBadRequest},
		"a malformed registration": {register(`{`), http.StatusBadRequest},
		"a registration by GET":    {rawhttp.Request{Method: http.MethodGet, Target: "/o/client/register"}, http.StatusMethodNotAllowed},
		"a token":                  {tokenRequest("/o/client/token", client.Form().Encode()), http.StatusCreated},
		"a token by the query":     {tokenRequest("/o/client/token?"+client.Form().Encode(), ""), http.StatusCreated},
		"a wrong secret":           {tokenRequest("/o/client/token", client.Form().Encode()+"x"), http.StatusBadRequest},
		"a token by GET":           {rawhttp.Request{Method: http.MethodGet, Target: "/o/client/token?" + client.Form().Encode()}, http.StatusMethodNotAllowed},
		"scopes":                   {rawhttp.Request{Method: http.MethodGet, Target: "/o/client/scopes", Lines: []string{token.Bearer()}}, http.StatusOK},
		"scopes of nobody":         {rawhttp.Request{Method: http.MethodGet, Target: "/o/client/scopes"}, http.StatusUnauthorized},
		"a good token, validated":  {rawhttp.Request{Method: http.MethodPost, Target: "/o/client/validate", Lines: []string{token.Bearer()}}, http.StatusOK},
		"a token by the RFCs":      {tokenRequest("/oauth2/token", client.Form().Encode()), http.StatusOK},
		"a registration by the RFCs": {
			rawhttp.Request{Method: http.MethodPost, Target: "/oauth2/register", Body: `{"software_statement":"` + statement + `"}`, Lines: []string{"Content-Type: application/json"}},
			http.StatusCreated,
		},
		"a token, introspected":      {tokenRequest("/oauth2/introspect", client.Form().Encode()+"&token="+token.AccessToken), http.StatusOK},
		"a token, given back":        {tokenRequest("/oauth2/revoke", client.Form().Encode()+"&token=x"), http.StatusOK},
		"a registration of nobody's": {rawhttp.Request{Method: http.MethodGet, Target: "/oauth2/register/" + client.ClientID}, http.StatusUnauthorized},
		"what is not there":          {rawhttp.Request{Method: http.MethodGet, Target: "/oauth2/x"}, http.StatusNotFound},
		"a bad token, validated":     {rawhttp.Request{Method: http.MethodPost, Target: "/o/client/validate", Lines: []string{"Authorization: Bearer x"}}, http.StatusUnauthorized},
	} {
		t.Run(name, func(t *testing.T) {
			overProtocols(t, func(t *testing.T, p rawhttp.Protocol) {
				answer := w.send(t, p, c.request)
				require.Equal(t, c.status, answer.Status, answer.Body)
				assert.Equal(t, "no-store", answer.Header.Get("Cache-Control"))
			})
		})
	}
}
