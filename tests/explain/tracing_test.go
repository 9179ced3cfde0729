package explain

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	v1 "go.opentelemetry.io/proto/otlp/trace/v1"

	"github.com/caddy-dcr/caddy-dcr/plugins"
	"github.com/caddy-dcr/caddy-dcr/plugins/storetest/redistest"
	"github.com/caddy-dcr/caddy-dcr/tests/harness"
)

const tracing = "\ttracing {\n\t\tspan site\n\t}\n"

func whichever(span) bool { return true }

func TestARequestIsTracedThroughTheGateway(t *testing.T) {
	for _, store := range stores {
		t.Run(store.name, func(t *testing.T) {
			seen := collect(t)
			w := newWorld(t, store.start(t), "tokens {\n\t\tformat opaque\n\t}", tracing)
			application := w.CreateApp(v2App())
			statement := w.IssueStatement(application)
			client := w.Register(statement)
			token := w.Token(client)
			allowed := w.Do(http.MethodGet, call(channel), "", token.Bearer())
			require.Equal(t, http.StatusOK, allowed.Status)
			refused := w.Do(http.MethodGet, call("OTHER")+"?access_token="+token.AccessToken, "", token.Bearer())
			wrong := client.Form()
			wrong.Set("client_secret", client.ClientSecret+"x")
			w.PostToken(wrong)
			system := map[string]string{"embedded": "bolt", "redis": "redis"}[store.name]

			registered := seen.named(t, "dcr.register", whichever)
			for key, want := range map[string]string{
				"dcr.decision": "allowed", "dcr.reason": "registered", "dcr.client": client.ClientID,
				"dcr.application": application, "dcr.programmer": "Demo", "dcr.scopes": "api:client:v2",
			} {
				assert.Equal(t, want, registered.text(key), key)
			}
			assert.Equal(t, "site", seen.parentOf(t, registered).GetName(), "below Caddy's own span")

			put := seen.named(t, "dcr.store.put", func(s span) bool { return string(s.GetParentSpanId()) == string(registered.GetSpanId()) })
			assert.Equal(t, v1.Span_SPAN_KIND_CLIENT, put.GetKind())
			assert.Equal(t, system, put.text("db.system.name"))
			assert.Equal(t, "put", put.text("db.operation.name"))

			issued := seen.named(t, "dcr.token", func(s span) bool { return s.text("dcr.reason") == "issued" })
			assert.Equal(t, client.ClientID, issued.text("dcr.client"))
			read := seen.named(t, "dcr.store.get", func(s span) bool { return string(s.GetParentSpanId()) == string(issued.GetSpanId()) })
			assert.Equal(t, "get", read.text("db.operation.name"))
			guessed := seen.named(t, "dcr.token", func(s span) bool { return s.text("dcr.reason") == "secret_wrong" })
			assert.Empty(t, guessed.text("dcr.client"), "nobody has proven to be it")

			let := seen.named(t, "dcr.guard", func(s span) bool { return s.text("dcr.reason") == "allowed" })
			for key, want := range map[string]string{
				"dcr.decision": "allowed", "dcr.profile": "rest_v2", "http.route": "/api/v2/{serviceProvider}/configuration",
				"dcr.client": client.ClientID, "dcr.channel": channel, "dcr.platform": "Other",
				"dcr.trace": w.backend.Only(t).Values("X-DCR-Trace")[0],
			} {
				assert.Equal(t, want, let.text(key), key)
			}
			assert.Equal(t, "site", seen.parentOf(t, let).GetName())
			seen.named(t, "dcr.store.get", func(s span) bool { return string(s.GetParentSpanId()) == string(let.GetSpanId()) })

			stopped := seen.named(t, "dcr.guard", func(s span) bool { return s.text("dcr.reason") == "channel_not_assigned" })
			assert.Equal(t, refused.Header.Get("X-DCR-Trace"), stopped.text("dcr.trace"))
			assert.Equal(t, "refused", stopped.text("dcr.decision"))
			assert.Equal(t, "OTHER", stopped.text("dcr.channel"))
			assert.Equal(t, v1.Status_STATUS_CODE_UNSET, stopped.GetStatus().GetCode(), "what the caller did wrong is no error of ours")

			for _, s := range seen.list() {
				if strings.HasPrefix(s.GetName(), "dcr.") {
					for name, secret := range map[string]string{
						"token": token.AccessToken, "secret": client.ClientSecret, "statement": statement,
					} {
						assert.NotContains(t, s.String(), secret, "%s in %s", name, s.GetName())
					}
				}
			}
			assert.NotContains(t, seen.everything(), client.ClientSecret)
			assert.NotContains(t, seen.everything(), statement)
		})
	}
}

func TestAFaultOfOursIsAnErrorInTheTrace(t *testing.T) {
	seen := collect(t)
	redis := redistest.Start(t, redistest.Options{})
	w := newWorld(t, "redis "+redis.URL(), "", tracing)
	client := w.Register(w.IssueStatement(w.CreateApp(v2App())))
	redis.Kill()
	var answer harness.Answer
	harness.Eventually(t, "for the outage to show", func() bool {
		answer = w.PostToken(client.Form())
		return answer.Status == http.StatusServiceUnavailable
	})
	failed := seen.named(t, "dcr.token", func(s span) bool { return s.text("dcr.decision") == "unavailable" })
	assert.Equal(t, "unavailable", failed.text("error.type"))
	assert.Equal(t, v1.Status_STATUS_CODE_ERROR, failed.GetStatus().GetCode())
	asked := seen.named(t, "dcr.store.get", func(s span) bool { return s.text("error.type") != "" })
	assert.Equal(t, v1.Status_STATUS_CODE_ERROR, asked.GetStatus().GetCode())
	assert.Contains(t, plugins.Faults, plugins.Fault(asked.text("error.type")), "the class of the fault")
}

// Without the directive no request has a span, also where the environment says
// where to export to.
func TestWhatIsNotTracedMakesNoSpan(t *testing.T) {
	seen := collect(t)
	untraced := newWorld(t, "", "", "")
	_, _, token := untraced.Enroll(v2App())
	untraced.Do(http.MethodGet, call(channel), "", token.Bearer())
	untraced.PostToken(url.Values{})
	traced := newWorld(t, "", "", tracing)
	traced.Do(http.MethodGet, call(channel), "")
	seen.named(t, "dcr.guard", whichever)
	for _, s := range seen.list() {
		assert.NotEqual(t, "allowed", s.text("dcr.reason"), s.GetName())
		assert.NotEqual(t, "dcr.token", s.GetName())
	}
	assert.Empty(t, sent(seen, "dcr.store."), "what follows the feed belongs to no request")
}

func sent(seen *spans, prefix string) (names []string) {
	for _, s := range seen.list() {
		if strings.HasPrefix(s.GetName(), prefix) {
			names = append(names, s.GetName())
		}
	}
	return names
}
