package explain

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/caddy-dcr/caddy-dcr/tests/harness"
)

// told is what a line of the access log says of a decision.
func told(line map[string]any) map[string]string {
	fields := map[string]string{}
	for name, value := range line {
		if field, ours := strings.CutPrefix(name, "dcr_"); ours {
			fields[field], _ = value.(string)
		}
	}
	return fields
}

func TestTheAccessLogSaysWhoWasLetThroughAndWhoWasNot(t *testing.T) {
	overStores(t, func(t *testing.T, w *world) {
		application := w.CreateApp(v2App())
		statement := w.IssueStatement(application)
		registered := w.PostRegister(`{"software_statement":"` + statement + `"}`)
		client := w.Register(statement)
		issued := w.PostToken(client.Form())
		token := w.Token(client)
		known := map[string]string{
			"client": client.ClientID, "application": application, "programmer": "Demo", "scopes": "api:client:v2", "platform": "Other",
		}
		with := func(more map[string]string) map[string]string {
			all := map[string]string{}
			for _, fields := range []map[string]string{known, more} {
				for name, value := range fields {
					if all[name] = value; value == "" {
						delete(all, name)
					}
				}
			}
			return all
		}
		expect := func(trace string, want map[string]string) {
			t.Helper()
			want["trace"] = trace
			assert.Equal(t, want, told(logged(t, w.Gateway, trace)))
		}

		require.Equal(t, http.StatusOK, w.Do(http.MethodGet, call(channel), "", token.Bearer()).Status)
		passed := w.backend.Only(t).Values("X-DCR-Trace")[0]
		expect(passed, with(map[string]string{"decision": "allowed", "reason": "allowed", "channel": channel}))
		assert.Equal(t, client.ClientID, logged(t, w.Gateway, passed)["user_id"])

		trace := func(answer harness.Answer) string { return answer.Header.Get("X-DCR-Trace") }
		expect(trace(w.Do(http.MethodGet, call("OTHER"), "", token.Bearer())),
			with(map[string]string{"decision": "refused", "reason": "channel_not_assigned", "channel": "OTHER"}))
		expect(trace(w.Do(http.MethodGet, call(channel), "")), map[string]string{"decision": "refused", "reason": "token_absent"})
		expect(trace(w.Do(http.MethodGet, "/nobody/claims/this", "", token.Bearer())), map[string]string{"decision": "refused", "reason": "route_unknown"})

		expect(trace(registered), with(map[string]string{
			"decision": "allowed", "reason": "registered", "client": registered.JSON(t)["client_id"].(string),
		}))
		expect(trace(issued), with(map[string]string{"decision": "allowed", "reason": "issued"}))
		expect(trace(w.Do(http.MethodGet, "/o/client/scopes", "", token.Bearer())), with(map[string]string{"decision": "allowed", "reason": "allowed"}))
		wrong := client.Form()
		wrong.Set("client_secret", "wrong")
		expect(trace(w.PostToken(wrong)), map[string]string{"decision": "refused", "reason": "secret_wrong"})
		expect(trace(w.PostRegister(`{"software_statement":"e30.e30.c2ln"}`)),
			map[string]string{"decision": "refused", "reason": "statement_invalid"})
	})
}

// The fields are texts of their own to Caddy's filters and encoders.
func TestTheFieldsOfTheAccessLogCanBeFiltered(t *testing.T) {
	w := newWorld(t, "", "", `log other {
		output file {DIR}/filtered.log
		format filter {
			wrap json
			fields {
				dcr_trace delete
				dcr_reason replace hidden
			}
		}
	}
`)
	w.Do(http.MethodGet, call(channel), "")
	var text string
	harness.Eventually(t, "for the other log", func() bool {
		text = read(w.Dir + "/filtered.log")
		return strings.Contains(text, `"dcr_reason":"hidden"`)
	})
	assert.Contains(t, text, `"dcr_decision":"refused"`)
	assert.NotContains(t, text, "dcr_trace")
}
