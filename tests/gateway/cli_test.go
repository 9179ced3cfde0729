package gateway

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/caddy-dcr/caddy-dcr/tests/harness"
)

func TestApplicationsAreCreatedShownListedAndRevoked(t *testing.T) {
	overStores(t, settings{}, func(t *testing.T, w *world) {
		id := w.CreateApp(harness.App{
			ID: "5f0c9a1e-3b7d-4e57-9c65-0d2f6a8b1c11", Programmer: "Acme", Name: "Acme TV", Version: "2.1",
			Channels: []string{"REF30", "REF31"}, Platforms: []string{"Android"}, Domains: []string{"acme.example"},
			Scopes: []string{"api:client:v2", "analytics:client"}, ProxyMVPDs: []string{"proxy1"},
		})
		assert.Equal(t, "5f0c9a1e-3b7d-4e57-9c65-0d2f6a8b1c11", id)

		var shown map[string]any
		require.NoError(t, json.Unmarshal([]byte(w.MustDCR("app", "show", id, "--json")), &shown))
		assert.Equal(t, id, shown["id"])
		assert.Equal(t, "Acme", shown["programmer"])
		assert.Equal(t, []any{"REF30", "REF31"}, shown["channels"])

		table := w.MustDCR("app", "list")
		for _, want := range []string{id, "Acme", "Acme TV"} {
			assert.Contains(t, table, want)
		}
		assert.True(t, json.Valid([]byte(w.MustDCR("app", "list", "--json"))))

		again := w.DCR("app", "create", "--id", id, "--programmer", "Acme", "--name", "x", "--version", "1",
			"--all-channels", "--scope", "api:client:v2")
		assert.Equal(t, 1, again.Status, "an id is taken once: %s", again.Stderr)

		w.MustDCR("app", "revoke", id)
		require.NoError(t, json.Unmarshal([]byte(w.MustDCR("app", "show", id, "--json")), &shown))
		assert.Contains(t, strings.ToLower(w.MustDCR("app", "show", id)), "revoked")
	})
}

func TestAStatementIsPrintedAloneSoThatItCanBePiped(t *testing.T) {
	overStores(t, settings{}, func(t *testing.T, w *world) {
		id := w.CreateApp(v2App())
		output := w.MustDCR("statement", "issue", id)
		assert.Regexp(t, `^[\w-]+\.[\w-]+\.[\w-]+\n$`, output)
		statement := strings.TrimSpace(output)
		header, claims := parts(t, statement)
		assert.NotEmpty(t, header["alg"])
		assert.Equal(t, id, claims["sub"])
		assert.Equal(t, w.URL, claims["iss"])

		assert.Contains(t, w.MustDCR("statement", "inspect", statement), id)
		piped := w.CaddyWithInput(output, "dcr", "statement", "inspect", "-", "--address", w.Admin)
		assert.Zero(t, piped.Status, piped.Stderr)
		assert.Contains(t, piped.Stdout, id)
	})
}

func TestClientsAreListedAndShownWithoutTheirSecrets(t *testing.T) {
	overStores(t, settings{}, func(t *testing.T, w *world) {
		application, client, _ := w.Enroll(v2App())
		_, other, _ := w.Enroll(v2App())
		list := w.MustDCR("client", "list", "--app", application)
		assert.Contains(t, list, client.ClientID)
		assert.NotContains(t, list, other.ClientID)
		shown := w.MustDCR("client", "show", client.ClientID, "--json")
		assert.Contains(t, shown, application)
		for _, text := range []string{list, shown, w.MustDCR("client", "list", "--json")} {
			assert.NotContains(t, text, client.ClientSecret)
		}
	})
}

func TestEveryKindOfKillStopsWhatIsUnderIt(t *testing.T) {
	overStores(t, settings{}, func(t *testing.T, w *world) {
		for _, kind := range []string{"client", "statement", "application", "channel"} {
			t.Run(kind, func(t *testing.T) {
				named := "CH-" + kind
				app := v2App()
				app.Channels = []string{named}
				application := w.CreateApp(app)
				statement := w.IssueStatement(application)
				client := w.Register(statement)
				token := w.Token(client)
				id := map[string]string{
					"client": client.ClientID, "statement": statementID(t, statement),
					"application": application, "channel": named,
				}[kind]
				call := "/api/v2/" + named + "/configuration"
				require.Equal(t, http.StatusOK, w.Do(http.MethodGet, call, "", token.Bearer()).Status)
				w.MustDCR("revoke", kind, id, "--reason", "a test of kills")
				answer := w.Do(http.MethodGet, call, "", token.Bearer())
				assert.Contains(t, []int{http.StatusUnauthorized, http.StatusForbidden}, answer.Status, answer.Body)
			})
		}
	})
}

func TestTheExitStatusTellsAMistakeFromAFailure(t *testing.T) {
	w := newWorld(t, "", settings{})
	created := func(also ...string) []string {
		return append([]string{"app", "create", "--name", "Demo", "--programmer", "Demo", "--channel", "REF30", "--scope", "s"}, also...)
	}
	for name, c := range map[string]struct {
		arguments []string
		status    int
	}{
		"nothing wrong":                 {[]string{"app", "list"}, 0},
		"an application nobody knows":   {[]string{"app", "show", "11111111-2222-4333-8444-555555555555"}, 1},
		"no statement of anyone":        {[]string{"statement", "issue", "11111111-2222-4333-8444-555555555555"}, 1},
		"an id that is none":            {[]string{"app", "show", "demo"}, 2},
		"an argument missing":           {[]string{"app", "show"}, 2},
		"a kind that is none":           {[]string{"revoke", "planet", "x"}, 2},
		"an application without a name": {[]string{"app", "create", "--programmer", "x"}, 2},
		"a scope that is none":          {created("--scope", "a b"), 2},
		"a channel that is none":        {created("--channel", "a/b"), 2},
		"a platform that is none":       {created("--platform", "Betamax"), 2},
		"a domain that is none":         {created("--domain", "https://example.com"), 2},
		"a scheme that is none":         {created("--scheme", "http"), 2},
		"a level that is none":          {created("--level", "studio"), 2},
		"two channels at channel level": {created("--level", "channel", "--channel", "CNN"), 2},
		"a place in another list":       {[]string{"client", "list", "--cursor", "zzz"}, 2},
		"a flag that nobody knows":      {[]string{"app", "list", "--colour"}, 2},
		"a command that nobody knows":   {[]string{"app", "paint"}, 2},
	} {
		t.Run(name, func(t *testing.T) {
			result := w.DCR(c.arguments...)
			assert.Equal(t, c.status, result.Status, result.Stderr)
			if c.status != 0 {
				assert.Regexp(t, `(?m)^error: .+$`, result.Stderr)
				assert.Regexp(t, `(?m)^hint:  .+$`, result.Stderr)
				assert.Empty(t, result.Stdout)
			}
		})
	}
	assert.NotContains(t, w.MustDCR("app", "list"), "Demo", "nothing is left of what was refused")
	t.Run("no gateway at the address", func(t *testing.T) {
		result := w.Caddy("dcr", "app", "list", "--address", "localhost:1")
		assert.Equal(t, 1, result.Status)
		assert.Contains(t, result.Stderr, "localhost:1")
	})
	t.Run("the address from the configuration", func(t *testing.T) {
		result := w.Caddy("dcr", "app", "list", "--config", w.Caddyfile(), "--adapter", "caddyfile")
		assert.Zero(t, result.Status, result.Stderr)
	})
}
