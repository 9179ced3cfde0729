package gateway

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/caddy-dcr/caddy-dcr/tests/harness"
)

// identity are the headers by which a backend knows the caller.
var identity = []string{
	"X-DCR-Client-ID", "X-DCR-Application-ID", "X-DCR-Programmer", "X-DCR-Channel",
	"X-DCR-Scopes", "X-DCR-Platform", "X-DCR-Trace",
}

// device is the X-Device-Info of an Android phone.
const device = "eyJtb2RlbCI6IlBpeGVsIDkiLCJ2ZXJzaW9uIjoiOSIsIm9zTmFtZSI6IkFuZHJvaWQiLCJvc1ZlcnNpb24iOiIxNiIsImNvbm5lY3Rpb25UeXBlIjoiV2lGaSIsInByaW1hcnlIYXJkd2FyZVR5cGUiOiJNb2JpbGVQaG9uZSJ9"

const v2Call = "/api/v2/" + channel + "/configuration"

// v2App is an application for REST API V2.
func v2App() harness.App {
	return harness.App{Programmer: "Demo", Channels: []string{channel}, Scopes: []string{"api:client:v2"}}
}

func TestABackendGetsTheRequestAndTheIdentityByteForByte(t *testing.T) {
	overStores(t, settings{}, func(t *testing.T, w *world) {
		application := w.CreateApp(v2App())
		body := `{"software_statement":"` + w.IssueStatement(application) + `"}`
		answer := w.PostRegister(body, "X-Device-Info: "+device)
		require.Equal(t, http.StatusCreated, answer.Status, answer.Body)
		client := answer.JSON(t)["client_id"].(string)
		token := w.Token(harness.Credentials{ClientID: client, ClientSecret: answer.JSON(t)["client_secret"].(string)})

		target := "/api/v2/" + channel + "/profiles/Cable_%C3%A9%20b?x=1&y=%2F&&z"
		response := w.Raw(t, "GET "+target+" HTTP/1.1", "",
			token.Bearer(), "User-Agent: black box", "Accept: */*", "AP-Device-Identifier: fingerprint abc", "X-Device-Info: "+device)
		require.Equal(t, http.StatusOK, response.Status, response.Body)

		seen := w.backends["rest_v2"].Only(t)
		assert.Equal(t, target, seen.Target)
		assert.Empty(t, seen.Body)
		for name, want := range map[string]string{
			"X-DCR-Client-ID": client, "X-DCR-Application-ID": application, "X-DCR-Programmer": "Demo",
			"X-DCR-Channel": channel, "X-DCR-Scopes": "api:client:v2", "X-DCR-Platform": "Android",
			"User-Agent": "black box", "AP-Device-Identifier": "fingerprint abc", "X-Device-Info": device,
		} {
			assert.Equal(t, []string{want}, seen.Values(name), name)
		}
		require.Len(t, seen.Values("X-DCR-Trace"), 1)
		assert.Regexp(t, `^[0-9a-f-]{36}$`, seen.Values("X-DCR-Trace")[0])
		var names []string
		for _, name := range seen.Names() {
			names = append(names, strings.ToLower(name))
		}
		slices.Sort(names)
		assert.Equal(t, []string{
			"accept", "accept-encoding", "ap-device-identifier", "host", "user-agent", "via",
			"x-dcr-application-id", "x-dcr-channel", "x-dcr-client-id", "x-dcr-platform", "x-dcr-programmer",
			"x-dcr-scopes", "x-dcr-trace", "x-device-info",
			"x-forwarded-for", "x-forwarded-host", "x-forwarded-proto",
		}, names, "nothing else is added, nothing is missing")
	})
}

// spoofs are the spellings in which a client may try to be somebody else.
// Backends that read headers through CGI-like names see an underscore, a dash
// and a dot as the same.
var spoofs = []string{
	"X-DCR-Client-ID: spoofed", "x-dcr-client-id: spoofed", "X-Dcr-Client-Id: spoofed",
	"X_DCR_CLIENT_ID: spoofed", "X-DCR_Client-ID: spoofed", "x.dcr.client.id: spoofed",
	"X-DCR-Application-ID: spoofed", "X-DCR-Programmer: spoofed", "X-DCR-Channel: spoofed",
	"X-DCR-Scopes: spoofed", "X-DCR-Platform: spoofed", "X-DCR-Trace: spoofed", "X-DCR-Anything: spoofed",
}

func TestIdentityThatAClientSendsNeverReachesABackend(t *testing.T) {
	overStores(t, settings{}, func(t *testing.T, w *world) {
		_, client, token := w.Enroll(v2App())
		for name, request := range map[string]struct {
			profile, line string
			lines         []string
		}{
			"on a guarded route":           {"rest_v2", "GET " + v2Call + " HTTP/1.1", []string{token.Bearer()}},
			"on an open route":             {"rest_v2", "GET /api/v2/authenticate/" + channel + "/ABC123 HTTP/1.1", nil},
			"on an open route of the SDKs": {"sdk", "POST /indiv/devices HTTP/1.1", nil},
		} {
			t.Run(name, func(t *testing.T) {
				w.forget()
				answer := w.Raw(t, request.line, "", slices.Concat(request.lines, spoofs)...)
				require.Equal(t, http.StatusOK, answer.Status, answer.Body)
				seen := w.backends[request.profile].Only(t)
				assert.NotContains(t, strings.Join(seen.Lines, "\n"), "spoofed")
				if len(request.lines) > 0 {
					assert.Equal(t, []string{client.ClientID}, seen.Values("X-DCR-Client-ID"))
				} else {
					assert.Empty(t, seen.Values("X-DCR-Client-ID"))
				}
			})
		}
	})
}

// Reproduced on a plain Caddy 2.11.9: a hop-by-hop list that names our header
// takes it away on the way to the backend (CVE-2025-48865 elsewhere).
func TestAConnectionHeaderCannotTakeTheIdentityAway(t *testing.T) {
	overStores(t, settings{}, func(t *testing.T, w *world) {
		_, client, token := w.Enroll(v2App())
		for _, name := range identity {
			w.forget()
			answer := w.Raw(t, "GET "+v2Call+" HTTP/1.1", "", token.Bearer(), "Connection: close, "+name)
			if answer.Status == http.StatusBadRequest {
				w.untouched(t)
				continue
			}
			require.Equal(t, http.StatusOK, answer.Status, answer.Body)
			seen := w.backends["rest_v2"].Only(t)
			assert.Equal(t, []string{client.ClientID}, seen.Values("X-DCR-Client-ID"), name)
			assert.Len(t, seen.Values("X-DCR-Scopes"), 1, name)
		}
	})
}

func TestHeadersThatChangeTheMethodOrTheTargetAreRemoved(t *testing.T) {
	overStores(t, settings{}, func(t *testing.T, w *world) {
		_, _, token := w.Enroll(v2App())
		overrides := []string{
			"X-HTTP-Method-Override: DELETE", "X-HTTP-Method: DELETE", "X-Method-Override: DELETE",
			"X-Original-URL: /admin", "X-Rewrite-URL: /admin",
		}
		answer := w.Raw(t, "GET "+v2Call+" HTTP/1.1", "", append([]string{token.Bearer()}, overrides...)...)
		require.Equal(t, http.StatusOK, answer.Status, answer.Body)
		seen := w.backends["rest_v2"].Only(t)
		assert.Equal(t, "GET", seen.Method)
		for _, header := range overrides {
			name, _, _ := strings.Cut(header, ":")
			assert.Empty(t, seen.Values(name), name)
		}
	})
}

func TestATokenInTheQueryIsAcceptedWhereTheAPIHasItAndNeverPassedOn(t *testing.T) {
	overStores(t, settings{}, func(t *testing.T, w *world) {
		_, _, esm := w.Enroll(harness.App{Channels: []string{channel}, Scopes: []string{"analytics:client"}})
		answer := w.Do(http.MethodGet, "/esm/v3/media-company/year?requestor-id="+channel+"&access_token="+esm.AccessToken+"&format=json", "")
		require.Equal(t, http.StatusOK, answer.Status, answer.Body)
		seen := w.backends["esm"].Only(t)
		assert.Equal(t, "/esm/v3/media-company/year?requestor-id="+channel+"&format=json", seen.Target)
		assert.NotContains(t, strings.Join(seen.Lines, "\n"), esm.AccessToken)

		w.forget()
		_, _, v2 := w.Enroll(v2App())
		answer = w.Do(http.MethodGet, v2Call+"?access_token="+v2.AccessToken, "")
		assert.Equal(t, http.StatusUnauthorized, answer.Status, "REST API V2 takes the token from the header alone")
		for target, want := range map[string]string{
			v2Call + "?a=1&access_token=" + v2.AccessToken + "&b=2":                     v2Call + "?a=1&b=2",
			"/api/v2/authenticate/" + channel + "/ABC?Access%5FToken=" + v2.AccessToken: "/api/v2/authenticate/" + channel + "/ABC",
		} {
			w.forget()
			require.Equal(t, http.StatusOK, w.Do(http.MethodGet, target, "", v2.Bearer()).Status, target)
			assert.Equal(t, want, w.backends["rest_v2"].Only(t).Target, "no backend sees a token that nobody checked")
		}
		w.forget()
		answer = w.Do(http.MethodGet, "/esm/v3/media-company/year?access_token="+esm.AccessToken, "", esm.Bearer())
		malformed.check(t, oauth, answer)
		w.untouched(t)
		assert.NotContains(t, w.Log(), esm.AccessToken)
	})
}

func TestTheTokenIsPassedOnOnlyWhereTheOperatorSaysSo(t *testing.T) {
	overStores(t, settings{profile: map[string]string{"rest_v2": "forward_authorization"}}, func(t *testing.T, w *world) {
		_, _, token := w.Enroll(v2App())
		require.Equal(t, http.StatusOK, w.Do(http.MethodGet, v2Call, "", token.Bearer()).Status)
		assert.Equal(t, []string{"Bearer " + token.AccessToken}, w.backends["rest_v2"].Only(t).Values("Authorization"))
	})
}

// The gateway and a backend must not read a target in two ways.
func TestATargetThatCouldBeReadInTwoWaysIsRefused(t *testing.T) {
	overStores(t, settings{}, func(t *testing.T, w *world) {
		_, _, token := w.Enroll(v2App())
		for _, target := range []string{
			"/api/v2/" + channel + "%2Fconfiguration", "/api/v2/" + channel + "/..%2f/configuration",
			"/api/v2/" + channel + "/configuration;x=1", "/api/v2/..;/" + channel + "/configuration",
			"/api/v2/" + channel + `\configuration`, "/api/v2/" + channel + "%5Cconfiguration",
			"/api/v2/" + channel + "/configuration%00", "/api/v2/" + channel + "/%252e%252e/configuration",
		} {
			answer := w.Raw(t, "GET "+target+" HTTP/1.1", "", token.Bearer())
			assert.Equal(t, http.StatusBadRequest, answer.Status, target)
		}
		w.untouched(t)
	})
}
