package conformance

import (
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

// Every secret of the standards profile passes through the gateway here, also
// in the wrong place. Afterwards nothing that it wrote may hold one.
func TestNothingThatTheGatewayWritesHoldsASecretOfTheStandardsProfile(t *testing.T) {
	for format, options := range formats {
		t.Run(format, func(t *testing.T) {
			overStores(t, options, func(t *testing.T, w *world) {
				key := newKey(t)
				c, signing := w.register(t, nil), w.register(t, key.metadata())
				token := w.token(t, c)
				assertion := key.assertion(t, signing.ID, w.URL, nil)
				for _, form := range []string{"/oauth2/token", "/oauth2/revoke", "/oauth2/introspect"} {
					about := asserting(assertion)
					about.Set("token", token)
					w.post(form, about)
					w.post(form+"?"+about.Encode(), about, c.basic())
					w.post(form+"?client_secret="+c.Secret+"&token="+token, grant, basic(server, secret))
					w.post(form, pairs("token", token, "client_id", c.ID, "client_secret", c.Secret))
				}
				w.active(t, token)
				w.Do(http.MethodGet, c.path(), "", c.bearer())
				w.Do(http.MethodGet, c.path()+"?token="+c.AccessToken+"&"+c.AccessToken, "", "Authorization: Bearer "+c.AccessToken+"x")
				w.Do(http.MethodGet, "/oauth2/register/"+c.AccessToken, "", c.bearer())
				w.Do(http.MethodDelete, c.path(), "", c.bearer())

				places := map[string]string{
					"the log": w.Log(), "the configuration": fetch(t, "http://"+w.Admin+"/config/"), "the metrics": fetch(t, "http://"+w.Admin+"/metrics"),
					"the list of clients": w.MustDCR("client", "list", "--json"), "the client": w.MustDCR("client", "show", signing.ID, "--json"),
					"the stored state": stored(t, w.Dir),
				}
				for place, text := range places {
					for name, hidden := range map[string]string{
						"client secret": c.Secret, "registration access token": c.AccessToken, "access token": token, "assertion": assertion,
						"signature of the assertion": assertion[strings.LastIndex(assertion, ".")+1:], "statement": w.statement,
						"secret of the resource server": secret, "other secret of the resource server": oldSecret,
					} {
						// Not assert.NotContains, whose message would be the whole place.
						assert.False(t, strings.Contains(text, hidden), "%s holds the %s", place, name)
					}
				}
			})
		})
	}
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

// stored is every file of the gateway's own folder but its log.
func stored(t *testing.T, folder string) string {
	t.Helper()
	var all strings.Builder
	require.NoError(t, filepath.WalkDir(folder, func(name string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() || filepath.Base(name) == "gateway.log" {
			return err
		}
		text, err := os.ReadFile(name)
		all.Write(text)
		return err
	}))
	require.NotEmpty(t, all.String())
	return all.String()
}
