package gateway

import (
	"encoding/json"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestACrashLosesNothingThatWasAcknowledged(t *testing.T) {
	overStores(t, settings{}, func(t *testing.T, w *world) {
		application, client, token := w.Enroll(v2App())
		statement := w.IssueStatement(application)
		dead := w.Register(statement)
		deadToken := w.Token(dead)
		w.MustDCR("revoke", "client", dead.ClientID)
		w.Kill()
		w.Run()

		assert.Equal(t, http.StatusOK, w.Do(http.MethodGet, v2Call, "", token.Bearer()).Status, "the token from before")
		assert.Equal(t, http.StatusOK, w.Do(http.MethodGet, v2Call, "", w.Token(client).Bearer()).Status, "the client from before")
		w.Register(statement)
		clientRevoked.check(t, enhanced, w.Do(http.MethodGet, v2Call, "", deadToken.Bearer()))
		refused(t, w.PostToken(dead.Form()), "invalid_client")
	})
}

// The file of the embedded store is one process's at a time, so that who left it
// without a word is known to be gone. Nobody knows that of a gateway over Redis.
func TestNobodyWaitsForTheCrashedProcessWhoseFileThisIs(t *testing.T) {
	w := newWorld(t, "", settings{})
	_, client, token := w.Enroll(v2App())
	w.Kill()
	w.Run()
	var revoked struct {
		Applied bool              `json:"applied"`
		Nodes   []json.RawMessage `json:"nodes"`
	}
	require.NoError(t, json.Unmarshal([]byte(w.MustDCR("revoke", "client", client.ClientID, "--json")), &revoked))
	assert.True(t, revoked.Applied)
	assert.Len(t, revoked.Nodes, 1)
	clientRevoked.check(t, enhanced, w.Do(http.MethodGet, v2Call, "", token.Bearer()))
}

// The way back from a kill of the gateway's own name is another name, which must
// not bring back what the kill has stopped.
func TestAnotherNameBringsNothingBackThatWasIssuedBefore(t *testing.T) {
	overStores(t, settings{}, func(t *testing.T, w *world) {
		_, killed, token := w.Enroll(v2App())
		w.MustDCR("revoke", "issuer", w.URL)
		refused(t, w.PostToken(killed.Form()), "invalid_client")

		text, err := os.ReadFile(w.Caddyfile())
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(w.Caddyfile(), []byte(strings.Replace(string(text), "issuer "+w.URL, "issuer "+w.URL+"/new", 1)), 0o600))
		require.Zero(t, w.Reload().Status)

		refused(t, w.PostToken(killed.Form()), "invalid_client")
		assert.Equal(t, http.StatusUnauthorized, w.Do(http.MethodGet, v2Call, "", token.Bearer()).Status)
		assert.Contains(t, w.MustDCR("client", "show", killed.ClientID), "issuer", "it says what has stopped it")
		_, _, fresh := w.Enroll(v2App())
		assert.Equal(t, http.StatusOK, w.Do(http.MethodGet, v2Call, "", fresh.Bearer()).Status)
	})
}

func TestAReloadLosesNothing(t *testing.T) {
	overStores(t, settings{options: declaration}, func(t *testing.T, w *world) {
		_, client, token := w.Enroll(v2App())
		result := w.Reload()
		require.Zero(t, result.Status, result.Stderr)
		assert.Equal(t, http.StatusOK, w.Do(http.MethodGet, v2Call, "", token.Bearer()).Status)
		w.Token(client)
	})
}

func TestADeclaredApplicationKeepsItsIDOverRestarts(t *testing.T) {
	overStores(t, settings{options: declaration}, func(t *testing.T, w *world) {
		client := w.Register(w.IssueStatement(declared))
		w.Stop()
		w.Run()
		assert.Equal(t, http.StatusOK, w.Do(http.MethodGet, v2Call, "", w.Token(client).Bearer()).Status)
		w.Register(w.IssueStatement(declared))
	})
}
