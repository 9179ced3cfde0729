package conformance

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/caddy-dcr/caddy-dcr/tests/harness"
)

// RFC 6749 section 3.2, RFC 7009 section 2, RFC 7591 section 5: TLS alone.
func TestTheStandardsEndpointsAnswerOverTLSAlone(t *testing.T) {
	g := harness.Start(t, harness.Config{Caddyfile: `{
	admin localhost:{ADMIN}
	auto_https off
	storage file_system {DIR}/caddy
	servers {
		trusted_proxies static 127.0.0.1/32
	}
	dcr {
		issuer https://sp.example.com
		store bolt {DIR}/dcr
	}
}

http://127.0.0.1:{HTTP} {
	dcr_issuer
}
`})
	const id = "/oauth2/register/897029da-2b35-429e-ad45-6f6bf5de7a95"
	for _, r := range []struct{ method, path string }{
		{http.MethodPost, "/oauth2/register"}, {http.MethodPost, "/oauth2/token"}, {http.MethodPost, "/oauth2/revoke"},
		{http.MethodPost, "/oauth2/introspect"}, {http.MethodGet, id}, {http.MethodDelete, id},
	} {
		inTheClear := g.Do(r.method, r.path, "")
		refused(t, inTheClear, http.StatusBadRequest, "invalid_request")
		assert.Contains(t, inTheClear.Body, "over https only", r.path)
		assert.Empty(t, inTheClear.Header.Get("Location"), "no redirect: the secret would have been sent in the inTheClear already")
		behind := g.Do(r.method, r.path, "", "X-Forwarded-Proto: https")
		assert.NotContains(t, behind.Body, "over https only", "%s behind a proxy that is trusted", r.path)
	}
	assert.Equal(t, http.StatusOK, g.Do(http.MethodGet, "/.well-known/oauth-authorization-server", "").Status)
}

// A device that asks too often is told so at every endpoint but introspection,
// where backends ask for many devices at once.
func TestTheStandardsEndpointsAreThrottledLikeTheOthers(t *testing.T) {
	w := newWorld(t, "", "throttle {\n\t\t\tburst 1\n\t\t\trate 0.001\n\t\t}\n\t\t")
	ask := map[string]func() harness.Answer{
		"token":                  func() harness.Answer { return w.post("/oauth2/token", grant) },
		"revoke":                 func() harness.Answer { return w.post("/oauth2/revoke", grant) },
		"register":               func() harness.Answer { return w.postRegister(nil) },
		"reading a registration": func() harness.Answer { return w.Do(http.MethodGet, "/oauth2/register/x", "") },
	}
	harness.Eventually(t, "for the bucket to be empty", func() bool { return ask["token"]().Status == http.StatusTooManyRequests })
	for name, send := range ask {
		answer := send()
		refused(t, answer, http.StatusTooManyRequests, "too_many_requests")
		assert.NotEmpty(t, answer.Header.Get("Retry-After"), name)
	}
	assert.False(t, w.active(t, "junk"))
	assert.Equal(t, http.StatusOK, w.Do(http.MethodGet, "/.well-known/oauth-authorization-server", "").Status)
}
