package gateway

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/caddy-dcr/caddy-dcr/tests/harness"
)

// headers checks what every answer of a client endpoint carries.
func headers(t *testing.T, answer harness.Answer) {
	t.Helper()
	assert.Equal(t, "no-store", answer.Header.Get("Cache-Control"))
	assert.Equal(t, "no-cache", answer.Header.Get("Pragma"))
	assert.Equal(t, "application/json;charset=UTF-8", answer.Header.Get("Content-Type"))
}

// refused checks an error of a client endpoint.
func refused(t *testing.T, answer harness.Answer, code string) {
	t.Helper()
	assert.Equal(t, http.StatusBadRequest, answer.Status, answer.Body)
	assert.Equal(t, code, answer.JSON(t)["error"], answer.Body)
	headers(t, answer)
}

func TestRegistrationAnswersAsDocumented(t *testing.T) {
	overStores(t, settings{}, func(t *testing.T, w *world) {
		app := v2App()
		app.Domains = []string{"adobe.com"}
		statement := w.IssueStatement(w.CreateApp(app))
		before := time.Now().Unix()
		answer := w.PostRegister(fmt.Sprintf(`{"software_statement":%q,"redirect_uri":"https://app.adobe.com/done"}`, statement))
		require.Equal(t, http.StatusCreated, answer.Status, answer.Body)
		headers(t, answer)
		body := answer.JSON(t)
		assert.NotEmpty(t, body["client_id"])
		assert.Regexp(t, `^[A-Za-z0-9_-]{43,}$`, body["client_secret"])
		assert.InDelta(t, before, body["client_id_issued_at"], 60, "seconds")
		assert.Equal(t, []any{"https://app.adobe.com/done"}, body["redirect_uris"])
		assert.Equal(t, []any{"client_credentials"}, body["grant_types"])
		assert.Equal(t, []any{"api:client:v2"}, body["scopes"])

		plain := w.PostRegister(fmt.Sprintf(`{"software_statement":%q}`, statement)).JSON(t)
		assert.Equal(t, []any{}, plain["redirect_uris"], "an array also when there is none")
		assert.NotEqual(t, body["client_id"], plain["client_id"], "each instance is a client of its own")
	})
}

func TestRegistrationRefusesAsDocumented(t *testing.T) {
	overStores(t, settings{}, func(t *testing.T, w *world) {
		app := v2App()
		app.Domains = []string{"adobe.com"}
		statement := w.IssueStatement(w.CreateApp(app))
		revoked := w.CreateApp(v2App())
		orphan := w.IssueStatement(revoked)
		w.MustDCR("app", "revoke", revoked)
		forged := statement[:strings.LastIndex(statement, ".")+1] + strings.Repeat("A", 86)
		with := func(member string) string { return fmt.Sprintf(`{"software_statement":%q%s}`, statement, member) }

		for name, c := range map[string]struct{ body, code string }{
			"no body":                     {"", "invalid_request"},
			"no JSON":                     {"software_statement=x", "invalid_request"},
			"no object":                   {`["x"]`, "invalid_request"},
			"no statement":                {`{"redirect_uri":"https://adobe.com/"}`, "invalid_request"},
			"an empty statement":          {`{"software_statement":""}`, "invalid_request"},
			"a statement that is no text": {`{"software_statement":7}`, "invalid_request"},
			"two statements":              {with(`,"software_statement":"x"`), "invalid_request"},
			"text after the object":       {with("") + "x", "invalid_request"},
			"text that is not UTF-8":      {with(`,"redirect_uri":"` + "\xff" + `"`), "invalid_request"},
			"a body beyond 64 KiB":        {with(`,"redirect_uri":"` + strings.Repeat("x", 70_000) + `"`), "invalid_request"},
			"a redirect elsewhere":        {with(`,"redirect_uri":"https://example.com/"`), "invalid_redirect_uri"},
			"a redirect with a lookalike": {with(`,"redirect_uri":"https://notadobe.com/"`), "invalid_redirect_uri"},
			"a redirect with userinfo":    {with(`,"redirect_uri":"https://adobe.com@example.com/"`), "invalid_redirect_uri"},
			"a redirect by script":        {with(`,"redirect_uri":"javascript:alert(1)"`), "invalid_redirect_uri"},
			"a statement that is no JWS":  {`{"software_statement":"abc"}`, "invalid_software_statement"},
			"a forged statement":          {fmt.Sprintf(`{"software_statement":%q}`, forged), "invalid_software_statement"},
			"an unsigned statement": {
				`{"software_statement":"eyJhbGciOiJub25lIn0.` + strings.Split(statement, ".")[1] + `."}`, "invalid_software_statement",
			},
			"a revoked application": {fmt.Sprintf(`{"software_statement":%q}`, orphan), "unapproved_software_statement"},
		} {
			t.Run(name, func(t *testing.T) { refused(t, w.PostRegister(c.body), c.code) })
		}
		t.Run("a form for a body", func(t *testing.T) {
			answer := w.Do(http.MethodPost, "/o/client/register", "software_statement="+statement, "Content-Type: application/x-www-form-urlencoded")
			refused(t, answer, "invalid_request")
		})
		t.Run("the names of the client's own choice are not honoured", func(t *testing.T) {
			answer := w.PostRegister(with(`,"client_id":"mine","client_secret":"mine","scopes":["everything"],"grant_types":["password"]`))
			if answer.Status == http.StatusBadRequest {
				refused(t, answer, "invalid_request")
				return
			}
			body := answer.JSON(t)
			assert.NotEqual(t, "mine", body["client_id"])
			assert.NotEqual(t, "mine", body["client_secret"])
			assert.Equal(t, []any{"api:client:v2"}, body["scopes"])
			assert.Equal(t, []any{"client_credentials"}, body["grant_types"])
		})
	})
}

func TestTheTokenEndpointAnswersAsDocumented(t *testing.T) {
	overStores(t, settings{}, func(t *testing.T, w *world) {
		app := v2App()
		app.Scopes = []string{"api:client:v2", "analytics:client"}
		client := w.Register(w.IssueStatement(w.CreateApp(app)))
		answer := w.PostToken(client.Form())
		require.Equal(t, http.StatusCreated, answer.Status, answer.Body)
		headers(t, answer)
		body := answer.JSON(t)
		assert.NotEmpty(t, body["id"])
		assert.NotEmpty(t, body["access_token"])
		assert.InDelta(t, time.Now().UnixMilli(), body["created_at"], 60_000, "milliseconds")
		assert.EqualValues(t, 21600, body["expires_in"])
		assert.Equal(t, "bearer", body["token_type"])
		assert.NotContains(t, body, "refresh_token")

		form := client.Form()
		form.Set("scope", "analytics:client")
		narrow := w.PostToken(form).JSON(t)["access_token"].(string)
		scopeMissing.check(t, enhanced, w.Do(http.MethodGet, v2Call, "", "Authorization: Bearer "+narrow))
		assert.Equal(t, http.StatusOK, w.Do(http.MethodGet, "/esm/v3/year?requestor-id="+channel, "", "Authorization: Bearer "+narrow).Status)
	})
}

func TestTheTokenEndpointRefusesAsDocumented(t *testing.T) {
	overStores(t, settings{}, func(t *testing.T, w *world) {
		application, client, _ := w.Enroll(v2App())
		revoked := w.Register(w.IssueStatement(application))
		w.MustDCR("revoke", "client", revoked.ClientID, "--reason", "lost")

		change := func(name string, values ...string) url.Values {
			form := client.Form()
			form[name] = values
			return form
		}
		for name, c := range map[string]struct {
			form url.Values
			code string
		}{
			"no parameters":          {url.Values{}, "invalid_request"},
			"no grant type":          {change("grant_type"), "invalid_request"},
			"no client":              {url.Values{"grant_type": {"client_credentials"}}, "invalid_request"},
			"two grant types":        {change("grant_type", "client_credentials", "client_credentials"), "invalid_request"},
			"two clients":            {change("client_id", client.ClientID, client.ClientID), "invalid_request"},
			"two secrets":            {change("client_secret", client.ClientSecret, "x"), "invalid_request"},
			"another grant type":     {change("grant_type", "password"), "unsupported_grant_type"},
			"a refresh token grant":  {change("grant_type", "refresh_token"), "unsupported_grant_type"},
			"an unknown client":      {change("client_id", "897029da-0000-4000-8000-000000000000"), "invalid_client"},
			"a client id of no form": {change("client_id", "nobody"), "invalid_client"},
			"a wrong secret":         {change("client_secret", client.ClientSecret+"x"), "invalid_client"},
			"an empty secret":        {change("client_secret", ""), "invalid_request"},
			"a revoked client":       {revoked.Form(), "invalid_client"},
			"a scope not granted":    {change("scope", "decisions:owner"), "invalid_scope"},
		} {
			t.Run(name, func(t *testing.T) { refused(t, w.PostToken(c.form), c.code) })
		}
		t.Run("a parameter in the body and in the query", func(t *testing.T) {
			answer := w.Do(http.MethodPost, "/o/client/token?grant_type=client_credentials", client.Form().Encode(),
				"Content-Type: application/x-www-form-urlencoded")
			refused(t, answer, "invalid_request")
		})
		t.Run("two ways of client authentication", func(t *testing.T) {
			refused(t, w.PostToken(client.Form(), "Authorization: Basic "+basic(client.ClientID, client.ClientSecret)), "invalid_request")
		})
	})
}

func TestTheClientEndpointsTakeNoOtherMethod(t *testing.T) {
	overStores(t, settings{}, func(t *testing.T, w *world) {
		for _, endpoint := range []string{"/o/client/register", "/o/client/token"} {
			for _, method := range []string{http.MethodGet, http.MethodPut, http.MethodDelete, http.MethodHead} {
				answer := w.Do(method, endpoint, "")
				assert.Equal(t, http.StatusMethodNotAllowed, answer.Status, "%s %s", method, endpoint)
				assert.Equal(t, "POST", answer.Header.Get("Allow"))
				assert.Equal(t, "no-store", answer.Header.Get("Cache-Control"))
			}
		}
	})
}

func TestClientsAsSeenInTheFieldGetThroughToo(t *testing.T) {
	overStores(t, settings{}, func(t *testing.T, w *world) {
		statement := w.IssueStatement(w.CreateApp(v2App()))
		body := fmt.Sprintf(`{"software_statement":%q}`, statement)
		for name, lines := range map[string][]string{
			"no device header":                       {"Content-Type: application/json"},
			"a charset":                              {"Content-Type: application/json; charset=utf-8"},
			"a device header that is no JSON":        {"Content-Type: application/json", "X-Device-Info: eyJtb2RlbCI6IngiICJhIjoxfQ=="},
			"a device header that is no base64":      {"Content-Type: application/json", "X-Device-Info: ???"},
			"a device header without padding":        {"Content-Type: application/json", "X-Device-Info: " + strings.TrimRight(device, "=")},
			"an Accept header that excludes nothing": {"Content-Type: application/json", "Accept: application/json, text/plain, */*"},
		} {
			t.Run(name, func(t *testing.T) {
				answer := w.Do(http.MethodPost, "/o/client/register", body, lines...)
				assert.Equal(t, http.StatusCreated, answer.Status, answer.Body)
			})
		}

		client := w.Register(statement)
		t.Run("token parameters in the query, JSON for a content type, no body", func(t *testing.T) {
			answer := w.Do(http.MethodPost, "/o/client/token?"+client.Form().Encode(), "", "Content-Type: application/json")
			require.Equal(t, http.StatusCreated, answer.Status, answer.Body)
			token := answer.JSON(t)["access_token"].(string)
			assert.Equal(t, http.StatusOK, w.Do(http.MethodGet, v2Call, "", "Authorization: Bearer "+token).Status)
			assert.NotContains(t, w.Log(), client.ClientSecret)
		})
		t.Run("token parameters in the query without any content type", func(t *testing.T) {
			answer := w.Do(http.MethodPost, "/o/client/token?"+client.Form().Encode(), "")
			assert.Equal(t, http.StatusCreated, answer.Status, answer.Body)
		})
		t.Run("an unknown parameter", func(t *testing.T) {
			form := client.Form()
			form.Set("device_id", "abc")
			assert.Equal(t, http.StatusCreated, w.PostToken(form).Status)
		})
		t.Run("a lower-case scheme of the token", func(t *testing.T) {
			token := w.Token(client).AccessToken
			assert.Equal(t, http.StatusOK, w.Do(http.MethodGet, v2Call, "", "Authorization: bearer "+token).Status)
		})
	})
}
