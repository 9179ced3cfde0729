package browser

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/caddy-dcr/caddy-dcr/tests/harness"
)

const forDomains = "cors {\n\t\t\tapplication_domains\n\t\t}"

func appAt(domain string) harness.App {
	return harness.App{Channels: []string{channel}, Scopes: []string{"api:client:v2"}, Domains: []string{domain}}
}

func TestAPageOfAnApplicationRegistersGetsATokenAndCalls(t *testing.T) {
	g, s := openGate(t, forDomains, ""), openSites(t)
	application := g.CreateApp(appAt("ours.test"))
	statement := g.IssueStatement(application)
	configuration := g.origin + "/api/v2/" + channel + "/configuration"

	p := open(t, s.https("tv.ours.test"), g)
	registered := p.does("register", g.origin, statement)
	require.Equal(t, 201, registered.Status, registered)
	var client harness.Credentials
	registered.decode(t, &client)

	var token harness.Token
	p.does("token", g.origin, client).decode(t, &token)
	answered := p.does("call", configuration, token.AccessToken)
	assert.Equal(t, 200, answered.Status, answered)
	assert.JSONEq(t, `{"backend":"rest_v2"}`, answered.Body)

	seen := g.backend.Only(t)
	assert.Equal(t, []string{client.ClientID}, seen.Values("X-DCR-Client-ID"))
	assert.Equal(t, []string{"fingerprint YmxhY2sgYm94"}, seen.Values("AP-Device-Identifier"))
	assert.NotEmpty(t, seen.Values("X-Device-Info"))
	assert.Empty(t, seen.Values("Authorization"))
	assert.Empty(t, seen.Values("Cookie"))

	t.Run("and keeps the answer to the preflight", func(t *testing.T) {
		before := preflights(p, configuration)
		assert.Equal(t, 200, p.does("call", configuration, token.AccessToken).Status)
		assert.Equal(t, 1, before)
		assert.Equal(t, 1, preflights(p, configuration))
	})
	t.Run("reads why it is refused", func(t *testing.T) {
		g.backend.Forget()
		p.expect(401)
		g.MustDCR("app", "revoke", application)
		refused := p.does("call", configuration, token.AccessToken)
		assert.Equal(t, 401, refused.Status, refused)
		assert.Contains(t, refused.Body, `"code":"invalid_access_token_client_application"`)
		assert.Contains(t, refused.Headers["www-authenticate"], `error="invalid_token"`)
		assert.Regexp(t, "^[0-9a-f-]{36}$", refused.Headers["x-dcr-trace"])
		assert.Empty(t, g.backend.Seen())

		p.expect(400)
		again := p.does("register", g.origin, statement)
		assert.Equal(t, 400, again.Status, again)
		assert.Contains(t, again.Body, "unapproved_software_statement")
		assert.Contains(t, p.does("token", g.origin, client).Body, "invalid_client")
	})
}

func preflights(p page, target string) (count int) {
	for _, request := range p.Asked(target) {
		if request.Method == http.MethodOptions {
			count++
		}
	}
	return count
}

func TestAPageReadsWhenToCallAgain(t *testing.T) {
	g := openGate(t, forDomains, "throttle {\n rate 0.01\n burst 6\n }")
	_, _, token := g.Enroll(appAt("ours.test"))
	p := open(t, openSites(t).https("ours.test"), g)
	p.expect(429)
	configuration := g.origin + "/api/v2/" + channel + "/configuration"
	var told answer
	harness.Eventually(t, "for the throttle", func() bool {
		told = p.does("call", configuration, token.AccessToken)
		return told.Status == 429
	})
	assert.NotEmpty(t, told.Headers["retry-after"], told)
	assert.NotEmpty(t, told.Headers["ratelimit"], told)
	assert.NotEmpty(t, told.Headers["ratelimit-policy"], told)
}

func TestAPageOfAnotherOriginIsToldNothing(t *testing.T) {
	g, s := openGate(t, forDomains, ""), openSites(t)
	application, client, token := g.Enroll(appAt("ours.test"))
	statement := g.IssueStatement(application)
	_, _, others := g.Enroll(appAt("theirs.test"))
	configuration := g.origin + "/api/v2/" + channel + "/configuration"

	for name, origin := range map[string]string{
		"a stranger's":                        s.https("evil.test"),
		"one whose name ends like ours":       s.https("notours.test"),
		"one whose name begins like ours":     s.https("ours.test.evil.test"),
		"our own, but without TLS":            s.http("ours.test"),
		"the gateway's host, at another port": s.https("gateway.test"),
	} {
		t.Run(name, func(t *testing.T) {
			p := open(t, origin, g)
			p.blocked()
			for what, told := range map[string]answer{
				"a registration":                       p.does("register", g.origin, statement),
				"a token":                              p.does("token", g.origin, client),
				"a call":                               p.does("call", configuration, token.AccessToken),
				"a call without a header to ask about": p.does("ask", configuration),
			} {
				assert.NotEmpty(t, told.Blocked, "%s: %v", what, told)
			}
			assert.Empty(t, g.backend.Seen(), "what the browser has to ask about is never sent")
		})
	}
	t.Run("a frame that is sandboxed", func(t *testing.T) {
		p := open(t, s.https("ours.test"), g)
		told := p.does("framed", configuration, token.AccessToken)
		assert.Equal(t, "TypeError: Failed to fetch", told.Blocked, told)
		assert.Empty(t, g.backend.Seen())
	})
	t.Run("one of another application", func(t *testing.T) {
		p := open(t, s.https("theirs.test"), g)
		p.blocked()
		assert.Equal(t, 200, p.does("call", configuration, others.AccessToken).Status, "with its own token")
		told := p.does("call", configuration, token.AccessToken)
		assert.NotEmpty(t, told.Blocked, "with another's: %v", told)
		told = p.does("token", g.origin, client)
		assert.NotEmpty(t, told.Blocked, "another's new token: %v", told)
	})
}

func TestCookiesGoAlongOnlyWhereTheOperatorSaysSo(t *testing.T) {
	// A page of the same site, since browsers keep cookies from others anyway.
	sameSite := openSites(t).https("tv.gateway.test")
	include := map[string]string{"credentials": "include"}
	for name, c := range map[string]struct {
		cors    string
		coming  []string
		blocked bool
	}{
		"for the domains of applications, nowhere": {cors: forDomains, blocked: true},
		"for listed origins, not by itself":        {cors: "cors {\n\t\t\torigins " + sameSite + "\n\t\t}", blocked: true},
		"for listed origins, where it is allowed": {
			cors:   "cors {\n\t\t\torigins " + sameSite + "\n\t\t\tcredentials\n\t\t}",
			coming: []string{"session=secret"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			g := openGate(t, c.cors, "")
			_, _, token := g.Enroll(appAt("gateway.test"))
			configuration := g.origin + "/api/v2/" + channel + "/configuration"
			p := open(t, sameSite, g)
			p.Holds(g.origin, "session", "secret")

			assert.Equal(t, 200, p.does("call", configuration, token.AccessToken).Status)
			assert.Empty(t, g.backend.Only(t).Values("Cookie"), "a page that asks for nothing sends none")
			g.backend.Forget()
			if c.blocked {
				p.blocked()
				assert.NotEmpty(t, p.does("call", configuration, token.AccessToken, include).Blocked)
				assert.Empty(t, g.backend.Seen(), "the browser refuses to send them")
				return
			}
			assert.Equal(t, 200, p.does("call", configuration, token.AccessToken, include).Status)
			assert.Equal(t, c.coming, g.backend.Only(t).Values("Cookie"))
		})
	}
}
