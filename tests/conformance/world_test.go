package conformance

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/caddy-dcr/caddy-dcr/plugins/storetest/redistest"
	"github.com/caddy-dcr/caddy-dcr/tests/harness"
)

// server is the resource server that the gateways know, with both of its secrets.
const (
	server    = "esm"
	secret    = "0123456789abcdef0123456789abcdef"
	oldSecret = "fedcba9876543210fedcba9876543210"
)

const knownServer = `resource_server ` + server + ` {
			secret {env.DCR_TEST_OLD_SECRET} {env.DCR_TEST_SECRET}
		}
		`

// setSecrets puts the secrets where the configuration finds them.
func setSecrets(t *testing.T) {
	t.Helper()
	t.Setenv("DCR_TEST_OLD_SECRET", oldSecret)
	t.Setenv("DCR_TEST_SECRET", secret)
}

// formats are both kinds of access token.
var formats = map[string]string{
	"jwt":    "",
	"opaque": "tokens {\n\t\t\tformat opaque\n\t\t}\n\t\t",
}

// world is a gateway with an application whose statements it issues.
type world struct {
	*harness.Gateway
	application, statement string
}

// overStores runs the test once for each store.
func overStores(t *testing.T, options string, test func(t *testing.T, w *world)) {
	t.Helper()
	for name, start := range map[string]func(testing.TB) string{
		"embedded": func(testing.TB) string { return "" },
		"redis":    func(tb testing.TB) string { return "redis " + redistest.Start(tb, redistest.Options{}).URL() },
	} {
		t.Run(name, func(t *testing.T) { test(t, newWorld(t, start(t), options)) })
	}
}

func newWorld(t *testing.T, store, options string) *world {
	t.Helper()
	setSecrets(t)
	backend := harness.StartBackend(t, "rest_v2")
	w := &world{Gateway: harness.Start(t, harness.Config{
		Store: store, Options: knownServer + options, Site: "dcr_issuer\n\tdcr_proxy rest_v2 " + backend.Addr,
	})}
	w.enrol()
	return w
}

func (w *world) enrol() {
	w.application = w.CreateApp(harness.App{
		Channels: []string{"REF30"}, Domains: []string{"example.com"}, Scopes: []string{"api:client:v2", "analytics:client"},
	})
	w.statement = w.IssueStatement(w.application)
}

// call asks the protected API, and answers the status.
func (w *world) call(token string) int {
	return w.Do(http.MethodGet, "/api/v2/REF30/configuration", "", "Authorization: Bearer "+token).Status
}

// client is what a registration gave.
type client struct {
	ID          string `json:"client_id"`
	Secret      string `json:"client_secret"`
	URI         string `json:"registration_client_uri"`
	AccessToken string `json:"registration_access_token"`
}

// path is where the client's registration lies.
func (c client) path() string { return "/oauth2/register/" + c.ID }

func (c client) bearer() string { return "Authorization: Bearer " + c.AccessToken }

func (c client) basic() string { return basic(c.ID, c.Secret) }

// basic is the header of HTTP Basic as RFC 6749 section 2.3.1 wants it.
func basic(id, secret string) string {
	return "Authorization: Basic " + base64.StdEncoding.EncodeToString([]byte(url.QueryEscape(id)+":"+url.QueryEscape(secret)))
}

// postRegister sends the members beside the statement.
func (w *world) postRegister(members map[string]any) harness.Answer {
	body := map[string]any{"software_statement": w.statement}
	for name, value := range members {
		body[name] = value
	}
	text, err := json.Marshal(body)
	if err != nil {
		panic(err)
	}
	return w.Do(http.MethodPost, "/oauth2/register", string(text), "Content-Type: application/json")
}

func (w *world) register(t *testing.T, members map[string]any) client {
	t.Helper()
	answer := w.postRegister(members)
	require.Equal(t, http.StatusCreated, answer.Status, answer.Body)
	var c client
	require.NoError(t, json.Unmarshal([]byte(answer.Body), &c))
	return c
}

// post sends a form of names and values in turn.
func (w *world) post(path string, form url.Values, headers ...string) harness.Answer {
	return w.Do(http.MethodPost, path, form.Encode(), append([]string{"Content-Type: application/x-www-form-urlencoded"}, headers...)...)
}

// pairs makes a form of names and values in turn.
func pairs(namesAndValues ...string) url.Values {
	form := url.Values{}
	for i := 0; i < len(namesAndValues); i += 2 {
		form.Add(namesAndValues[i], namesAndValues[i+1])
	}
	return form
}

var grant = pairs("grant_type", "client_credentials")

// token gets an access token for a client with a secret.
func (w *world) token(t *testing.T, c client) string {
	t.Helper()
	answer := w.post("/oauth2/token", grant, c.basic())
	require.Equal(t, http.StatusOK, answer.Status, answer.Body)
	return answer.JSON(t)["access_token"].(string)
}

// active asks as the resource server what a token is worth.
func (w *world) active(t *testing.T, token string) bool {
	t.Helper()
	answer := w.post("/oauth2/introspect", pairs("token", token), basic(server, secret))
	require.Equal(t, http.StatusOK, answer.Status, answer.Body)
	return answer.JSON(t)["active"].(bool)
}

// kept checks that nobody keeps the answer.
func kept(t *testing.T, answer harness.Answer) {
	t.Helper()
	assert.Equal(t, "no-store", answer.Header.Get("Cache-Control"))
	assert.Equal(t, "no-cache", answer.Header.Get("Pragma"))
}

// refused checks an error by RFC 6749 section 5.2 and those that follow it.
func refused(t *testing.T, answer harness.Answer, status int, code string) {
	t.Helper()
	assert.Equal(t, status, answer.Status, answer.Body)
	body := answer.JSON(t)
	assert.Equal(t, code, body["error"], answer.Body)
	assert.Regexp(t, `^[ !#-\[\]-~]+$`, body["error_description"], "the characters of section 5.2")
	assert.Equal(t, "application/json;charset=UTF-8", answer.Header.Get("Content-Type"))
	kept(t, answer)
}
