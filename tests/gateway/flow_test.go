package gateway

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/caddy-dcr/caddy-dcr/tests/harness"
)

// channel is the one that the tests' applications are assigned to.
const channel = "REF30"

// app is an application that is entitled to the API on the channel.
func (a api) app() harness.App {
	app := harness.App{Channels: []string{channel}, Scopes: []string{a.scope}}
	if a.proxyMVPD {
		app.ProxyMVPDs = []string{channel}
	}
	return app
}

// call sends the API's honest call about the channel.
func (a api) call(w *world, named string, headers ...string) harness.Answer {
	if a.contentType != "" {
		headers = append(headers, "Content-Type: "+a.contentType)
	}
	fill := strings.NewReplacer("{CHANNEL}", named)
	return w.Do(a.method, fill.Replace(a.target), fill.Replace(a.body), headers...)
}

// refusal is what section by section of the contract a refused call gets, in
// the two styles.
type refusal struct {
	oauthStatus    int
	oauthCode      string
	enhancedStatus int
	enhancedCode   string
	action         string
}

var (
	tokenNeeded     = refusal{401, "access_denied", 401, "invalid_access_token", "application-registration"}
	clientRevoked   = refusal{403, "invalid_client", 401, "invalid_access_token_client_application", "application-registration"}
	channelNotGiven = refusal{403, "access_denied", 401, "invalid_access_token_service_provider", "application-registration"}
	scopeMissing    = refusal{403, "insufficient_scope", 403, "insufficient_scope", "configuration"}
	malformed       = refusal{400, "invalid_request", 400, "invalid_request", ""}
)

func (r refusal) check(t *testing.T, s style, answer harness.Answer) {
	t.Helper()
	body := answer.JSON(t)
	assert.Contains(t, answer.Header.Get("Content-Type"), "application/json")
	if s == oauth {
		assert.Equal(t, r.oauthStatus, answer.Status, answer.Body)
		assert.Equal(t, r.oauthCode, body["error"])
	} else {
		assert.Equal(t, r.enhancedStatus, answer.Status, answer.Body)
		assert.Equal(t, r.enhancedCode, body["code"])
		assert.EqualValues(t, r.enhancedStatus, body["status"])
		assert.NotEmpty(t, body["message"])
		assert.NotEmpty(t, body["trace"])
		if r.action != "" {
			assert.Equal(t, r.action, body["action"])
		}
	}
	if answer.Status == http.StatusUnauthorized || answer.Status == http.StatusForbidden {
		assert.Regexp(t, "^Bearer", answer.Header.Get("WWW-Authenticate"), "RFC 6750 section 3")
	}
}

func TestEachAPILetsTheRightTokenThroughAndRefusesTheOthers(t *testing.T) {
	overStores(t, settings{}, func(t *testing.T, w *world) {
		for _, a := range apis {
			t.Run(a.profile, func(t *testing.T) { checkAPI(t, w, a) })
		}
	})
}

func checkAPI(t *testing.T, w *world, a api) {
	application, client, token := w.Enroll(a.app())

	w.forget()
	answer := a.call(w, channel, token.Bearer())
	require.Equal(t, http.StatusOK, answer.Status, answer.Body)
	assert.JSONEq(t, fmt.Sprintf(`{"backend":%q}`, a.profile), answer.Body)
	seen := w.backends[a.profile].Only(t)
	assert.Equal(t, a.method, seen.Method)
	assert.Equal(t, strings.ReplaceAll(a.target, "{CHANNEL}", channel), seen.Target)
	assert.Equal(t, strings.ReplaceAll(a.body, "{CHANNEL}", channel), seen.Body)
	assert.Equal(t, []string{client.ClientID}, seen.Values("X-DCR-Client-ID"))
	assert.Equal(t, []string{application}, seen.Values("X-DCR-Application-ID"))
	assert.Equal(t, []string{a.scope}, seen.Values("X-DCR-Scopes"))
	assert.Empty(t, seen.Values("Authorization"))

	w.forget()
	other := a.app()
	other.Scopes = []string{"some:other:scope"}
	_, _, powerless := w.Enroll(other)
	forged := token.AccessToken[:len(token.AccessToken)-4] + "AAAA"
	t.Run("no token", func(t *testing.T) { tokenNeeded.check(t, a.errors, a.call(w, channel)) })
	t.Run("junk for a token", func(t *testing.T) {
		tokenNeeded.check(t, a.errors, a.call(w, channel, "Authorization: Bearer junk"))
	})
	t.Run("a forged signature", func(t *testing.T) {
		tokenNeeded.check(t, a.errors, a.call(w, channel, "Authorization: Bearer "+forged))
	})
	t.Run("two tokens", func(t *testing.T) {
		malformed.check(t, a.errors, a.call(w, channel, token.Bearer(), token.Bearer()))
	})
	t.Run("another scope", func(t *testing.T) {
		scopeMissing.check(t, a.errors, a.call(w, channel, powerless.Bearer()))
	})
	t.Run("another channel", func(t *testing.T) {
		channelNotGiven.check(t, a.errors, a.call(w, "OTHER", token.Bearer()))
	})
	t.Run("no route of the API", func(t *testing.T) {
		path, _, _ := strings.Cut(a.target, "?")
		folder := "/" + strings.Split(path, "/")[1]
		answer := w.Do(http.MethodGet, folder+"/no/such/route/here/at/all", "", token.Bearer())
		assert.Equal(t, http.StatusNotFound, answer.Status)
	})
	t.Run("a revoked client", func(t *testing.T) {
		spare := w.Register(w.IssueStatement(application))
		spareToken := w.Token(spare)
		require.Equal(t, http.StatusOK, a.call(w, channel, spareToken.Bearer()).Status)
		w.forget()
		w.MustDCR("revoke", "client", spare.ClientID)
		clientRevoked.check(t, a.errors, a.call(w, channel, spareToken.Bearer()))
	})
	t.Run("a revoked application", func(t *testing.T) {
		w.MustDCR("app", "revoke", application)
		clientRevoked.check(t, a.errors, a.call(w, channel, token.Bearer()))
		answer := w.PostToken(client.Form())
		assert.Equal(t, http.StatusBadRequest, answer.Status)
		assert.Equal(t, "invalid_client", answer.JSON(t)["error"])
	})
	w.untouched(t)
}

func TestAnExpiredTokenIsToldToGetANewOne(t *testing.T) {
	overStores(t, settings{options: "tokens {\n\t\t\tlifetime 1s\n\t\t}"}, func(t *testing.T, w *world) {
		for _, a := range apis {
			_, client, token := w.Enroll(a.app())
			assert.EqualValues(t, 1, token.ExpiresIn)
			var answer harness.Answer
			harness.Eventually(t, "for the token to expire", func() bool {
				answer = a.call(w, channel, token.Bearer())
				return answer.Status != http.StatusOK
			})
			tokenNeeded.check(t, a.errors, answer)
			assert.Equal(t, http.StatusOK, a.call(w, channel, w.Token(client).Bearer()).Status, "a new token of the same client")
		}
	})
}

func TestARevokedStatementStopsItsClientsAndNoOthers(t *testing.T) {
	overStores(t, settings{}, func(t *testing.T, w *world) {
		a := apis[0]
		application := w.CreateApp(a.app())
		leaked, kept := w.IssueStatement(application), w.IssueStatement(application)
		bad, good := w.Token(w.Register(leaked)), w.Token(w.Register(kept))
		require.Equal(t, http.StatusOK, a.call(w, channel, bad.Bearer()).Status)

		w.MustDCR("revoke", "statement", statementID(t, leaked))
		clientRevoked.check(t, a.errors, a.call(w, channel, bad.Bearer()))
		assert.Equal(t, http.StatusOK, a.call(w, channel, good.Bearer()).Status)
		answer := w.PostRegister(fmt.Sprintf(`{"software_statement":%q}`, leaked))
		assert.Equal(t, http.StatusBadRequest, answer.Status)
		assert.Equal(t, "unapproved_software_statement", answer.JSON(t)["error"])
	})
}
