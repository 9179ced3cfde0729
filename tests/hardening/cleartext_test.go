package hardening

import (
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/caddy-dcr/caddy-dcr/tests/hardening/rawhttp"
	"github.com/caddy-dcr/caddy-dcr/tests/harness"
)

// strict is a gateway as in production: Caddy makes the certificates, clear
// text is for nobody, and nothing is redirected. {HTTP} is Caddy's port for
// clear text.
const strict = `{
	admin localhost:{ADMIN}
	http_port {HTTP}
	https_port {TLS}
	auto_https %s
	storage file_system {DIR}/caddy
	%s
	dcr {
		issuer https://localhost
		store bolt {DIR}/dcr
	}
}

localhost {
	bind 127.0.0.1
	tls {CERT} {KEY}
	dcr_issuer
}

%s
`

// clearSite is a site in clear text.
const clearSite = "http://127.0.0.1:{HTTP} {\n\tdcr_issuer\n}\n"

func strictGateway(t *testing.T, autoHTTPS, global, site string) (*harness.Gateway, rawhttp.Server) {
	t.Helper()
	certificate, key, roots := certificate(t)
	port := strconv.Itoa(harness.FreePort(t))
	g := harness.Start(t, harness.Config{Caddyfile: strings.NewReplacer("{TLS}", port, "{CERT}", certificate, "{KEY}", key).
		Replace(fmt.Sprintf(strict, autoHTTPS, global, site))})
	return g, rawhttp.Server{Address: "127.0.0.1:" + port, Name: host, Roots: roots}
}

func TestCredentialsTravelEncryptedOnly(t *testing.T) {
	t.Parallel()
	const trusting = "servers {\n trusted_proxies static 127.0.0.0/8\n }"
	proto := func(value string) []string { return []string{"X-Forwarded-Proto: " + value} }
	gateways := map[string]*harness.Gateway{} // by what they trust
	for name, c := range map[string]struct {
		global string
		lines  []string
		served bool
	}{
		"clear text":                                   {"", nil, false},
		"clear text that says it was encrypted":        {"", []string{"X-Forwarded-Proto: https", "X-Forwarded-Ssl: on", "Front-End-Https: on", "Forwarded: proto=https", "X-Url-Scheme: https"}, false},
		"a trusted proxy that says it was encrypted":   {trusting, proto("https"), true},
		"a trusted proxy that says it was clear text":  {trusting, proto("http"), false},
		"a trusted proxy that does not say":            {trusting, nil, false},
		"a trusted proxy that says both":               {trusting, proto("http, https"), false},
		"a trusted proxy whose client said it as well": {trusting, []string{"X-Forwarded-Proto: http", "X-Forwarded-Proto: https"}, false},
	} {
		if gateways[c.global] == nil {
			gateways[c.global], _ = strictGateway(t, "disable_redirects", c.global, clearSite)
		}
		g := gateways[c.global]
		t.Run(name, func(t *testing.T) {
			statement := g.IssueStatement(g.CreateApp(everything()))
			check := func(what string, answer harness.Answer) map[string]any {
				assert.Empty(t, answer.Header.Get("Location"), "%s is redirected", what)
				assert.Equal(t, "no-store", answer.Header.Get("Cache-Control"), what)
				if c.served {
					assert.Equal(t, http.StatusCreated, answer.Status, "%s: %s", what, answer.Body)
				} else {
					assert.Equal(t, http.StatusBadRequest, answer.Status, "%s: %s", what, answer.Body)
					assert.Equal(t, "invalid_request", answer.JSON(t)["error"], what)
				}
				return answer.JSON(t)
			}
			registered := check("register", g.PostRegister(`{"software_statement":"`+statement+`"}`, c.lines...))
			form := url.Values{"grant_type": {"client_credentials"}, "client_id": {"x"}, "client_secret": {"x"}}
			if c.served {
				form.Set("client_id", registered["client_id"].(string))
				form.Set("client_secret", registered["client_secret"].(string))
			}
			check("token", g.PostToken(form, c.lines...))
			check("token in the query", g.Do(http.MethodPost, "/o/client/token?"+form.Encode(), "", c.lines...))
			if !c.served {
				assert.Equal(t, http.StatusBadRequest, g.Do(http.MethodGet, "/o/client/scopes", "", append(c.lines, "Authorization: Bearer x")...).Status)
				assert.Equal(t, http.StatusBadRequest, g.Do(http.MethodPost, "/o/client/validate", "", append(c.lines, "Authorization: Bearer x")...).Status)
				check("register by the RFCs", g.Do(http.MethodPost, "/oauth2/register", `{"software_statement":"`+statement+`"}`, append(c.lines, "Content-Type: application/json")...))
				for _, endpoint := range []string{"token", "revoke", "introspect"} {
					check(endpoint+" by the RFCs", g.Do(http.MethodPost, "/oauth2/"+endpoint, form.Encode(), append(c.lines, "Content-Type: application/x-www-form-urlencoded")...))
				}
				check("a registration", g.Do(http.MethodGet, "/oauth2/register/x", "", append(c.lines, "Authorization: Bearer x")...))
			}
		})
	}
}

// A redirect answers a client that has sent its secret in clear text as if
// nothing were wrong, and it goes on doing so.
func TestNothingIsRedirectedFromClearText(t *testing.T) {
	t.Parallel()
	g, server := strictGateway(t, "disable_redirects", "", "")
	answer, err := rawhttp.Protocols[0].Send(patience(t), server, rawhttp.Request{Method: http.MethodGet, Target: "/.well-known/jwks.json"})
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, answer.Status, answer.Body)
	_, err = net.Dial("tcp", strings.TrimPrefix(g.URL, "http://"))
	assert.ErrorContains(t, err, "refused", "nobody listens")
}
