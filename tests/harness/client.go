package harness

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"syscall"
	"testing"
	"time"
)

// Answer is a response with its body read.
type Answer struct {
	Status int
	Header http.Header
	Body   string
}

// JSON decodes the body and fails the test when it is no JSON object.
func (a Answer) JSON(tb testing.TB) map[string]any {
	tb.Helper()
	var object map[string]any
	if err := json.Unmarshal([]byte(a.Body), &object); err != nil {
		tb.Fatalf("want a JSON object, got status %d and %q: %v", a.Status, a.Body, err)
	}
	return object
}

// visitor follows no redirect: a redirect is an answer to look at.
var visitor = &http.Client{
	Timeout:       patience,
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	Transport:     &http.Transport{MaxIdleConnsPerHost: 16, IdleConnTimeout: time.Minute},
}

// Reconnect lets no later call use a connection of an earlier one. After a
// reload the server closes those that are idle, at a moment of its own, and a
// call that goes out on one of them just then is lost.
func Reconnect() { visitor.CloseIdleConnections() }

// Do sends the request. The target is a path with its query, and is sent as
// it stands. Headers are given as "Name: value".
func (g *Gateway) Do(method, target, body string, headers ...string) Answer {
	g.tb.Helper()
	response, err := g.send(method, target, body, headers)
	for err != nil && g.settling() && unanswered(err) {
		response, err = g.send(method, target, body, headers)
	}
	if err != nil {
		g.tb.Fatalf("%s %s: %v", method, target, err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		g.tb.Fatalf("%s %s: reading the answer: %v", method, target, err)
	}
	return Answer{Status: response.StatusCode, Header: response.Header, Body: string(text)}
}

func (g *Gateway) send(method, target, body string, headers []string) (*http.Response, error) {
	request, err := http.NewRequest(method, g.URL, strings.NewReader(body))
	if err != nil {
		return nil, err
	}
	path, query, _ := strings.Cut(target, "?")
	request.URL.Opaque = path // else the library would encode it anew
	request.URL.RawQuery = query
	for _, header := range headers {
		name, value, _ := strings.Cut(header, ": ")
		request.Header.Add(name, value)
	}
	return visitor.Do(request)
}

// settling says whether a reload has just been. Caddy's servers share the
// socket while they change places: the old one can still accept a connection
// that it then closes, and no handler sees it. tests/lifecycle counts those.
func (g *Gateway) settling() bool {
	return time.Since(time.UnixMilli(g.reloaded.Load())) < 2*time.Second
}

// Reloaded tells the harness that the gateway has taken up a configuration by
// another way than [Gateway.Reload].
func (g *Gateway) Reloaded() {
	Reconnect()
	g.reloaded.Store(time.Now().UnixMilli())
}

// unanswered says whether a connection ended before the first byte of an answer.
func unanswered(err error) bool {
	return errors.Is(err, io.EOF) || errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE)
}

// Credentials are what a registration gives.
type Credentials struct {
	ClientID     string   `json:"client_id"`
	ClientSecret string   `json:"client_secret"`
	IssuedAt     int64    `json:"client_id_issued_at"`
	RedirectURIs []string `json:"redirect_uris"`
	GrantTypes   []string `json:"grant_types"`
	Scopes       []string `json:"scopes"`
}

// Token is what the token endpoint gives.
type Token struct {
	ID          string `json:"id"`
	AccessToken string `json:"access_token"`
	CreatedAt   int64  `json:"created_at"`
	ExpiresIn   int64  `json:"expires_in"`
	TokenType   string `json:"token_type"`
}

// Bearer is the header line that carries the token.
func (t Token) Bearer() string { return "Authorization: Bearer " + t.AccessToken }

// PostRegister sends a registration as a client app would.
func (g *Gateway) PostRegister(body string, headers ...string) Answer {
	g.tb.Helper()
	return g.Do(http.MethodPost, "/o/client/register", body,
		append([]string{"Content-Type: application/json;charset=UTF-8"}, headers...)...)
}

// PostToken asks for a token as a client app would.
func (g *Gateway) PostToken(form url.Values, headers ...string) Answer {
	g.tb.Helper()
	return g.Do(http.MethodPost, "/o/client/token", form.Encode(),
		append([]string{"Content-Type: application/x-www-form-urlencoded"}, headers...)...)
}

// Register registers a client with the statement.
func (g *Gateway) Register(statement string) Credentials {
	g.tb.Helper()
	body, err := json.Marshal(map[string]string{"software_statement": statement})
	if err != nil {
		g.tb.Fatal(err)
	}
	answer := g.PostRegister(string(body))
	var credentials Credentials
	g.decode("register", answer, &credentials)
	return credentials
}

// Form is the body of an honest token request.
func (c Credentials) Form() url.Values {
	return url.Values{
		"grant_type":    {"client_credentials"},
		"client_id":     {c.ClientID},
		"client_secret": {c.ClientSecret},
	}
}

// Token gets an access token for the client.
func (g *Gateway) Token(client Credentials) Token {
	g.tb.Helper()
	var token Token
	g.decode("token", g.PostToken(client.Form()), &token)
	return token
}

// Enroll takes the whole way from a new application to a token.
func (g *Gateway) Enroll(app App) (application string, client Credentials, token Token) {
	g.tb.Helper()
	application = g.CreateApp(app)
	client = g.Register(g.IssueStatement(application))
	return application, client, g.Token(client)
}

func (g *Gateway) decode(what string, answer Answer, into any) {
	g.tb.Helper()
	if answer.Status != http.StatusCreated {
		g.tb.Fatalf("%s: want 201, got %d: %s", what, answer.Status, answer.Body)
	}
	if err := json.Unmarshal([]byte(answer.Body), into); err != nil {
		g.tb.Fatalf("%s: %v in %q", what, err, answer.Body)
	}
}
