package gateway

import (
	"context"
	"encoding/base64"
	"io"
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"
)

func basic(id, secret string) string {
	return base64.StdEncoding.EncodeToString([]byte(id + ":" + secret))
}

// A library that nobody wrote for us is the best judge of what we send.
func TestTheCommonOAuthLibraryGetsATokenAndCalls(t *testing.T) {
	overStores(t, settings{}, func(t *testing.T, w *world) {
		client := w.Register(w.IssueStatement(w.CreateApp(v2App())))
		for name, style := range map[string]oauth2.AuthStyle{
			"credentials in the form":             oauth2.AuthStyleInParams,
			"credentials in the header":           oauth2.AuthStyleInHeader,
			"credentials where the library tries": oauth2.AuthStyleAutoDetect,
		} {
			t.Run(name, func(t *testing.T) {
				config := clientcredentials.Config{
					ClientID: client.ClientID, ClientSecret: client.ClientSecret,
					TokenURL: w.URL + "/o/client/token", AuthStyle: style,
				}
				token, err := config.Token(context.Background())
				require.NoError(t, err)
				assert.Equal(t, "Bearer", token.Type())
				assert.False(t, token.Expiry.IsZero())

				response, err := config.Client(context.Background()).Get(w.URL + v2Call)
				require.NoError(t, err)
				defer response.Body.Close()
				body, err := io.ReadAll(response.Body)
				require.NoError(t, err)
				assert.Equal(t, http.StatusOK, response.StatusCode, "%s", body)
			})
		}
	})
}
