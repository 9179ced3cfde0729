package gateway

import (
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Everything that holds a secret passes through the gateway here, in every
// place where a client can put it. Afterwards nothing that the gateway wrote
// may hold one.
func TestNothingThatTheGatewayWritesHoldsASecret(t *testing.T) {
	overStores(t, settings{site: "\tmetrics /metrics\n", global: "debug"}, func(t *testing.T, w *world) {
		application := w.CreateApp(apis[3].app())
		statement := w.IssueStatement(application)
		client := w.Register(statement)
		token := w.Token(client)
		w.Do(http.MethodPost, "/o/client/token?"+client.Form().Encode(), "", "Content-Type: application/json")
		w.Do(http.MethodPost, "/o/client/register?software_statement="+statement, "")
		w.Do(http.MethodGet, "/esm/v3/year?requestor-id="+channel+"&access_token="+token.AccessToken, "")
		w.Do(http.MethodGet, "/esm/v3/year?access_token="+token.AccessToken, "", token.Bearer())
		w.Do(http.MethodGet, "/unclaimed?access_token="+token.AccessToken+"&client_secret="+client.ClientSecret, "", token.Bearer())
		wrong := client.Form()
		wrong.Set("client_secret", client.ClientSecret+"x")
		w.PostToken(wrong, "Authorization: Basic "+basic(client.ClientID, client.ClientSecret))
		w.MustDCR("client", "list", "--json")
		w.MustDCR("revoke", "client", client.ClientID)

		places := map[string]string{
			"the log":                  w.Log(),
			"the metrics":              w.Do(http.MethodGet, "/metrics", "").Body,
			"the configuration dump":   fetch(t, "http://"+w.Admin+"/config/"),
			"the metrics of the admin": fetch(t, "http://"+w.Admin+"/metrics"),
			"the list of clients":      w.MustDCR("client", "list", "--json"),
			"the stored state":         stored(t, w.Dir),
		}
		for place, text := range places {
			for name, secret := range map[string]string{
				"client secret": client.ClientSecret,
				"access token":  token.AccessToken,
				"statement":     statement,
				"basic":         basic(client.ClientID, client.ClientSecret),
				"signature":     token.AccessToken[strings.LastIndex(token.AccessToken, ".")+1:],
			} {
				// Not assert.NotContains, whose message would be the whole place.
				assert.False(t, strings.Contains(text, secret), "%s holds the %s", place, name)
			}
		}
		require.NotEmpty(t, places["the stored state"])
	})
}

func fetch(t *testing.T, url string) string {
	t.Helper()
	response, err := http.Get(url)
	require.NoError(t, err)
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, response.StatusCode, "%s: %s", url, body)
	return string(body)
}

// stored is every file of the gateway's own folder but its log, which is
// looked at by itself.
func stored(t *testing.T, folder string) string {
	t.Helper()
	var all strings.Builder
	err := filepath.WalkDir(folder, func(name string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() || filepath.Base(name) == "gateway.log" {
			return err
		}
		text, err := os.ReadFile(name)
		fmt.Fprintf(&all, "%s\n%s\n", name, text)
		return err
	})
	require.NoError(t, err)
	return all.String()
}
