package hardening

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/caddy-dcr/caddy-dcr/tests/hardening/rawhttp"
)

// Early data can be sent again by whoever recorded it (RFC 8446 section 8), so
// what gives credentials away waits for the handshake (RFC 8470 section 5.2).
func TestNoCredentialsAreGivenToDataThatCanBeReplayed(t *testing.T) {
	t.Parallel()
	w := newWorld(t, settings{})
	statement := w.IssueStatement(w.CreateApp(everything()))
	client := w.Register(statement)
	token := w.Token(client)
	register := rawhttp.Request{
		Method: http.MethodPost, Target: "/o/client/register", Body: `{"software_statement":"` + statement + `"}`,
		Lines: []string{"Content-Type: application/json"},
	}
	call := rawhttp.Request{Method: http.MethodGet, Target: v2Call, Lines: []string{token.Bearer()}}
	ctx := patience(t)
	clients := w.MustDCR("client", "list", "--json")
	early, err := rawhttp.OpenEarly(ctx, w.tls)
	require.NoError(t, err)
	defer early.Close()

	answers, err := early.SendEarly(ctx,
		register,
		tokenRequest("/o/client/token", client.Form().Encode()),
		tokenRequest("/o/client/token?"+client.Form().Encode(), ""),
		rawhttp.Request{Method: http.MethodGet, Target: "/o/client/scopes", Lines: []string{token.Bearer()}},
		rawhttp.Request{Method: http.MethodPost, Target: "/o/client/validate", Lines: []string{token.Bearer()}},
		rawhttp.Request{Method: http.MethodPost, Target: "/oauth2/register", Body: register.Body, Lines: register.Lines},
		tokenRequest("/oauth2/token", client.Form().Encode()),
		tokenRequest("/oauth2/revoke", client.Form().Encode()+"&token="+token.AccessToken),
		tokenRequest("/oauth2/introspect", client.Form().Encode()+"&token="+token.AccessToken),
		rawhttp.Request{Method: http.MethodDelete, Target: "/oauth2/register/" + client.ClientID, Lines: []string{"Authorization: Bearer x"}},
		call,
	)
	require.NoError(t, err)
	assert.True(t, early.Used(), "the server took no early data")
	last := len(answers) - 1
	for i, answer := range answers[:last] {
		assert.Equal(t, http.StatusTooEarly, answer.Status, "request %d: %s", i, answer.Body)
		assert.Equal(t, "no-store", answer.Header.Get("Cache-Control"))
	}
	assert.Equal(t, clients, w.MustDCR("client", "list", "--json"), "nobody was registered")
	assert.Equal(t, http.StatusOK, answers[last].Status, answers[last].Body)
	assert.Equal(t, []string{"1"}, w.backends["rest_v2"].Only(t).Values("Early-Data"), "a backend can refuse too: RFC 8470 section 5.1")

	early.Finish()
	answer, err := early.Send(ctx, register)
	require.NoError(t, err)
	assert.Equal(t, http.StatusCreated, answer.Status, answer.Body)
}
