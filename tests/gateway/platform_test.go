package gateway

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/caddy-dcr/caddy-dcr/tests/harness"
)

// A platform that the operator adds is recognised, named by applications, told
// to backends, and stopped, as one that the gateway knows by itself.
func TestAnOperatorAddsAPlatform(t *testing.T) {
	overStores(t, settings{options: "enforce_platforms\n"}, func(t *testing.T, w *world) {
		file := filepath.Join(t.TempDir(), "televisions.yaml")
		require.NoError(t, os.WriteFile(file, []byte(`
name: televisions
platforms:
  - name: VIDAA
    aliases: [Hisense]
applications:
  - key: tv
    name: On televisions
    programmer: Demo
    channels: [`+channel+`]
    platforms: [vidaa]
    scopes: [api:client:v2]
`), 0o600))
		w.MustDCR("apply", file, "--yes")
		var listed struct {
			Applications []struct {
				ID, Name  string
				Platforms []string
			}
		}
		require.NoError(t, json.Unmarshal([]byte(w.MustDCR("app", "list", "--json")), &listed))
		require.Len(t, listed.Applications, 1)
		assert.Equal(t, []string{"VIDAA"}, listed.Applications[0].Platforms)

		body := `{"software_statement":"` + w.IssueStatement(listed.Applications[0].ID) + `"}`
		television := "X-Device-Info: " + base64.StdEncoding.EncodeToString([]byte(`{"model":"55U7","manufacturer":"Hisense","osName":"Linux"}`))
		phone := w.PostRegister(body, "X-Device-Info: "+device)
		assert.Equal(t, http.StatusBadRequest, phone.Status)
		assert.Equal(t, "unapproved_software_statement", phone.JSON(t)["error"])
		answer := w.PostRegister(body, television)
		require.Equal(t, http.StatusCreated, answer.Status, answer.Body)
		client := harness.Credentials{ClientID: answer.JSON(t)["client_id"].(string), ClientSecret: answer.JSON(t)["client_secret"].(string)}
		token := w.Token(client)
		require.Equal(t, http.StatusOK, w.Do(http.MethodGet, v2Call, "", token.Bearer()).Status)
		assert.Equal(t, []string{"VIDAA"}, w.backends["rest_v2"].Only(t).Values("X-DCR-Platform"))

		w.MustDCR("revoke", "platform", "vidaa")
		assert.NotEqual(t, http.StatusOK, w.Do(http.MethodGet, v2Call, "", token.Bearer()).Status)
		again := w.PostRegister(body, television)
		assert.Equal(t, http.StatusBadRequest, again.Status)
		assert.Equal(t, "unapproved_software_statement", again.JSON(t)["error"])
		w.MustDCR("unrevoke", "platform", "VIDAA")
		assert.Equal(t, http.StatusCreated, w.PostRegister(body, television).Status)
	})
}

// Published samples of X-Device-Info are no JSON, and apps copy them. Their
// operator reads of it in the log, with whose app it is.
func TestADeviceThatCannotBeReadIsRegisteredAndLogged(t *testing.T) {
	overStores(t, settings{}, func(t *testing.T, w *world) {
		application := w.CreateApp(v2App())
		body := `{"software_statement":"` + w.IssueStatement(application) + `"}`
		sample := base64.StdEncoding.EncodeToString([]byte(`{"model":"TV" "version":"1"}`))
		answer := w.PostRegister(body, "X-Device-Info: "+sample, "User-Agent: Roku/DVP-9.10")
		require.Equal(t, http.StatusCreated, answer.Status, answer.Body)
		assert.Contains(t, w.MustDCR("client", "show", answer.JSON(t)["client_id"].(string)), "Roku")

		line := regexp.MustCompile(`.*an X-Device-Info could not be read.*`).FindString(w.Log())
		assert.Contains(t, line, application)
		assert.Contains(t, line, "Roku/DVP-9.10")
		assert.Contains(t, line, answer.Header.Get("X-DCR-Trace"))
	})
}
