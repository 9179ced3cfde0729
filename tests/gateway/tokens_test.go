package gateway

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestEverySigningAlgorithmMakesTokensThatWork(t *testing.T) {
	for _, algorithm := range []string{"RS256", "ES256", "EdDSA", "HS256"} {
		t.Run(algorithm, func(t *testing.T) {
			overStores(t, settings{options: "tokens {\n\t\t\talgorithm " + algorithm + "\n\t\t}"}, func(t *testing.T, w *world) {
				_, client, token := w.Enroll(v2App())
				header, claims := parts(t, token.AccessToken)
				assert.Equal(t, algorithm, header["alg"])
				assert.Equal(t, w.URL, claims["iss"])
				assert.Equal(t, client.ClientID, claims["sub"])
				for _, name := range []string{"iat", "nbf", "exp"} {
					assert.IsType(t, float64(0), claims[name], name)
				}
				assert.InDelta(t, 21600, claims["exp"].(float64)-claims["iat"].(float64), 1, "whole seconds, rounded in the favour of the client")
				assert.Equal(t, "api:client:v2", claims["scopes"])
				require.Equal(t, http.StatusOK, w.Do(http.MethodGet, v2Call, "", token.Bearer()).Status)
				checkJWKS(t, w, header["kid"], algorithm)
			})
		})
	}
}

// checkJWKS checks that backends can find the key of a token, that the key is
// public, and that a shared secret is not in the set.
func checkJWKS(t *testing.T, w *world, kid any, algorithm string) {
	t.Helper()
	answer := w.Do(http.MethodGet, "/.well-known/jwks.json", "")
	require.Equal(t, http.StatusOK, answer.Status)
	found := false
	for _, key := range answer.JSON(t)["keys"].([]any) {
		key := key.(map[string]any)
		found = found || key["kid"] == kid
		for _, private := range []string{"d", "p", "q", "dp", "dq", "qi", "k"} {
			assert.NotContains(t, key, private)
		}
	}
	assert.Equal(t, algorithm != "HS256", found, "%s: is the key %v in %s", algorithm, kid, answer.Body)
}

func TestAnOpaqueTokenSaysNothingAndOpensTheSameDoors(t *testing.T) {
	overStores(t, settings{options: "tokens {\n\t\t\tformat opaque\n\t\t}"}, func(t *testing.T, w *world) {
		_, client, token := w.Enroll(v2App())
		assert.Regexp(t, `^[A-Za-z0-9_-]+$`, token.AccessToken, "no JWT: nothing in it to read")
		require.Equal(t, http.StatusOK, w.Do(http.MethodGet, v2Call, "", token.Bearer()).Status)
		assert.Equal(t, []string{client.ClientID}, w.backends["rest_v2"].Only(t).Values("X-DCR-Client-ID"))

		last := "A"
		if token.AccessToken[len(token.AccessToken)-1:] == last {
			last = "B"
		}
		guess := token.AccessToken[:len(token.AccessToken)-1] + last
		tokenNeeded.check(t, enhanced, w.Do(http.MethodGet, v2Call, "", "Authorization: Bearer "+guess))
		w.MustDCR("revoke", "client", client.ClientID)
		clientRevoked.check(t, enhanced, w.Do(http.MethodGet, v2Call, "", token.Bearer()))
	})
}

func TestATokenOfOneGatewayIsWorthlessAtAnother(t *testing.T) {
	here, there := newWorld(t, "", settings{}), newWorld(t, "", settings{})
	_, _, token := here.Enroll(v2App())
	_, client, _ := there.Enroll(v2App())
	tokenNeeded.check(t, enhanced, there.Do(http.MethodGet, v2Call, "", token.Bearer()))
	refused(t, here.PostToken(client.Form()), "invalid_client")
	there.untouched(t)
}

func TestAStatementIsNoTokenAndATokenNoStatement(t *testing.T) {
	overStores(t, settings{}, func(t *testing.T, w *world) {
		application, _, token := w.Enroll(v2App())
		statement := w.IssueStatement(application)
		tokenNeeded.check(t, enhanced, w.Do(http.MethodGet, v2Call, "", "Authorization: Bearer "+statement))
		refused(t, w.PostRegister(`{"software_statement":"`+token.AccessToken+`"}`), "invalid_software_statement")
		w.untouched(t)
	})
}
