package hardening

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/caddy-dcr/caddy-dcr/tests/hardening/rawhttp"
	"github.com/caddy-dcr/caddy-dcr/tests/harness"
)

// A gateway remembers the tokens that it has verified. What it decided once is
// none of that: a token that is known is looked at as closely as a new one
// (CVE-2021-32701 is a cache that forgot what its decision depended on).

// makeKnown lets the token through once.
func (w *world) makeKnown(t *testing.T, token harness.Token) {
	t.Helper()
	answer := w.Do(http.MethodGet, v2Call, "", token.Bearer())
	require.Equal(t, http.StatusOK, answer.Status, answer.Body)
}

func TestAKnownTokenOpensOnlyWhatItsScopeAndChannelOpen(t *testing.T) {
	t.Parallel()
	w := newWorld(t, settings{})
	app := everything()
	app.Scopes = []string{"api:client:v2"}
	_, _, token := w.Enroll(app)
	for name, c := range map[string]struct {
		method, target string
		status         int
	}{
		"another scope's route":            {http.MethodGet, esmCall, http.StatusForbidden},
		"another channel":                  {http.MethodGet, "/api/v2/OTHER/configuration", http.StatusUnauthorized},
		"its channel in another spelling":  {http.MethodGet, "/api/v2/ref30/configuration", http.StatusUnauthorized},
		"a method that the route has not":  {http.MethodPost, v2Call, http.StatusMethodNotAllowed},
		"a route that is not there":        {http.MethodGet, "/api/v2/" + channel + "/secrets", http.StatusNotFound},
		"a target that has two readings":   {http.MethodGet, "/api/v2/" + channel + "/configuration;x", http.StatusBadRequest},
		"a proxy MVPD that is not its own": {http.MethodGet, "/control/v3/mvpd-proxies/other/mvpds", http.StatusForbidden},
	} {
		t.Run(name, func(t *testing.T) {
			overProtocols(t, func(t *testing.T, p rawhttp.Protocol) {
				w.makeKnown(t, token)
				w.forget()
				answer := w.send(t, p, rawhttp.Request{Method: c.method, Target: c.target, Lines: []string{token.Bearer()}})
				assert.Equal(t, c.status, answer.Status, answer.Body)
				w.untouched(t)
			})
		})
	}
}

func TestATextThatIsLikeAKnownTokenIsNotKnown(t *testing.T) {
	t.Parallel()
	w := newWorld(t, settings{})
	_, _, token := w.Enroll(everything())
	raw := token.AccessToken
	for name, text := range map[string]string{
		"a character more": raw + "A", "padding behind": raw + "=", "a dot behind": raw + ".", "a character less": raw[:len(raw)-1],
		"another last character": raw[:len(raw)-1] + map[bool]string{true: "A", false: "B"}[raw[len(raw)-1] != 'A'],
		"the first half alone":   raw[:len(raw)/2],
	} {
		t.Run(name, func(t *testing.T) {
			overProtocols(t, func(t *testing.T, p rawhttp.Protocol) {
				w.makeKnown(t, token)
				assert.Equal(t, http.StatusUnauthorized, w.get(t, p, v2Call, "Authorization: Bearer "+text).Status)
			})
		})
	}
}

func TestAKnownTokenExpires(t *testing.T) {
	t.Parallel()
	w := newWorld(t, settings{options: "tokens {\n lifetime 5s\n }"})
	_, client, _ := w.Enroll(everything())
	token := w.Token(client)
	w.makeKnown(t, token)
	for _, p := range rawhttp.Protocols {
		var answer harness.Answer
		harness.Eventually(t, "for the token to expire", func() bool {
			answer = w.get(t, p, v2Call, token.Bearer())
			return answer.Status != http.StatusOK
		})
		assert.Equal(t, http.StatusUnauthorized, answer.Status, answer.Body)
		assert.Contains(t, answer.Header.Get("Www-Authenticate"), `error="invalid_token"`)
	}
	assert.Equal(t, http.StatusOK, w.Do(http.MethodGet, v2Call, "", w.Token(client).Bearer()).Status)
}

func TestAKnownTokenCanBeKilledByEverythingAboveIt(t *testing.T) {
	t.Parallel()
	w := newWorld(t, settings{})
	for name, kill := range map[string]func(application string, client harness.Credentials, token harness.Token) []string{
		"itself":          func(_ string, _ harness.Credentials, k harness.Token) []string { return []string{"token", k.ID} },
		"its client":      func(_ string, c harness.Credentials, _ harness.Token) []string { return []string{"client", c.ClientID} },
		"its application": func(a string, _ harness.Credentials, _ harness.Token) []string { return []string{"application", a} },
	} {
		t.Run(name, func(t *testing.T) {
			application, client, token := w.Enroll(everything())
			w.makeKnown(t, token)
			w.MustDCR(append([]string{"revoke"}, kill(application, client, token)...)...)
			w.forget()
			overProtocols(t, func(t *testing.T, p rawhttp.Protocol) {
				answer := w.get(t, p, v2Call, token.Bearer())
				assert.Equal(t, http.StatusUnauthorized, answer.Status, answer.Body)
			})
			w.untouched(t)
		})
	}
}

func TestAKnownTokenIsForTheAudienceOfToday(t *testing.T) {
	t.Parallel()
	w := newWorld(t, settings{})
	_, _, token := w.Enroll(everything())
	w.makeKnown(t, token)
	for name, c := range map[string]struct {
		options string
		status  int
	}{
		"another audience":       {"tokens {\n audience https://elsewhere.example\n }", http.StatusUnauthorized},
		"the audience of before": {"", http.StatusOK},
	} {
		t.Run(name, func(t *testing.T) {
			w.configure(t, settings{options: c.options})
			require.Zero(t, w.Reload().Status)
			harness.Reconnect()
			overProtocols(t, func(t *testing.T, p rawhttp.Protocol) {
				answer := w.get(t, p, v2Call, token.Bearer())
				assert.Equal(t, c.status, answer.Status, answer.Body)
			})
		})
	}
}

func TestAKnownTokenDoesNotOpenTheDoorToEveryAddress(t *testing.T) {
	t.Parallel()
	w := newWorld(t, settings{
		global:  "servers {\n trusted_proxies static 127.0.0.0/8\n trusted_proxies_strict\n }",
		profile: map[string]string{"proxy_mvpd": "allow_ips 192.0.2.0/24"},
	})
	_, _, token := w.Enroll(everything())
	const target = "/control/v3/mvpd-proxies/demo-proxy/mvpds"
	overProtocols(t, func(t *testing.T, p rawhttp.Protocol) {
		answer := w.get(t, p, target, token.Bearer(), "X-Forwarded-For: 192.0.2.7")
		require.Equal(t, http.StatusOK, answer.Status, answer.Body)
		answer = w.get(t, p, target, token.Bearer(), "X-Forwarded-For: 203.0.113.7")
		assert.Equal(t, http.StatusUnauthorized, answer.Status, answer.Body)
	})
}
