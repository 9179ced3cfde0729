package hardening

import (
	"encoding/base64"
	"encoding/json"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/caddy-dcr/caddy-dcr/tests/harness"
)

// trap is an address that nobody should ever call.
type trap struct {
	url   string
	calls atomic.Int64
}

func setTrap(t *testing.T) *trap {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { listener.Close() })
	s := &trap{url: "http://" + listener.Addr().String()}
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			s.calls.Add(1)
			conn.Close()
		}
	}()
	return s
}

// Whoever can make a gateway fetch something reaches what only the gateway can
// reach (CVE-2026-1180). Here a client names addresses wherever the RFCs have
// a place for one.
func TestNothingThatAClientNamesIsFetched(t *testing.T) {
	t.Parallel()
	w := newWorld(t, settings{})
	statement := w.IssueStatement(w.CreateApp(everything()))
	trap := setTrap(t)
	compact := func(header, claims map[string]any) string {
		part := func(v any) string {
			text, err := json.Marshal(v)
			require.NoError(t, err)
			return base64.RawURLEncoding.EncodeToString(text)
		}
		return part(header) + "." + part(claims) + "." + base64.RawURLEncoding.EncodeToString(make([]byte, 256))
	}
	var forged []string
	for _, member := range []string{"jku", "x5u", "kid", "iss"} {
		header := map[string]any{"alg": "RS256", "typ": "at+jwt", "kid": "x", member: trap.url + "/key"}
		forged = append(forged,
			compact(header, map[string]any{"iss": trap.url, "sub": "897029da-2b35-429e-ad45-6f6bf5de7a95", "iat": 1764000000, "nbf": 1764000000}),
			compact(header, map[string]any{"iss": "https://localhost", "sub": trap.url, "aud": trap.url, "exp": 4764000000, "iat": 1764000000}))
	}
	register := func(members map[string]any) harness.Answer {
		body, err := json.Marshal(members)
		require.NoError(t, err)
		return w.PostRegister(string(body), "X-Device-Info: "+base64.StdEncoding.EncodeToString([]byte(`{"model":"`+trap.url+`"}`)),
			"Referer: "+trap.url, "Origin: "+trap.url, "Link: <"+trap.url+">; rel=preload")
	}
	answer := register(map[string]any{
		"software_statement": statement, "jwks_uri": trap.url + "/jwks", "logo_uri": trap.url, "client_uri": trap.url, "policy_uri": trap.url,
		"tos_uri": trap.url, "sector_identifier_uri": trap.url, "request_uris": []string{trap.url}, "initiate_login_uri": trap.url,
		"backchannel_logout_uri": trap.url, "software_statement_uri": trap.url,
	})
	assert.Equal(t, http.StatusCreated, answer.Status, answer.Body)
	assert.Equal(t, http.StatusBadRequest, register(map[string]any{"software_statement": statement, "redirect_uri": trap.url}).Status)
	assert.Equal(t, http.StatusBadRequest, register(map[string]any{"software_statement": trap.url}).Status)
	for _, text := range forged {
		assert.Equal(t, http.StatusBadRequest, register(map[string]any{"software_statement": text}).Status)
		assert.Equal(t, http.StatusUnauthorized, w.Do(http.MethodGet, v2Call, "", "Authorization: Bearer "+text).Status)
		assert.Equal(t, http.StatusUnauthorized, w.Do(http.MethodPost, "/o/client/validate", "", "Authorization: Bearer "+text).Status)
		assert.Equal(t, http.StatusBadRequest, w.Do(http.MethodPost, "/o/client/token",
			"grant_type=client_credentials&client_assertion_type=urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer&client_assertion="+text,
			"Content-Type: application/x-www-form-urlencoded").Status)
	}
	assert.Zero(t, trap.calls.Load(), "somebody fetched what a client named")

	// The trap works.
	_, err := net.Dial("tcp", strings.TrimPrefix(trap.url, "http://"))
	require.NoError(t, err)
	harness.Eventually(t, "for the trap to see it", func() bool { return trap.calls.Load() == 1 })
}
