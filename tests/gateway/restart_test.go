package gateway

import (
	"encoding/json"
	"net/http"
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
