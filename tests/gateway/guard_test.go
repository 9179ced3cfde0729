package gateway

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/caddy-dcr/caddy-dcr/tests/harness"
)

func TestOpenRoutesNeedNoTokenAndTheirNeighboursDo(t *testing.T) {
	overStores(t, settings{}, func(t *testing.T, w *world) {
		for name, c := range map[string]struct {
			method, target, profile string
			status                  int
		}{
			"the navigation of REST API V2":         {http.MethodGet, "/api/v2/authenticate/" + channel + "/ABC123", "rest_v2", http.StatusOK},
			"the same path with another method":     {http.MethodPost, "/api/v2/authenticate/" + channel + "/ABC123", "", http.StatusMethodNotAllowed},
			"a session of REST API V2":              {http.MethodPost, "/api/v2/" + channel + "/sessions", "", http.StatusUnauthorized},
			"the individualisation of the SDKs":     {http.MethodPost, "/indiv/devices", "sdk", http.StatusOK},
			"the navigation of the SDKs":            {http.MethodGet, "/adobe-services/authenticate/saml?reg_code=ABC&requestor_id=" + channel, "sdk", http.StatusOK},
			"the navigation without a code":         {http.MethodGet, "/adobe-services/authenticate/saml?requestor_id=" + channel, "", http.StatusUnauthorized},
			"what no API claims":                    {http.MethodGet, "/", "", http.StatusNotFound},
			"what no API claims, with a known word": {http.MethodGet, "/api/v3/" + channel, "", http.StatusNotFound},
			"what no API claims below the issuer":   {http.MethodGet, "/o/client/other", "", http.StatusNotFound},
		} {
			t.Run(name, func(t *testing.T) {
				w.forget()
				answer := w.Do(c.method, c.target, "")
				assert.Equal(t, c.status, answer.Status, answer.Body)
				if c.profile == "" {
					w.untouched(t)
				} else {
					assert.Equal(t, c.target, w.backends[c.profile].Only(t).Target)
				}
			})
		}
	})
}

func TestAMethodThatARouteDoesNotOfferIsAnsweredWithThoseItDoes(t *testing.T) {
	overStores(t, settings{}, func(t *testing.T, w *world) {
		_, _, token := w.Enroll(harness.App{
			Channels: []string{channel}, ProxyMVPDs: []string{channel},
			Scopes: []string{"temporary:passes:owner", "decisions:owner", "mvpd:proxies:owner", "api:client:v2"},
		})
		for target, allow := range map[string]string{
			"/reset-tempass/v3/reset?requestor_id=" + channel + "&mvpd_id=T":    "DELETE",
			"/control/v3/degradation/" + channel + "/all?programmer=" + channel: "GET",
			"/control/v3/mvpd-proxies/" + channel + "/mvpds":                    "GET, POST",
			v2Call: "GET",
		} {
			answer := w.Do(http.MethodPatch, target, "", token.Bearer())
			assert.Equal(t, http.StatusMethodNotAllowed, answer.Status, target)
			assert.Equal(t, allow, answer.Header.Get("Allow"), target)
		}
		w.untouched(t)
	})
}

func TestAParameterThatTheAPICannotDoWithoutIsAskedForEarly(t *testing.T) {
	overStores(t, settings{}, func(t *testing.T, w *world) {
		_, _, token := w.Enroll(apis[0].app())
		for _, query := range []string{"", "?requestor_id=" + channel, "?requestor_id=" + channel + "&mvpd_id="} {
			malformed.check(t, oauth, w.Do(http.MethodDelete, "/reset-tempass/v3/reset"+query, "", token.Bearer()))
		}
		w.untouched(t)
	})
}

func TestReadOnlyClientsOfDegradationReadAndDoNotWrite(t *testing.T) {
	overStores(t, settings{}, func(t *testing.T, w *world) {
		_, _, token := w.Enroll(harness.App{Channels: []string{channel}, Scopes: []string{"decisions:client"}})
		target := "/control/v3/degradation/" + channel + "/authzAll?programmer=" + channel
		assert.Equal(t, http.StatusOK, w.Do(http.MethodGet, target, "", token.Bearer()).Status)
		scopeMissing.check(t, oauth, w.Do(http.MethodPost, target, "", token.Bearer()))
		scopeMissing.check(t, oauth, w.Do(http.MethodDelete, target, "", token.Bearer()))
	})
}

func TestARuleForEveryChannelIsForWhoServesEveryChannel(t *testing.T) {
	overStores(t, settings{}, func(t *testing.T, w *world) {
		const target = "/control/v3/degradation/Demo/authzAll?mvpd=MVPD1"
		_, _, some := w.Enroll(harness.App{Programmer: "Demo", Channels: []string{channel}, Scopes: []string{"decisions:owner"}})
		for _, method := range []string{http.MethodPost, http.MethodDelete} {
			channelNotGiven.check(t, oauth, w.Do(method, target, "", some.Bearer()))
		}
		w.untouched(t)
		_, _, all := w.Enroll(harness.App{Programmer: "Demo", Scopes: []string{"decisions:owner"}})
		assert.Equal(t, http.StatusOK, w.Do(http.MethodPost, target, "", all.Bearer()).Status)
	})
}

func TestOnlyListedAddressesReachAnAPIWithAnAllowList(t *testing.T) {
	a := apis[2]
	for name, c := range map[string]struct {
		ranges string
		listed bool
	}{
		"listed":     {"127.0.0.0/8 ::1/128", true},
		"not listed": {"192.0.2.0/24", false},
	} {
		t.Run(name, func(t *testing.T) {
			overStores(t, settings{profile: map[string]string{a.profile: "allow_ips " + c.ranges}}, func(t *testing.T, w *world) {
				_, _, token := w.Enroll(a.app())
				answer := a.call(w, channel, token.Bearer(), "X-Forwarded-For: 192.0.2.7")
				if c.listed {
					assert.Equal(t, http.StatusOK, answer.Status, answer.Body)
					return
				}
				assert.Equal(t, http.StatusUnauthorized, answer.Status, "a client's own X-Forwarded-For is worth nothing")
				assert.Equal(t, "access_denied", answer.JSON(t)["error"])
				w.untouched(t)
			})
		})
	}
}

// ownRoutes is a guard that an operator composes for an API of their own.
const ownRoutes = `
	handle /own/* {
		dcr_guard {
			prefix /own/
			route GET /own/{brand}/things {
				scope own:read own:write
				channel path brand
			}
			route POST,DELETE /own/{brand}/things {
				scope own:write
				channel path brand
				required query reason
			}
			route GET /own/health {
				open
			}
			errors oauth
			query_token key
		}
		reverse_proxy BACKEND
	}
`

func TestAGuardOfTheOperatorsOwnRoutes(t *testing.T) {
	for _, store := range stores {
		t.Run(store.name, func(t *testing.T) {
			backend := harness.StartBackend(t, "own")
			w := newWorld(t, store.start(t), settings{site: strings.Replace(ownRoutes, "BACKEND", backend.Addr, 1)})
			_, _, reader := w.Enroll(harness.App{Channels: []string{channel}, Scopes: []string{"own:read"}})
			_, _, writer := w.Enroll(harness.App{Channels: []string{channel}, Scopes: []string{"own:write"}})
			things := "/own/" + channel + "/things"

			for name, c := range map[string]struct {
				method, target, bearer string
				status                 int
			}{
				"a reader reads":                {http.MethodGet, things, reader.Bearer(), http.StatusOK},
				"a writer reads":                {http.MethodGet, things, writer.Bearer(), http.StatusOK},
				"a writer writes":               {http.MethodPost, things + "?reason=x", writer.Bearer(), http.StatusOK},
				"a writer deletes":              {http.MethodDelete, things + "?reason=x", writer.Bearer(), http.StatusOK},
				"a reader does not write":       {http.MethodPost, things + "?reason=x", reader.Bearer(), http.StatusForbidden},
				"a writer gives a reason":       {http.MethodPost, things, writer.Bearer(), http.StatusBadRequest},
				"another brand":                 {http.MethodGet, "/own/OTHER/things", reader.Bearer(), http.StatusForbidden},
				"the token in the query":        {http.MethodGet, things + "?key=" + reader.AccessToken, "", http.StatusOK},
				"nobody":                        {http.MethodGet, things, "", http.StatusUnauthorized},
				"nobody at the open route":      {http.MethodGet, "/own/health", "", http.StatusOK},
				"a route that is not there":     {http.MethodGet, "/own/" + channel, reader.Bearer(), http.StatusNotFound},
				"a method that the route lacks": {http.MethodPut, things, writer.Bearer(), http.StatusMethodNotAllowed},
			} {
				t.Run(name, func(t *testing.T) {
					backend.Forget()
					var headers []string
					if c.bearer != "" {
						headers = append(headers, c.bearer)
					}
					answer := w.Do(c.method, c.target, "", headers...)
					require.Equal(t, c.status, answer.Status, answer.Body)
					if c.status == http.StatusOK {
						assert.NotContains(t, backend.Only(t).Target, "key=")
					} else {
						assert.Empty(t, backend.Seen())
					}
				})
			}
		})
	}
}
