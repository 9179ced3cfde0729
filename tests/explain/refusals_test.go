package explain

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/caddy-dcr/caddy-dcr/internal/explain"
	"github.com/caddy-dcr/caddy-dcr/internal/management"
	"github.com/caddy-dcr/caddy-dcr/tests/harness"
)

// refused is a request that is refused, and what has to be said of it.
type refused struct {
	name    string
	ask     func() harness.Answer
	decider explain.Decider
	reason  string
	// says are parts of what a person reads.
	says []string
}

func TestEveryKindOfRefusalIsExplained(t *testing.T) {
	overStores(t, func(t *testing.T, w *world) {
		application := w.CreateApp(v2App())
		statement := w.IssueStatement(application)
		client := w.Register(statement)
		token := w.Token(client)
		doomed := w.Register(statement)
		dead := w.Token(doomed)
		w.MustDCR("revoke", "client", doomed.ClientID, "--reason", "stolen device", "--by", "ann@desk")
		_, powerless, weak := w.Enroll(harness.App{Channels: []string{channel}, Scopes: []string{"temporary:passes:owner"}})
		get := func(target string, headers ...string) func() harness.Answer {
			return func() harness.Answer { return w.Do(http.MethodGet, target, "", headers...) }
		}
		form := func(change func(url.Values)) func() harness.Answer {
			f := client.Form()
			change(f)
			return func() harness.Answer { return w.PostToken(f) }
		}
		register := func(body string) func() harness.Answer {
			return func() harness.Answer { return w.PostRegister(body) }
		}
		for _, c := range []refused{
			{"no token", get(call(channel)), explain.Guard, "token_absent", []string{"rest_v2", "GET " + call(channel), "127.0.0.1"}},
			{"a token of nobody", get(call(channel), "Authorization: Bearer junk"), explain.Guard, "token_invalid", []string{"malformed"}},
			{"a forged token", get(call(channel), "Authorization: Bearer "+forged(token.AccessToken)), explain.Guard, "token_invalid", []string{"the signature is not the key's"}},
			{"two tokens", get(call(channel), token.Bearer(), token.Bearer()), explain.Guard, "token_repeated", nil},
			{"another channel", get(call("OTHER"), token.Bearer()), explain.Guard, "channel_not_assigned",
				[]string{client.ClientID, application, "Living room", "channel OTHER", channel, "/api/v2/{serviceProvider}/configuration", "expires"}},
			{"a scope that is missing", get(call(channel), weak.Bearer()), explain.Guard, "scope_missing",
				[]string{powerless.ClientID, "api:client:v2", "temporary:passes:owner"}},
			{"a parameter that is missing", func() harness.Answer {
				return w.Do(http.MethodDelete, "/reset-tempass/v3/reset?requestor_id="+channel, "", weak.Bearer())
			}, explain.Guard, "parameter_missing", []string{"mvpd_id in the query"}},
			{"a revoked client", get(call(channel), dead.Bearer()), explain.Guard, "client_revoked",
				[]string{doomed.ClientID, "ann@desk", "stolen device"}},
			{"no route", get("/api/v2/no/such/route/at/all", token.Bearer()), explain.Guard, "route_unknown", []string{"caddy dcr routes"}},
			{"no site's path", get("/nobody/claims/this"), explain.Guard, "route_unknown", []string{"no guard or other handler"}},
			{"another method", func() harness.Answer { return w.Do(http.MethodPut, call(channel), "", token.Bearer()) },
				explain.Guard, "method_not_allowed", []string{"allowed: GET"}},
			{"an ambiguous target", get("/api/v2/"+channel+"/..%2f", token.Bearer()), explain.Guard, "target_ambiguous", nil},
			{"a target that goes past the guard", get("/api/v2;/" + channel + "/configuration"), explain.Guard, "target_ambiguous", []string{"no guard claims the path"}},
			{"another address", get("/control/v3/mvpd-proxies/x/mvpds", token.Bearer()), explain.Guard, "address_not_allowed", []string{"192.0.2.0/24", "127.0.0.1"}},
			{"the issuer, without a token", get("/o/client/scopes"), explain.Guard, "token_absent", nil},
			{"the issuer, by a revoked client", func() harness.Answer { return w.Do(http.MethodPost, "/o/client/validate", "", dead.Bearer()) },
				explain.Guard, "client_revoked", []string{"ann@desk"}},
			{"a statement of nobody", register(`{"software_statement":"e30.e30.c2ln"}`), explain.Registration, "statement_invalid", []string{"the header names no algorithm that we know"}},
			{"a body that is none", register(`{`), explain.Registration, "request_invalid", []string{"it is not JSON"}},
			{"a redirect to elsewhere", register(`{"software_statement":"` + statement + `","redirect_uri":"https://elsewhere.example/"}`),
				explain.Registration, "redirect_refused", []string{application, "https://elsewhere.example/"}},
			{"a wrong secret", form(func(f url.Values) { f.Set("client_secret", "wrong") }), explain.Tokens, "secret_wrong",
				[]string{client.ClientID, "not proven", application}},
			{"a client that is none", form(func(f url.Values) { f.Set("client_id", uuid.NewString()) }), explain.Tokens, "client_unknown", nil},
			{"another grant", form(func(f url.Values) { f.Set("grant_type", "password") }), explain.Tokens, "grant_unsupported", nil},
			{"a scope too many", form(func(f url.Values) { f.Set("scope", "decisions:owner") }), explain.Tokens, "scope_refused", []string{"decisions:owner", "api:client:v2"}},
			{"a token for a revoked client", func() harness.Answer { return w.PostToken(doomed.Form()) }, explain.Tokens, "client_revoked",
				[]string{doomed.ClientID, statementID(t, w, application), "stolen device"}},
			{"another method of the issuer", get("/o/client/token"), explain.Tokens, "request_invalid", []string{"use POST"}},
		} {
			t.Run(c.name, func(t *testing.T) {
				answer := c.ask()
				trace := answer.Header.Get("X-DCR-Trace")
				require.NoError(t, uuid.Validate(trace), "the answer has no trace: %d %s", answer.Status, answer.Body)
				if body := answer.JSON(t); strings.Contains(answer.Body, `"helpUrl"`) {
					assert.Equal(t, trace, body["trace"], "an enhanced error has it in the body, too")
				} else {
					assert.NotContains(t, body, "trace", "OAuth's errors have no such member")
				}
				x, text := explanation(t, w.Gateway, trace)
				assert.Equal(t, c.decider, x.DecidedBy)
				assert.Equal(t, c.reason, x.Reason)
				assert.Equal(t, trace, x.Trace.String())
				assert.Equal(t, answer.Status, x.Status)
				unwrapped := strings.Join(strings.Fields(text), " ")
				for _, part := range append(c.says, x.Means, x.Advice) {
					assert.Contains(t, unwrapped, part)
				}
				for name, secret := range map[string]string{
					"token": token.AccessToken, "dead token": dead.AccessToken, "secret": client.ClientSecret, "statement": statement,
				} {
					assert.NotContains(t, text, secret, name)
				}
				line := logged(t, w.Gateway, trace)
				assert.Equal(t, c.reason, line["dcr_reason"])
			})
		}
		assert.Empty(t, w.backend.Seen())
	})
}

// forged spoils the signature, whose encoding stays right.
func forged(token string) string { return token[:len(token)-10] + "AAAAAA" + token[len(token)-4:] }

// statementID finds the id of the application's one statement.
func statementID(t *testing.T, w *world, application string) string {
	t.Helper()
	var list management.StatementList
	require.NoError(t, json.Unmarshal([]byte(w.MustDCR("statement", "list", application, "--json")), &list))
	require.Len(t, list.Statements, 1)
	return list.Statements[0].ID.String()
}

func TestWhatWasLetThroughIsNotRemembered(t *testing.T) {
	w := newWorld(t, "", "", "")
	_, _, token := w.Enroll(v2App())
	require.Equal(t, http.StatusOK, w.Do(http.MethodGet, call(channel), "", token.Bearer()).Status)
	trace := w.backend.Only(t).Values("X-DCR-Trace")
	require.Len(t, trace, 1)
	result := w.DCR("explain", trace[0])
	assert.Equal(t, 1, result.Status)
	assert.Contains(t, result.Stderr, "only refusals are kept")
}

func TestAReloadForgetsNoRefusal(t *testing.T) {
	w := newWorld(t, "", "", "")
	trace := w.Do(http.MethodGet, call(channel), "").Header.Get("X-DCR-Trace")
	require.NoError(t, uuid.Validate(trace))
	require.Zero(t, w.Caddy("reload", "--config", w.Caddyfile(), "--adapter", "caddyfile", "--address", w.Admin, "--force").Status)
	x, _ := explanation(t, w.Gateway, trace)
	assert.Equal(t, "token_absent", x.Reason)
}

func TestASecretInAPathIsNotRemembered(t *testing.T) {
	w := newWorld(t, "", "", "")
	_, client, token := w.Enroll(v2App())
	for _, target := range []string{
		call(token.AccessToken), "/nobody/" + token.AccessToken, "/api/v2/" + token.AccessToken + "/configuration", "/nobody/client_secret=" + client.ClientSecret,
	} {
		answer := w.Do(http.MethodGet, target, "", token.Bearer())
		trace := answer.Header.Get("X-DCR-Trace")
		x, text := explanation(t, w.Gateway, trace)
		for _, said := range []string{x.Asked.Path, text, fmt.Sprint(x.Named, x.Refused), told(logged(t, w.Gateway, trace))["channel"]} {
			assert.NotContains(t, said, token.AccessToken)
			assert.NotContains(t, said, client.ClientSecret)
		}
	}
}

func TestAThrottledRequestSaysByWhichRule(t *testing.T) {
	w := newWorld(t, "", "throttle {\n\t\trate 0.5\n\t\tburst 1\n\t}", "")
	for name, ask := range map[string]func() harness.Answer{
		"under a guard":        func() harness.Answer { return w.Do(http.MethodGet, call(channel), "") },
		"at a client endpoint": func() harness.Answer { return w.PostToken(url.Values{}) },
	} {
		t.Run(name, func(t *testing.T) {
			var answer harness.Answer
			harness.Eventually(t, "for the device to be throttled", func() bool {
				answer = ask()
				return answer.Status == http.StatusTooManyRequests
			})
			x, text := explanation(t, w.Gateway, answer.Header.Get("X-DCR-Trace"))
			assert.Equal(t, "throttled", x.Reason)
			assert.Positive(t, x.RetryAfterMilliseconds)
			assert.Contains(t, text, "come again after")
			assert.Contains(t, text, "127.0.0.1")
			assert.Contains(t, x.Detail, "0.5 a second")
		})
	}
}
