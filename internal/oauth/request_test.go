package oauth

import (
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/caddy-dcr/caddy-dcr/internal/oautherr"
	"github.com/caddy-dcr/caddy-dcr/internal/wire"
)

const (
	formType = "application/x-www-form-urlencoded"
	grant    = "grant_type=client_credentials"
	inForm   = grant + "&client_id=id1&client_secret=s3cret"
	asserted = "&client_assertion=s3cret&client_assertion_type=urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer"
)

func tokenRequest(query, contentType, body string, authorization ...string) *http.Request {
	r := httptest.NewRequest(http.MethodPost, "/o/client/token", strings.NewReader(body))
	r.URL.RawQuery = query
	if contentType != "" {
		r.Header.Set("Content-Type", contentType)
	}
	if authorization != nil {
		r.Header["Authorization"] = authorization
	}
	return r
}

func basic(pair string) string { return "Basic " + base64.StdEncoding.EncodeToString([]byte(pair)) }

func TestReadTokenRequestAccepts(t *testing.T) {
	want := TokenRequest{Credentials: Credentials{ClientID: "id1", secret: "s3cret", Method: ByPost}}
	with := func(change func(*TokenRequest)) TokenRequest {
		q := want
		change(&q)
		return q
	}
	viaQuery := with(func(q *TokenRequest) { q.Method = ByQuery })
	viaBasic := with(func(q *TokenRequest) { q.Method = ByBasic })
	cases := []struct {
		name      string
		request   *http.Request
		want      TokenRequest
		adobeOnly bool
	}{
		{"a form", tokenRequest("", formType, inForm), want, false},
		{"a form with a charset", tokenRequest("", formType+"; charset=UTF-8", inForm), want, false},
		{"a form's type in capitals", tokenRequest("", "Application/X-WWW-Form-URLencoded", inForm), want, false},
		{"a scope", tokenRequest("", formType, inForm+"&scope=a+b"), with(func(q *TokenRequest) { q.Scope = "a b" }), false},
		{"an empty scope, which is none", tokenRequest("", formType, inForm+"&scope="), want, false},
		{"an empty repetition, which is none", tokenRequest("", formType, "client_id=&"+inForm+"&client_id"), want, false},
		{"an unknown parameter", tokenRequest("", formType, inForm+"&x=1&x=2&refresh_token=%zz"), want, false},
		{"an unknown parameter in the query", tokenRequest("x=1&_=%zz", formType, inForm), want, false},
		{"escapes in names and values", tokenRequest("", formType, "gr%61nt_type=client%5Fcredentials&client_id=%69d1&client_secret=s3cret"), want, false},
		{"empty pairs", tokenRequest("", formType, "&&"+inForm+"&"), want, false},
		{"the query, announced as JSON with an empty body", tokenRequest(inForm, "application/json", ""), viaQuery, true},
		{"the query, announced as JSON with a blank body", tokenRequest(inForm, "application/json;charset=utf-8", " \r\n"), viaQuery, true},
		{"the query without any type", tokenRequest(inForm, "", ""), viaQuery, true},
		{"the query announced as a form", tokenRequest(inForm, formType, ""), viaQuery, true},
		{"the grant in the query and the rest in the form", tokenRequest(grant, formType, "client_id=id1&client_secret=s3cret"), want, true},
		{"the secret in the query and the rest in the form", tokenRequest("client_secret=s3cret", formType, grant+"&client_id=id1"), viaQuery, true},
		{"an empty one in the query beside the form's", tokenRequest("client_id=", formType, inForm), want, false},
		{"Basic", tokenRequest("", formType, grant, basic("id1:s3cret")), viaBasic, false},
		{"Basic in small letters with spaces", tokenRequest("", formType, grant, " basic   "+basic("id1:s3cret")[6:]+" "), viaBasic, false},
		{"Basic with escapes", tokenRequest("", formType, grant, basic("%69d1:s3%63ret")), viaBasic, false},
		{"Basic with what only looks like escapes", tokenRequest("", formType, grant, basic("id%1:100%")), with(func(q *TokenRequest) { q.Method, q.ClientID, q.secret = ByBasic, "id%1", "100%" }), false},
		{"Basic with colons in the secret", tokenRequest("", formType, grant, basic("id1:a:b")), with(func(q *TokenRequest) { q.Method, q.secret = ByBasic, "a:b" }), false},
		{"Basic, and the same id in the form", tokenRequest("", formType, grant+"&client_id=id1", basic("id1:s3cret")), viaBasic, false},
		{"Basic, and the grant in the query", tokenRequest(grant, "", "", basic("id1:s3cret")), viaBasic, true},
		{"an assertion", tokenRequest("", formType, grant+asserted), TokenRequest{Credentials: Credentials{assertion: "s3cret", Method: ByAssertion}}, false},
		{"an assertion and the client's id", tokenRequest("", formType, grant+asserted+"&client_id=id1"), TokenRequest{Credentials: Credentials{ClientID: "id1", assertion: "s3cret", Method: ByAssertion}}, false},
		{"a bearer token, which is no client authentication", tokenRequest("", formType, inForm, "Bearer x"), want, false},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			body, err := io.ReadAll(c.request.Body)
			require.NoError(t, err)
			read := func(p wire.Profile) (TokenRequest, error) {
				c.request.Body = io.NopCloser(strings.NewReader(string(body)))
				return ReadTokenRequest(c.request, p)
			}
			got, err := read(wire.Adobe)
			require.NoError(t, err)
			assert.Equal(t, c.want, got)
			got, err = read(wire.Standard)
			if c.adobeOnly {
				require.ErrorIs(t, err, oautherr.New(oautherr.InvalidRequest, ""))
				return
			}
			require.NoError(t, err)
			assert.Equal(t, c.want, got)
		})
	}
}

func TestReadTokenRequestRefuses(t *testing.T) {
	long := strings.Repeat("x", maxBody)
	cases := []struct {
		name    string
		request *http.Request
		want    oautherr.Code
	}{
		{"nothing", tokenRequest("", "", ""), oautherr.InvalidRequest},
		{"no grant type", tokenRequest("", formType, "client_id=id1&client_secret=s3cret"), oautherr.InvalidRequest},
		{"no client id", tokenRequest("", formType, grant+"&client_secret=s3cret"), oautherr.InvalidRequest},
		{"no secret", tokenRequest("", formType, grant+"&client_id=id1"), oautherr.InvalidRequest},
		{"an empty secret", tokenRequest("", formType, grant+"&client_id=id1&client_secret="), oautherr.InvalidRequest},
		{"another grant", tokenRequest("", formType, "grant_type=authorization_code&client_id=id1&client_secret=s3cret"), oautherr.UnsupportedGrantType},
		{"a refresh", tokenRequest("", formType, "grant_type=refresh_token&client_id=id1&client_secret=s3cret"), oautherr.UnsupportedGrantType},
		{"the grant in capitals", tokenRequest("", formType, "grant_type=CLIENT_CREDENTIALS&client_id=id1&client_secret=s3cret"), oautherr.UnsupportedGrantType},
		{"the name in capitals", tokenRequest("", formType, "GRANT_TYPE=client_credentials&client_id=id1&client_secret=s3cret"), oautherr.InvalidRequest},
		{"a grant type twice", tokenRequest("", formType, inForm+"&"+grant), oautherr.InvalidRequest},
		{"a client id twice", tokenRequest("", formType, inForm+"&client_id=id1"), oautherr.InvalidRequest},
		{"a secret twice, once escaped", tokenRequest("", formType, inForm+"&client%5Fsecret=x"), oautherr.InvalidRequest},
		{"a scope twice", tokenRequest("", formType, inForm+"&scope=a&scope=b"), oautherr.InvalidRequest},
		{"the same in form and query", tokenRequest("client_id=id1", formType, inForm), oautherr.InvalidRequest},
		{"a scope twice in the query", tokenRequest(inForm+"&scope=a&scope=a", "", ""), oautherr.InvalidRequest},
		{"a broken escape in a value", tokenRequest("", formType, grant+"&client_id=%zz&client_secret=x"), oautherr.InvalidRequest},
		{"a broken escape in a name", tokenRequest("", formType, inForm+"&%zz=1"), oautherr.InvalidRequest},
		{"JSON in the body", tokenRequest("", "application/json", `{"grant_type":"client_credentials"}`), oautherr.InvalidRequest},
		{"JSON in the body beside a good query", tokenRequest(inForm, "application/json", `{}`), oautherr.InvalidRequest},
		{"a form announced as JSON", tokenRequest("", "application/json", inForm), oautherr.InvalidRequest},
		{"a form announced as nothing", tokenRequest("", "", inForm), oautherr.InvalidRequest},
		{"multipart", tokenRequest("", "multipart/form-data; boundary=x", "--x--"), oautherr.InvalidRequest},
		{"a body over the limit", tokenRequest("", formType, inForm+"&x="+long), oautherr.InvalidRequest},
		{"too many parameters", tokenRequest("", formType, inForm+strings.Repeat("&a", maxParameters)), oautherr.InvalidRequest},
		{"Basic and a secret in the form", tokenRequest("", formType, inForm, basic("id1:s3cret")), oautherr.InvalidRequest},
		{"Basic and a secret in the query", tokenRequest("client_secret=s3cret", formType, grant, basic("id1:s3cret")), oautherr.InvalidRequest},
		{"Basic and another id in the form", tokenRequest("", formType, grant+"&client_id=id2", basic("id1:s3cret")), oautherr.InvalidRequest},
		{"Basic and an assertion", tokenRequest("", formType, grant+"&client_assertion=x", basic("id1:s3cret")), oautherr.InvalidRequest},
		{"a secret and an assertion", tokenRequest("", formType, inForm+"&client_assertion=x"), oautherr.InvalidRequest},
		{"an assertion without its type", tokenRequest("", formType, grant+"&client_assertion=x"), oautherr.InvalidRequest},
		{"an assertion's type alone", tokenRequest("", formType, grant+"&client_id=id1&client_assertion_type="+jwtBearer), oautherr.InvalidRequest},
		{"an assertion's type and Basic", tokenRequest("", formType, grant+"&client_assertion_type="+jwtBearer, basic("id1:s3cret")), oautherr.InvalidRequest},
		{"an assertion of another type", tokenRequest("", formType, grant+"&client_assertion=x&client_assertion_type=urn:ietf:params:oauth:client-assertion-type:saml2-bearer"), oautherr.InvalidClient},
		{"an assertion twice", tokenRequest("", formType, grant+asserted+"&client_assertion=x"), oautherr.InvalidRequest},
		{"an assertion in the query", tokenRequest(asserted[1:], formType, grant), oautherr.InvalidRequest},
		{"an assertion's type in the query", tokenRequest("client_assertion_type="+jwtBearer, formType, grant+"&client_assertion=x"), oautherr.InvalidRequest},
		{"two Basic headers", tokenRequest("", formType, grant, basic("id1:s3cret"), basic("id1:s3cret")), oautherr.InvalidRequest},
		{"Basic and Bearer", tokenRequest("", formType, grant, basic("id1:s3cret"), "Bearer x"), oautherr.InvalidRequest},
		{"Basic of no base64", tokenRequest("", formType, grant, "Basic id1:s3cret"), oautherr.InvalidRequest},
		{"Basic with trailing bits", tokenRequest("", formType, grant, "Basic aTpzeh=="), oautherr.InvalidRequest},
		{"Basic without a colon", tokenRequest("", formType, grant, basic("id1")), oautherr.InvalidRequest},
		{"Basic without an id", tokenRequest("", formType, grant, basic(":s3cret")), oautherr.InvalidRequest},
		{"Basic without a secret", tokenRequest("", formType, grant, basic("id1:")), oautherr.InvalidRequest},
		{"Basic without anything", tokenRequest("", formType, grant, "Basic"), oautherr.InvalidRequest},
		{"Basic of many pages", tokenRequest("", formType, grant, basic("id1:"+long)), oautherr.InvalidRequest},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			q, err := ReadTokenRequest(c.request, wire.Adobe)
			require.Error(t, err)
			assert.Equal(t, c.want, oautherr.From(err).Code, err)
			assert.Zero(t, q)
			assert.NotContains(t, err.Error(), "s3cret")
		})
	}
}

func TestReadTokenRequestTakesPOSTOnly(t *testing.T) {
	for _, method := range []string{http.MethodGet, http.MethodHead, http.MethodPut, http.MethodOptions, "post"} {
		r := tokenRequest(inForm, formType, inForm)
		r.Method = method
		_, err := ReadTokenRequest(r, wire.Adobe)
		assert.Equal(t, oautherr.MethodNotAllowed, oautherr.From(err).Code, method)
		w := httptest.NewRecorder()
		wire.WriteError(w, r, err)
		assert.Equal(t, http.MethodPost, w.Header().Get("Allow"))
	}
}

func TestReadTokenRequestRefusesABodyThatBreaksOff(t *testing.T) {
	r := tokenRequest("", formType, "")
	r.Body = io.NopCloser(iotest.ErrReader(errors.New("connection reset")))
	_, err := ReadTokenRequest(r, wire.Adobe)
	assert.Equal(t, oautherr.InvalidRequest, oautherr.From(err).Code)
}

func TestARequestNeverPrintsItsSecret(t *testing.T) {
	q, err := ReadTokenRequest(tokenRequest("", formType, inForm), wire.Adobe)
	require.NoError(t, err)
	for _, format := range []string{"%v", "%+v", "%#v", "%s"} {
		assert.NotContains(t, fmt.Sprintf(format, q), "s3cret")
		assert.NotContains(t, fmt.Sprintf(format, &q), "s3cret")
		assert.NotContains(t, fmt.Sprintf(format, q.Credentials), "s3cret")
	}
}

func TestWhateverAClientEncodesIsReadBack(t *testing.T) {
	printable := rapid.StringMatching(`[ -~é世]{1,20}`)
	rapid.Check(t, func(t *rapid.T) {
		id, secret, scope := printable.Draw(t, "id"), printable.Draw(t, "secret"), printable.Draw(t, "scope")
		form := url.Values{"grant_type": {GrantClientCredentials}, "client_id": {id}, "client_secret": {secret}, "scope": {scope}}
		q, err := ReadTokenRequest(tokenRequest("", formType, form.Encode()), wire.Standard)
		require.NoError(t, err)
		assert.Equal(t, TokenRequest{Credentials: Credentials{ClientID: id, secret: secret, Method: ByPost}, Scope: scope}, q)

		q, err = ReadTokenRequest(tokenRequest("", formType, grant, basic(url.QueryEscape(id)+":"+url.QueryEscape(secret))), wire.Standard)
		require.NoError(t, err)
		assert.Equal(t, TokenRequest{Credentials: Credentials{ClientID: id, secret: secret, Method: ByBasic}}, q)
	})
}

func FuzzTokenForm(f *testing.F) {
	f.Add(grant+asserted, "", formType)
	f.Fuzz(func(t *testing.T, body, query, contentType string) {
		q, err := ReadTokenRequest(tokenRequest(query, contentType, body), wire.Adobe)
		if err != nil {
			require.NotEqual(t, oautherr.TemporarilyUnavailable, oautherr.From(err).Code, "the client's fault is not ours")
			return
		}
		// The standard library's reader must have found the same, once.
		found := url.Values{}
		for _, text := range []string{body, query} {
			for pair := range strings.SplitSeq(text, "&") {
				name, value, _ := strings.Cut(pair, "=")
				name, _ = url.QueryUnescape(name)
				if value, err := url.QueryUnescape(value); err == nil && value != "" {
					found.Add(name, value)
				}
			}
		}
		require.Equal(t, []string{GrantClientCredentials}, found["grant_type"])
		if q.Method == ByAssertion {
			require.Equal(t, []string{q.assertion}, found["client_assertion"])
			require.Empty(t, found["client_secret"])
			return
		}
		require.Equal(t, []string{q.ClientID}, found["client_id"])
		require.Equal(t, []string{q.secret}, found["client_secret"])
	})
}

// FuzzBasic holds that whoever net/http believes to have read is read alike
// here, or refused: here an id and a secret are wanted, and they are decoded.
func FuzzBasic(f *testing.F) {
	f.Fuzz(func(t *testing.T, line string) {
		header := http.Header{"Authorization": {line}}
		c, err := basicCredentials(header)
		if err != nil {
			require.Equal(t, oautherr.InvalidRequest, oautherr.From(err).Code)
			require.Nil(t, c)
			return
		}
		user, password, ok := (&http.Request{Header: header}).BasicAuth()
		if c == nil {
			require.False(t, ok, "net/http has found %q", user)
			return
		}
		require.NotEmpty(t, c.id)
		require.NotEmpty(t, c.secret)
		if !ok { // blanks where one is enough
			_, _, ok = strings.Cut(strings.TrimSpace(line), "  ")
			require.True(t, ok || line != strings.TrimSpace(line) || strings.ContainsAny(line, "\t\n\v\f\r\u0085\u00a0"), line)
			return
		}
		require.Equal(t, credentials{user, password}.unescape(), *c)
	})
}
