package gateway

import (
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/caddy-dcr/caddy-dcr/tests/harness"
)

// Buckets that grant three and then nothing for as long as a test could take.
const three = "throttle {\n rate 0.0005\n burst 2\n %s\n}"

// behindStrictProxy has the gateway believe whatever connects from this machine, and
// of an X-Forwarded-For the last address that is not itself such a proxy's.
const behindStrictProxy = "servers {\n trusted_proxies static 127.0.0.0/8\n trusted_proxies_strict\n}"

func from(address string) string { return "X-Forwarded-For: " + address }

// navigation is open and throttled, so it takes no token to call it.
const navigation = "/api/v2/authenticate/" + channel + "/ABC123"

func throttled(t *testing.T, extra string, s settings) *world {
	t.Helper()
	s.options += fmt.Sprintf(three, extra)
	return newWorld(t, "", s)
}

// drain calls until the device is refused, and says how often it was not.
func (w *world) drain(t *testing.T, headers ...string) (granted int, refused harness.Answer) {
	t.Helper()
	for range 100 {
		if refused = w.Do(http.MethodGet, navigation, "", headers...); refused.Status == http.StatusTooManyRequests {
			return granted, refused
		}
		require.Equal(t, http.StatusOK, refused.Status, refused.Body)
		granted++
	}
	require.FailNow(t, "nothing is throttled")
	return granted, refused
}

func TestNothingIsThrottledUnlessItIsWritten(t *testing.T) {
	w := newWorld(t, "", settings{})
	for range 40 {
		answer := w.Do(http.MethodGet, navigation, "")
		require.Equal(t, http.StatusOK, answer.Status)
		assert.Empty(t, answer.Header.Get("RateLimit"))
	}
}

// P10: the address of a device comes from trusted proxies only.
func TestADeviceIsWhoTrustedProxiesSayAndNotWhatItSays(t *testing.T) {
	t.Run("from a trusted proxy", func(t *testing.T) {
		w := throttled(t, "", settings{global: behindStrictProxy})
		granted, _ := w.drain(t, from("192.0.2.1"))
		assert.Equal(t, 3, granted)
		granted, _ = w.drain(t, from("192.0.2.2"))
		assert.Equal(t, 3, granted, "another device has a bucket of its own")
		for _, made := range []string{"192.0.2.99", "10.1.1.1", "::1"} {
			answer := w.Do(http.MethodGet, navigation, "", from(made+", 192.0.2.1"))
			assert.Equal(t, http.StatusTooManyRequests, answer.Status, "what the device wrote itself stands before what the proxy adds")
		}
	})
	t.Run("from anybody", func(t *testing.T) {
		w := throttled(t, "", settings{})
		for n := range 3 {
			require.Equal(t, http.StatusOK, w.Do(http.MethodGet, navigation, "", from(fmt.Sprint("192.0.2.", n))).Status)
		}
		for n := range 20 {
			assert.Equal(t, http.StatusTooManyRequests, w.Do(http.MethodGet, navigation, "", from(fmt.Sprint("198.51.100.", n))).Status)
		}
	})
	t.Run("in one network of IPv6", func(t *testing.T) {
		w := throttled(t, "ipv6_prefix 56", settings{global: behindStrictProxy})
		for n := range 3 {
			require.Equal(t, http.StatusOK, w.Do(http.MethodGet, navigation, "", from(fmt.Sprintf("2001:db8:0:%x::1", n))).Status)
		}
		assert.Equal(t, http.StatusTooManyRequests, w.Do(http.MethodGet, navigation, "", from("2001:db8:0:ff::1")).Status)
		assert.Equal(t, http.StatusOK, w.Do(http.MethodGet, navigation, "", from("2001:db8:0:100::1")).Status)
	})
}

func TestThrottledAreTheClientEndpointsAndTheRoutesOfTheProfiles(t *testing.T) {
	w := throttled(t, "", settings{global: behindStrictProxy})
	const json, form = "Content-Type: application/json", "Content-Type: application/x-www-form-urlencoded"
	const v1, sdk = "/api/v1/checkauthn/ABC", "/adobe-services/config/" + channel
	for n, c := range []struct {
		method, target, body, header string
		code                         string // of the refusal; empty where there is none
		style                        style
	}{
		{http.MethodPost, "/o/client/register", `{"software_statement":"x"}`, json, "too_many_requests", oauth},
		{http.MethodPost, "/o/client/token", "grant_type=client_credentials&client_id=x&client_secret=y", form, "too_many_requests", oauth},
		{http.MethodGet, "/o/client/scopes", "", "", "too_many_requests", oauth},
		{http.MethodPost, "/o/client/validate", "", "", "too_many_requests", oauth},
		{http.MethodGet, v2Call, "", "", "too_many_requests", enhanced},
		{http.MethodGet, navigation, "", "", "too_many_requests", enhanced},
		{http.MethodGet, v1, "", "", "too_many_requests", enhanced},
		{http.MethodPost, "/reggie/v1/" + channel + "/regcode", "", "", "too_many_requests", enhanced},
		{http.MethodGet, sdk, "", "", "too_many_requests", oauth},
		{http.MethodGet, "/adobe-services/session?requestor_id=" + channel, "", "", "", oauth},
		{http.MethodPost, "/indiv/devices", "", "", "", oauth},
		{http.MethodGet, "/esm/v3/media-company", "", "", "", oauth},
		{http.MethodDelete, "/reset-tempass/v3/reset", "", "", "", oauth},
		{http.MethodGet, "/.well-known/jwks.json", "", "", "", oauth},
	} {
		t.Run(c.method+" "+c.target, func(t *testing.T) {
			headers := []string{from(fmt.Sprint("192.0.2.", n+1))}
			if c.header != "" {
				headers = append(headers, c.header)
			}
			for left := 2; left >= 0; left-- {
				answer := w.Do(c.method, c.target, c.body, headers...)
				require.NotEqual(t, http.StatusTooManyRequests, answer.Status)
				if c.code != "" {
					assert.Contains(t, answer.Header.Get("RateLimit"), fmt.Sprintf(`"address";r=%d;t=`, left), "who is let through knows, too")
				} else {
					assert.Empty(t, answer.Header.Get("RateLimit"))
				}
			}
			w.forget()
			answer := w.Do(c.method, c.target, c.body, headers...)
			if c.code == "" {
				assert.NotEqual(t, http.StatusTooManyRequests, answer.Status)
				return
			}
			refusedAsThrottled(t, answer, c.style)
			w.untouched(t)
		})
	}
}

// refusedAsThrottled checks what holds for every 429: R6, and section 4 of RFC
// 6585.
func refusedAsThrottled(t *testing.T, answer harness.Answer, s style) {
	t.Helper()
	require.Equal(t, http.StatusTooManyRequests, answer.Status, answer.Body)
	body := answer.JSON(t)
	if s == enhanced {
		assert.Equal(t, "too_many_requests", body["code"])
		assert.Equal(t, "retry", body["action"])
		assert.EqualValues(t, http.StatusTooManyRequests, body["status"])
	} else {
		assert.Equal(t, "too_many_requests", body["error"])
	}
	assert.NotContains(t, answer.Body, "invalid_", "a client is never told that its credentials are bad")
	assert.Empty(t, answer.Header.Get("WWW-Authenticate"))
	assert.Equal(t, "no-store", answer.Header.Get("Cache-Control"))
	assert.Equal(t, `"address";q=3;w=6000`, answer.Header.Get("RateLimit-Policy"))
	wait, err := strconv.Atoi(answer.Header.Get("Retry-After"))
	require.NoError(t, err)
	assert.Equal(t, fmt.Sprintf(`"address";r=0;t=%d`, wait), answer.Header.Get("RateLimit"), "both say the same")
	assert.LessOrEqual(t, wait, 2000, "and no more than the bucket does")
	assert.Greater(t, wait, 1000)
}

// The published limit by the wall clock: eleven at once, since one is due and
// ten may come ahead, and then one when Retry-After says so. What a slow machine
// could see otherwise is not asserted.
func TestThePublishedLimitByTheWallClock(t *testing.T) {
	w := newWorld(t, "", settings{options: "throttle"})
	begun := time.Now()
	granted, refused := w.drain(t)
	assert.GreaterOrEqual(t, granted, 11)
	assert.LessOrEqual(t, granted, 11+int(time.Since(begun).Seconds())+1)
	assert.Equal(t, "1", refused.Header.Get("Retry-After"))
	time.Sleep(time.Second)
	assert.Equal(t, http.StatusOK, w.Do(http.MethodGet, navigation, "").Status)
}

func TestAKeyThatTakesATokenCountsClientsApartAndTheRestByAddress(t *testing.T) {
	w := throttled(t, "key client", settings{global: behindStrictProxy})
	application := w.CreateApp(v2App())
	var clients [2]harness.Credentials
	var tokens [2]harness.Token
	for n := range clients {
		request := fmt.Sprintf(`{"software_statement":%q}`, w.IssueStatement(application))
		answer := w.PostRegister(request, from(fmt.Sprint("198.51.100.", n)))
		require.Equal(t, http.StatusCreated, answer.Status, answer.Body)
		body := answer.JSON(t)
		clients[n] = harness.Credentials{ClientID: body["client_id"].(string), ClientSecret: body["client_secret"].(string)}
		tokens[n] = w.Token(clients[n])
	}
	call := func(headers ...string) int {
		return w.Do(http.MethodGet, v2Call, "", append(headers, from("192.0.2.1"))...).Status
	}
	for range 3 {
		assert.Equal(t, http.StatusOK, call(tokens[0].Bearer()))
	}
	assert.Equal(t, http.StatusTooManyRequests, call(tokens[0].Bearer()))
	assert.Equal(t, http.StatusTooManyRequests, w.Do(http.MethodGet, "/o/client/scopes", "", tokens[0].Bearer()).Status, "wherever it asks")
	assert.Equal(t, http.StatusOK, call(tokens[1].Bearer()), "another client at the same address")

	for range 3 {
		assert.Equal(t, http.StatusUnauthorized, call("Authorization: Bearer "+strings.Repeat("junk", 10)))
	}
	assert.Equal(t, http.StatusTooManyRequests, call(), "who has no token is an address")
	assert.Equal(t, http.StatusOK, call(tokens[1].Bearer()), "and costs those nothing who have one")

	ask := func(client harness.Credentials, address string) int {
		return w.PostToken(client.Form(), from(address)).Status
	}
	for range 3 {
		ask(clients[1], "203.0.113.1")
	}
	assert.Equal(t, http.StatusTooManyRequests, ask(clients[1], "203.0.113.1"))
	assert.Equal(t, http.StatusCreated, ask(clients[1], "203.0.113.2"), "a client's id alone proves nothing, and uses nothing up elsewhere")
}

func TestAStatementsRegistrationsAreCountedTogether(t *testing.T) {
	w := throttled(t, "key statement", settings{global: behindStrictProxy})
	application := w.CreateApp(v2App())
	one, other := w.IssueStatement(application), w.IssueStatement(application)
	register := func(statement string, n int) int {
		return w.PostRegister(fmt.Sprintf(`{"software_statement":%q}`, statement), from(fmt.Sprint("192.0.2.", n))).Status
	}
	for n := range 3 {
		assert.Equal(t, http.StatusCreated, register(one, n))
	}
	assert.Equal(t, http.StatusTooManyRequests, register(one, 4), "from wherever")
	assert.Equal(t, http.StatusCreated, register(other, 5))
}

func TestAnApplicationsClientsAreCountedTogether(t *testing.T) {
	w := throttled(t, "key application", settings{global: behindStrictProxy})
	var tokens []harness.Token
	for n, application := range []string{w.CreateApp(v2App()), w.CreateApp(v2App())} {
		for k := range 2 {
			at := from(fmt.Sprintf("198.51.100.%d", 10*n+k))
			answer := w.PostRegister(fmt.Sprintf(`{"software_statement":%q}`, w.IssueStatement(application)), at)
			body := answer.JSON(t)
			form := url.Values{"grant_type": {"client_credentials"}, "client_id": {body["client_id"].(string)}, "client_secret": {body["client_secret"].(string)}}
			tokens = append(tokens, harness.Token{AccessToken: w.PostToken(form, at).JSON(t)["access_token"].(string)})
		}
	}
	for n := range 3 {
		assert.Equal(t, http.StatusOK, w.Do(http.MethodGet, v2Call, "", tokens[n%2].Bearer()).Status)
	}
	assert.Equal(t, http.StatusTooManyRequests, w.Do(http.MethodGet, v2Call, "", tokens[1].Bearer()).Status)
	assert.Equal(t, http.StatusOK, w.Do(http.MethodGet, v2Call, "", tokens[2].Bearer()).Status, "another application")
}

func TestAHeaderTellsDevicesApart(t *testing.T) {
	w := throttled(t, "key header X-Device-ID", settings{})
	granted, _ := w.drain(t, "X-Device-ID: one")
	assert.Equal(t, 3, granted)
	granted, _ = w.drain(t, "X-Device-ID: two")
	assert.Equal(t, 3, granted)
	granted, _ = w.drain(t)
	assert.Equal(t, 3, granted, "without it the address counts")
}

func TestAGuardOfTheOperatorsOwnThrottlesWhereItSaysSo(t *testing.T) {
	w := throttled(t, "", settings{global: behindStrictProxy, site: `
	handle /own/* {
		dcr_guard {
			prefix /own/
			route GET /own/a {
				open
				throttle
			}
			route GET /own/b {
				open
			}
		}
		respond "own"
	}
`})
	for range 3 {
		assert.Equal(t, http.StatusOK, w.Do(http.MethodGet, "/own/a", "", from("192.0.2.1")).Status)
	}
	refusedAsThrottled(t, w.Do(http.MethodGet, "/own/a", "", from("192.0.2.1")), oauth)
	assert.Equal(t, http.StatusOK, w.Do(http.MethodGet, "/own/b", "", from("192.0.2.1")).Status)
}

func TestAReloadFillsNoBucket(t *testing.T) {
	w := newWorld(t, "", settings{})
	backend := harness.StartBackend(t, "rest_v2")
	configure := func(options string) {
		w.Configure(harness.Config{Options: options, Site: "dcr_issuer\n\tdcr_proxy rest_v2 " + backend.Addr})
		require.Zero(t, w.Reload().Status)
		harness.Reconnect()
	}
	configure(fmt.Sprintf(three, ""))
	granted, _ := w.drain(t)
	assert.Equal(t, 3, granted)
	configure("staleness 4m\n" + fmt.Sprintf(three, ""))
	assert.Equal(t, http.StatusTooManyRequests, w.Do(http.MethodGet, navigation, "").Status)
	configure(strings.Replace(fmt.Sprintf(three, ""), "burst 2", "burst 4", 1))
	granted, _ = w.drain(t)
	assert.Equal(t, 5, granted, "another limit begins anew")
}

func TestTheThrottleIsInTheMetricsAndInTheLog(t *testing.T) {
	w := throttled(t, "", settings{site: "\tmetrics /metrics\n"})
	w.drain(t)
	w.PostRegister("{}")
	body := w.Do(http.MethodGet, "/metrics", "").Body
	for _, line := range []string{
		`caddy_dcr_throttled_total{key="address",profile="rest_v2"} 1`,
		`caddy_dcr_throttled_total{key="address",profile="issuer"} 1`,
		`caddy_dcr_decisions_total{outcome="refused",profile="rest_v2",reason="throttled"} 1`,
		"caddy_dcr_throttle_devices 1",
		"caddy_dcr_throttle_evictions_total 0",
		"caddy_dcr_throttle_fallbacks_total 0",
	} {
		assert.Contains(t, body, line)
	}
	harness.Eventually(t, "for the log", func() bool {
		return strings.Count(w.Log(), `"dcr_reason":"throttled"`) == 2
	})
}
