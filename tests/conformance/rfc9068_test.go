package conformance

import (
	"net/http"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A resource server that verifies tokens by itself, with a library that is
// none of ours and the keys that the metadata leads to.
func TestRFC9068Section4AResourceServerVerifiesATokenByItself(t *testing.T) {
	for _, algorithm := range []jose.SignatureAlgorithm{jose.EdDSA, jose.ES256, jose.RS256} {
		t.Run(string(algorithm), func(t *testing.T) {
			w := newWorld(t, "", "tokens {\n\t\t\talgorithm "+string(algorithm)+"\n\t\t\taudience https://api.example.com\n\t\t}\n\t\t")
			c := w.register(t, nil)
			token, err := jwt.ParseSigned(w.token(t, c), []jose.SignatureAlgorithm{algorithm})
			require.NoError(t, err)
			assert.Equal(t, "at+jwt", token.Headers[0].ExtraHeaders["typ"], "section 2.1")
			keys := set(t, w.Do(http.MethodGet, "/.well-known/jwks.json", "").Body)
			var claims jwt.Claims
			var more struct {
				ClientID string `json:"client_id"`
				Scope    string `json:"scope"`
			}
			require.NoError(t, token.Claims(&keys, &claims, &more))
			require.NoError(t, claims.Validate(jwt.Expected{Issuer: w.URL, Subject: c.ID, AnyAudience: jwt.Audience{"https://api.example.com"}, Time: time.Now()}))
			assert.NotEmpty(t, claims.ID, "section 2.2: jti")
			assert.NotNil(t, claims.IssuedAt)
			assert.Equal(t, c.ID, more.ClientID)
			assert.Equal(t, "analytics:client api:client:v2", more.Scope, "section 2.2.3")
			assert.Equal(t, "https://api.example.com", w.post("/oauth2/introspect", pairs("token", w.token(t, c)), c.basic()).JSON(t)["aud"])
		})
	}
}
