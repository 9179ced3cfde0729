package hardening

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/caddy-dcr/caddy-dcr/tests/hardening/rawhttp"
)

// proxyCall is a call of the API that only some addresses may call.
const proxyCall = "/control/v3/mvpd-proxies/demo-proxy/mvpds"

// listed is an address that may call, which the tests do not have.
const listed = "192.0.2.7"

func TestAnAddressIsBelievedToTrustedProxiesAlone(t *testing.T) {
	t.Parallel()
	worlds := map[string]*world{} // by what they trust
	for name, c := range map[string]struct {
		global string
		lines  []string
		status int
	}{
		"nobody is trusted": {"", []string{"X-Forwarded-For: " + listed}, http.StatusUnauthorized},
		"nobody is trusted, by any name of a header": {"", []string{
			"X-Forwarded-For: " + listed, "X_Forwarded_For: " + listed, "Forwarded: for=" + listed, "X-Real-IP: " + listed,
			"True-Client-IP: " + listed, "CF-Connecting-IP: " + listed, "X-Client-IP: " + listed, "X-Cluster-Client-IP: " + listed,
			"Fastly-Client-IP: " + listed, "X-Originating-IP: " + listed, "X-Remote-Addr: " + listed,
		}, http.StatusUnauthorized},
		"somebody else is trusted":                      {"trusted_proxies static 198.51.100.1/32", []string{"X-Forwarded-For: " + listed}, http.StatusUnauthorized},
		"the sender is trusted":                         {"trusted_proxies static 127.0.0.0/8\n trusted_proxies_strict", []string{"X-Forwarded-For: " + listed}, http.StatusOK},
		"the sender names a stranger":                   {"trusted_proxies static 127.0.0.0/8\n trusted_proxies_strict", []string{"X-Forwarded-For: 203.0.113.9"}, http.StatusUnauthorized},
		"a stranger behind the sender names an address": {"trusted_proxies static 127.0.0.0/8\n trusted_proxies_strict", []string{"X-Forwarded-For: " + listed + ", 203.0.113.9"}, http.StatusUnauthorized},
		"a stranger names an address in a line of its own": {"trusted_proxies static 127.0.0.0/8\n trusted_proxies_strict", []string{
			"X-Forwarded-For: " + listed, "X-Forwarded-For: 203.0.113.9",
		}, http.StatusUnauthorized},
		"the sender is trusted and says nothing": {"trusted_proxies static 127.0.0.0/8\n trusted_proxies_strict", nil, http.StatusUnauthorized},
		"the sender is trusted and says nonsense": {"trusted_proxies static 127.0.0.0/8\n trusted_proxies_strict", []string{
			"X-Forwarded-For: " + listed + "x",
		}, http.StatusUnauthorized},
	} {
		w := worlds[c.global]
		if w == nil {
			global := ""
			if c.global != "" {
				global = "servers {\n " + c.global + "\n }"
			}
			w = newWorld(t, settings{global: global, profile: map[string]string{"proxy_mvpd": "allow_ips 192.0.2.0/24"}})
			worlds[c.global] = w
		}
		t.Run(name, func(t *testing.T) {
			_, _, token := w.Enroll(everything())
			overProtocols(t, func(t *testing.T, p rawhttp.Protocol) {
				w.forget()
				answer := w.get(t, p, proxyCall, append([]string{token.Bearer()}, c.lines...)...)
				assert.Equal(t, c.status, answer.Status, answer.Body)
				if c.status != http.StatusOK {
					w.untouched(t)
				}
			})
		})
	}
}
