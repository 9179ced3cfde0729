package explain

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/caddy-dcr/caddy-dcr/internal/management"
	"github.com/caddy-dcr/caddy-dcr/tests/harness"
)

// try runs a check with something on the standard input.
func (w *world) try(t *testing.T, input string, arguments ...string) (trial management.Trial, text string, status int) {
	t.Helper()
	command := append(append([]string{"dcr"}, arguments...), "--address", w.Admin)
	printed := w.CaddyWithInput(input, command...)
	asJSON := w.CaddyWithInput(input, append(command, "--json")...)
	assert.Equal(t, printed.Status, asJSON.Status)
	require.NoError(t, json.Unmarshal([]byte(asJSON.Stdout), &trial), asJSON.Stderr)
	return trial, printed.Stdout, printed.Status
}

// What is tried out must come to what really comes of it, whatever it is.
func TestATrialSaysWhatReallyHappens(t *testing.T) {
	overStores(t, func(t *testing.T, w *world) {
		application, client, token := w.Enroll(v2App())
		_, doomed, dead := w.Enroll(v2App())
		w.MustDCR("revoke", "client", doomed.ClientID, "--by", "ann@desk", "--reason", "stolen device")
		_, _, weak := w.Enroll(harness.App{
			Channels: []string{channel}, Scopes: []string{"temporary:passes:owner", "api:client:sdk"},
		})
		w.backend.Forget()
		const session = "/adobe-services/session"
		for _, c := range []struct {
			name, method, target, token, body string
			headers                           []string
		}{
			{"a good request", "GET", call(channel), token.AccessToken, "", nil},
			{"no token", "GET", call(channel), "", "", nil},
			{"another channel", "GET", call("OTHER"), token.AccessToken, "", nil},
			{"a revoked client", "GET", call(channel), dead.AccessToken, "", nil},
			{"a forged token", "GET", call(channel), forged(token.AccessToken), "", nil},
			{"no such route", "GET", "/api/v2/no/such/route/at/all", token.AccessToken, "", nil},
			{"nobody's path that a server could take for an API's", "GET", "/api/v2;/" + channel + "/configuration", token.AccessToken, "", nil},
			{"nobody's path", "GET", "/nobody/claims/this", token.AccessToken, "", nil},
			{"another method", "PUT", call(channel), token.AccessToken, "", nil},
			{"an ambiguous target", "GET", "/api/v2/" + channel + "/..%2f", token.AccessToken, "", nil},
			{"a query", "DELETE", "/reset-tempass/v3/reset?requestor_id=" + channel + "&mvpd_id=M", weak.AccessToken, "", nil},
			{"a parameter that is missing", "DELETE", "/reset-tempass/v3/reset?requestor_id=" + channel, weak.AccessToken, "", nil},
			{"a scope that is missing", "GET", call(channel), weak.AccessToken, "", nil},
			{"a form", "POST", session, weak.AccessToken, "requestor_id=" + channel, nil},
			{"a form of another channel", "POST", session, weak.AccessToken, "requestor_id=OTHER", nil},
			{"a token in a header", "GET", call(channel), "", "", []string{token.Bearer()}},
			{"two tokens", "GET", call(channel), token.AccessToken, "", []string{token.Bearer()}},
			{"an upgrade", "GET", call(channel), token.AccessToken, "", []string{"Connection: Upgrade", "Upgrade: websocket"}},
		} {
			t.Run(c.name, func(t *testing.T) {
				arguments := []string{"check-request", c.method, c.target, "--from", "127.0.0.1"}
				headers := c.headers
				for _, header := range c.headers {
					arguments = append(arguments, "--header", header)
				}
				if c.body != "" {
					arguments, headers = append(arguments, "--data", c.body), append(headers, "Content-Type: application/x-www-form-urlencoded")
				}
				if c.token != "" {
					arguments, headers = append(arguments, "--token", "-"), append(headers, "Authorization: Bearer "+c.token)
				}
				trial, text, status := w.try(t, c.token+"\n", arguments...)
				assert.Empty(t, w.backend.Seen(), "nothing reaches a backend")
				require.Len(t, trial.Results, 1, text)
				said := trial.Results[0]
				assert.NotContains(t, text, token.AccessToken)

				answer := w.Do(c.method, c.target, c.body, headers...)
				reached := len(w.backend.Seen()) > 0
				w.backend.Forget()
				assert.Equal(t, reached, trial.Allowed, text)
				if reached {
					assert.Zero(t, status)
					assert.Equal(t, "allowed", said.Reason)
					assert.Contains(t, text, "allowed")
					return
				}
				assert.Equal(t, 1, status)
				really, _ := explanation(t, w.Gateway, answer.Header.Get("X-DCR-Trace"))
				assert.Equal(t, answer.Status, said.Status)
				said.Trace, said.At = really.Trace, really.At
				assert.Equal(t, really, said, "all of it, but for the trace and the time")
			})
		}
		t.Run("the facts of a good request", func(t *testing.T) {
			_, text, _ := w.try(t, token.AccessToken, "check-request", "GET", call(channel), "--token", "-")
			for _, part := range []string{client.ClientID, application, "Living room", "channel " + channel, "api:client:v2", "valid"} {
				assert.Contains(t, text, part)
			}
		})
	})
}

func TestATokenIsChecked(t *testing.T) {
	overStores(t, func(t *testing.T, w *world) {
		application, client, token := w.Enroll(v2App())
		file := filepath.Join(t.TempDir(), "token.txt")
		require.NoError(t, os.WriteFile(file, []byte(token.AccessToken+"\n"), 0o600))
		trial, text, status := w.try(t, "", "check-token", file)
		assert.Zero(t, status)
		assert.True(t, trial.Allowed)
		for _, part := range []string{client.ClientID, application, "api:client:v2", "expires"} {
			assert.Contains(t, text, part)
		}
		assert.NotContains(t, text, token.AccessToken)

		_, text, status = w.try(t, forged(token.AccessToken), "check-token", "-")
		assert.Equal(t, 1, status)
		assert.Contains(t, text, "the signature is not the key's")
		_, text, status = w.try(t, "two words", "check-token", "-")
		assert.Equal(t, 1, status)
		assert.Contains(t, text, "token_malformed")

		w.MustDCR("revoke", "client", client.ClientID, "--by", "ann@desk", "--reason", "stolen device")
		_, text, status = w.try(t, "", "check-token", file)
		assert.Equal(t, 1, status)
		for _, part := range []string{"client_revoked", "ann@desk", "stolen device"} {
			assert.Contains(t, text, part)
		}
	})
}

func TestAStatementIsChecked(t *testing.T) {
	overStores(t, func(t *testing.T, w *world) {
		app := v2App()
		app.Domains = []string{"example.com"}
		application := w.CreateApp(app)
		statement := w.IssueStatement(application)
		_, text, status := w.try(t, statement, "check-statement", "-", "--redirect-uri", "https://app.example.com/", "--platform", "roku")
		assert.Zero(t, status, text)
		for _, part := range []string{"registered", application, "Living room", "Roku"} {
			assert.Contains(t, text, part)
		}
		assert.NotContains(t, text, statement)
		assert.NotContains(t, w.MustDCR("client", "list", "--json"), application, "nobody was registered")

		_, text, status = w.try(t, statement, "check-statement", "-", "--redirect-uri", "https://elsewhere.example/")
		assert.Equal(t, 1, status)
		assert.Contains(t, text, "redirect_refused")
		_, text, status = w.try(t, statement[:len(statement)-4]+"AAAA", "check-statement", "-")
		assert.Equal(t, 1, status)
		assert.Contains(t, text, "statement_invalid")

		w.MustDCR("app", "revoke", application, "--by", "ann@desk", "--reason", "leaked")
		_, text, status = w.try(t, statement, "check-statement", "-")
		assert.Equal(t, 1, status)
		for _, part := range []string{"application_revoked", "ann@desk", "leaked"} {
			assert.Contains(t, text, part)
		}
	})
}

func TestTrialsUseNothingUp(t *testing.T) {
	w := newWorld(t, "", "throttle {\n\t\trate 0.001\n\t\tburst 1\n\t}\n\tforgeries 1/1h burst 1", "\tmetrics /metrics\n")
	_, _, token := w.Enroll(v2App())
	before := decisions(w)
	for range 4 {
		trial, _, _ := w.try(t, forged(token.AccessToken), "check-request", "GET", call(channel), "--from", "127.0.0.1", "--token", "-")
		assert.Equal(t, "token_invalid", trial.Results[0].Reason, "neither the throttle nor the budget of forgeries is asked")
	}
	assert.Equal(t, before, decisions(w))
}

func decisions(w *world) (lines []string) {
	for line := range strings.Lines(w.Do(http.MethodGet, "/metrics", "").Body) {
		if strings.HasPrefix(line, "caddy_dcr_decisions_total") {
			lines = append(lines, line)
		}
	}
	return lines
}

func TestGuardsAreTriedByAddressAndByProfile(t *testing.T) {
	w := newWorld(t, "", "", "")
	_, _, token := w.Enroll(harness.App{Channels: []string{channel}, Scopes: []string{"mvpd:proxies:owner"}, ProxyMVPDs: []string{"p"}})
	proxies := []string{"check-request", "GET", "/control/v3/mvpd-proxies/p/mvpds", "--token", "-"}
	trial, _, status := w.try(t, token.AccessToken, append(proxies, "--from", "192.0.2.7")...)
	assert.Zero(t, status)
	assert.Equal(t, "proxy_mvpd", trial.Results[0].Asked.Profile)
	trial, text, _ := w.try(t, token.AccessToken, append(proxies, "--from", "198.51.100.1")...)
	assert.Equal(t, "address_not_allowed", trial.Results[0].Reason)
	assert.Contains(t, text, "192.0.2.0/24")
	trial, _, _ = w.try(t, token.AccessToken, append(proxies, "--profile", "rest_v2")...)
	assert.Equal(t, "route_unknown", trial.Results[0].Reason)
	assert.Equal(t, "rest_v2", trial.Results[0].Asked.Profile)
	trial, _, _ = w.try(t, "", "check-request", "GET", "/nobody/claims/this")
	assert.Equal(t, "route_unknown", trial.Results[0].Reason)
}

func TestWhatIsNoCheckIsAMistake(t *testing.T) {
	w := newWorld(t, "", "", "")
	secret := "dcrt_" + strings.Repeat("s", 43)
	for name, arguments := range map[string][]string{
		"no path":                       {"check-request", "GET"},
		"a path that is none":           {"check-request", "GET", "api"},
		"an API that nobody guards":     {"check-request", "GET", "/", "--profile", "planet"},
		"a header that is none":         {"check-request", "GET", "/", "--header", "no colon"},
		"a header of two lines":         {"check-request", "GET", "/", "--header", "A: b\r\nC: d"},
		"an address that is none":       {"check-request", "GET", "/", "--from", "home"},
		"a token in place of its file":  {"check-token", secret},
		"a file that is not there":      {"check-statement", "/no/such/" + uuid.NewString()},
		"a platform that nobody builds": {"check-statement", os.Args[0], "--platform", "Betamax"},
		"nothing to read":               {"check-token", "-"},
	} {
		t.Run(name, func(t *testing.T) {
			result := w.DCR(arguments...)
			assert.Equal(t, 2, result.Status, result.Stderr)
			assert.Empty(t, result.Stdout)
			assert.NotContains(t, result.Stderr, secret)
			assert.Contains(t, result.Stderr, "hint:")
		})
	}
}
