package gateway

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/caddy-dcr/caddy-dcr/plugins/storetest/redistest"
	"github.com/caddy-dcr/caddy-dcr/tests/harness"
)

const (
	page       = "https://www.example.com"
	forPage    = "cors {\n\t\t\torigins " + page + "\n\t\t}"
	forDomains = "cors {\n\t\t\tapplication_domains\n\t\t}"
	sdkCall    = "/adobe-services/config/" + channel
)

// preflight asks as a browser does that is about to send what the JavaScript
// SDK sends.
func preflight(w *world, target, origin, method string) harness.Answer {
	return w.Do(http.MethodOptions, target, "", "Origin: "+origin, "Access-Control-Request-Method: "+method,
		"Access-Control-Request-Headers: ap_19,ap-device-identifier,authorization,content-type,x-device-info,x-evil")
}

// silent checks that nothing tells a browser that the page may read the answer.
func silent(t *testing.T, answer harness.Answer) {
	t.Helper()
	for name := range answer.Header {
		assert.False(t, strings.HasPrefix(name, "Access-Control-"), "%s: %q", name, answer.Header[name])
	}
}

// readable checks that the page may read the answer, and that everything about
// that is said once.
func readable(t *testing.T, answer harness.Answer, origin string) {
	t.Helper()
	assert.Equal(t, []string{origin}, answer.Header["Access-Control-Allow-Origin"])
	assert.Equal(t, []string{"WWW-Authenticate, Retry-After, X-DCR-Trace, RateLimit, RateLimit-Policy"},
		answer.Header["Access-Control-Expose-Headers"])
	assert.NotContains(t, answer.Header, "Access-Control-Allow-Credentials")
	varies(t, answer)
}

func varies(t *testing.T, answer harness.Answer) {
	t.Helper()
	assert.Equal(t, 1, strings.Count(strings.Join(answer.Header["Vary"], ", "), "Origin"), "%q", answer.Header["Vary"])
}

func TestAPreflightPassesWithoutATokenOnlyWhereConfigured(t *testing.T) {
	w := newWorld(t, "", settings{
		profile: map[string]string{"rest_v2": forPage, "sdk": forPage}, issuer: forPage, site: "\tmetrics /metrics\n",
	})
	for _, c := range []struct{ target, method, methods string }{
		{v2Call, "GET", "GET"},
		{"/api/v2/" + channel + "/sessions", "POST", "POST"},
		{sdkCall, "GET", "GET, POST"},
		{"/o/client/register", "POST", "POST"},
		{"/o/client/token", "POST", "POST"},
		{"/o/client/scopes", "GET", "GET"},
		{"/o/client/validate", "POST", "POST"},
		{"/oauth2/token", "POST", "POST"},
		// The browser refuses by itself to send what is not offered.
		{v2Call, "DELETE", "GET"},
		{v2Call, "patch", "GET"},
	} {
		t.Run(c.method+" "+c.target, func(t *testing.T) {
			answer := preflight(w, c.target, page, c.method)
			assert.Equal(t, http.StatusNoContent, answer.Status)
			assert.Empty(t, answer.Body)
			assert.Equal(t, []string{page}, answer.Header["Access-Control-Allow-Origin"])
			assert.Equal(t, []string{c.methods}, answer.Header["Access-Control-Allow-Methods"])
			assert.Equal(t, []string{"ap_19, ap-device-identifier, authorization, content-type, x-device-info"}, answer.Header["Access-Control-Allow-Headers"])
			assert.Equal(t, []string{"600"}, answer.Header["Access-Control-Max-Age"])
			assert.NotContains(t, answer.Header, "Access-Control-Allow-Credentials")
			varies(t, answer)
		})
	}
	for name, answer := range map[string]harness.Answer{
		"an origin that is not listed":    preflight(w, v2Call, "https://evil.example", "GET"),
		"one that begins like a listed":   preflight(w, v2Call, page+".evil.example", "GET"),
		"another scheme":                  preflight(w, v2Call, "http://www.example.com", "GET"),
		"another port":                    preflight(w, v2Call, page+":8443", "GET"),
		"no origin":                       preflight(w, v2Call, "null", "GET"),
		"an API where nothing is allowed": preflight(w, "/esm/v3/year", page, "GET"),
		"at the issuer":                   preflight(w, "/o/client/token", "https://evil.example", "POST"),
		"two origins": w.Do(http.MethodOptions, v2Call, "", "Origin: "+page, "Origin: https://evil.example",
			"Access-Control-Request-Method: GET"),
	} {
		t.Run(name, func(t *testing.T) {
			assert.Equal(t, http.StatusMethodNotAllowed, answer.Status, "as without a word about origins")
			silent(t, answer)
		})
	}
	t.Run("OPTIONS that is no preflight", func(t *testing.T) {
		answer := w.Do(http.MethodOptions, v2Call, "", "Origin: "+page)
		assert.Equal(t, http.StatusMethodNotAllowed, answer.Status)
		readable(t, answer, page)
	})
	t.Run("a path that is no route", func(t *testing.T) {
		answer := preflight(w, "/api/v2/no/such/route", page, "GET")
		assert.Equal(t, http.StatusNotFound, answer.Status)
		readable(t, answer, page)
	})
	t.Run("a path that could be read in two ways", func(t *testing.T) {
		answer := preflight(w, "/api/v2/"+channel+"/..;/configuration", page, "GET")
		assert.Equal(t, http.StatusBadRequest, answer.Status)
	})
	t.Run("what follows a preflight needs its token", func(t *testing.T) {
		answer := w.Do(http.MethodGet, v2Call, "", "Origin: "+page)
		assert.Equal(t, http.StatusUnauthorized, answer.Status)
		readable(t, answer, page)
	})
	assert.Regexp(t, `decisions_total\{outcome="allowed",profile="rest_v2",reason="preflight"\} 4\n`, w.Do(http.MethodGet, "/metrics", "").Body)
	w.untouched(t)
}

func TestAnswersAndRefusalsCanBeReadByTheirPage(t *testing.T) {
	redis := redistest.Start(t, redistest.Options{})
	w := newWorld(t, "redis "+redis.URL(), settings{
		options: "staleness 0\n\t\tthrottle {\n\t\t\trate 0.01\n\t\t\tburst 20\n\t\t}\n",
		profile: map[string]string{"rest_v2": forPage, "sdk": forPage, "temp_pass": forPage}, issuer: forPage,
	})
	app := v2App()
	application, client, token := w.Enroll(app)
	revoked := w.Token(client)
	call := func(target string, headers ...string) harness.Answer {
		return w.Do(http.MethodGet, target, "", append(headers, "Origin: "+page)...)
	}
	for name, c := range map[string]struct {
		answer harness.Answer
		status int
	}{
		"an answer":            {call(v2Call, token.Bearer()), http.StatusOK},
		"no token":             {call(v2Call), http.StatusUnauthorized},
		"a missing scope":      {w.Do(http.MethodDelete, "/reset-tempass/v3/reset?requestor_id="+channel+"&mvpd_id=x", "", token.Bearer(), "Origin: "+page), http.StatusForbidden},
		"an error of a client": {w.Do(http.MethodPost, "/o/client/token", "", "Origin: "+page), http.StatusBadRequest},
		"a token":              {w.PostToken(client.Form(), "Origin: "+page), http.StatusCreated},
		"a registration":       {w.PostRegister(`{"software_statement":"`+w.IssueStatement(application)+`"}`, "Origin: "+page), http.StatusCreated},
	} {
		t.Run(name, func(t *testing.T) {
			assert.Equal(t, c.status, c.answer.Status, c.answer.Body)
			readable(t, c.answer, page)
		})
	}
	t.Run("a revoked token", func(t *testing.T) {
		w.MustDCR("revoke", "token", revoked.ID)
		answer := call(v2Call, revoked.Bearer())
		assert.Equal(t, http.StatusUnauthorized, answer.Status)
		assert.NotEmpty(t, answer.Header.Get("WWW-Authenticate"))
		readable(t, answer, page)
	})
	t.Run("a backend that is down", func(t *testing.T) {
		w.backends["rest_v2"].Answer("no status", "", "")
		answer := call(v2Call, token.Bearer())
		assert.Equal(t, http.StatusBadGateway, answer.Status)
		assert.Equal(t, []string{page}, answer.Header["Access-Control-Allow-Origin"])
	})
	t.Run("too many requests", func(t *testing.T) {
		var answer harness.Answer
		harness.Eventually(t, "for the throttle", func() bool {
			answer = call(v2Call, token.Bearer())
			return answer.Status == http.StatusTooManyRequests
		})
		assert.NotEmpty(t, answer.Header.Get("Retry-After"))
		assert.NotEmpty(t, answer.Header.Get("RateLimit"))
		readable(t, answer, page)
	})
	t.Run("a fault of ours", func(t *testing.T) {
		redis.Kill()
		var answer harness.Answer
		harness.Eventually(t, "for the state to be too old", func() bool {
			answer = w.Do(http.MethodDelete, "/reset-tempass/v3/reset?requestor_id="+channel+"&mvpd_id=x", "", token.Bearer(), "Origin: "+page)
			return answer.Status == http.StatusServiceUnavailable
		})
		assert.NotEmpty(t, answer.Header.Get("Retry-After"))
		readable(t, answer, page)
	})
}

func TestABackendsOwnWordAboutOriginsIsReplaced(t *testing.T) {
	w := newWorld(t, "", settings{profile: map[string]string{"rest_v2": forPage}})
	_, _, token := w.Enroll(v2App())
	w.backends["rest_v2"].Answer("200 OK", "application/json\r\nAccess-Control-Allow-Origin: *\r\n"+
		"Access-Control-Allow-Credentials: true\r\nAccess-Control-Expose-Headers: X-Secret\r\nVary: Accept, Origin\r\nX-Other: kept", "{}")
	answer := w.Do(http.MethodGet, v2Call, "", token.Bearer(), "Origin: "+page)
	assert.Equal(t, http.StatusOK, answer.Status)
	assert.Equal(t, "kept", answer.Header.Get("X-Other"))
	readable(t, answer, page)

	answer = w.Do(http.MethodGet, v2Call, "", token.Bearer(), "Origin: https://evil.example")
	assert.Equal(t, http.StatusOK, answer.Status, "whoever has a token can call without a browser anyway")
	silent(t, answer)
	varies(t, answer)

	answer = w.Do(http.MethodGet, v2Call, "", token.Bearer())
	assert.Contains(t, strings.Join(answer.Header["Vary"], ","), "Origin", "a cache must keep it apart")
}

func TestPagesOfAnApplicationsDomainsMayCallWithItsTokens(t *testing.T) {
	overStores(t, settings{profile: map[string]string{"rest_v2": forDomains}, issuer: forDomains}, func(t *testing.T, w *world) {
		ours := v2App()
		ours.Domains = []string{"ours.example"}
		theirs := v2App()
		theirs.Domains = []string{"theirs.example"}
		application, client, token := w.Enroll(ours)
		w.Enroll(theirs)
		const at, other = "https://app.ours.example", "https://theirs.example"
		harness.Eventually(t, "for the domains to be known", func() bool {
			return preflight(w, v2Call, at, "GET").Status == http.StatusNoContent && preflight(w, v2Call, other, "GET").Status == http.StatusNoContent
		})
		for _, origin := range []string{"https://ours.example", "https://a.b.ours.example", "https://ours.example:8443"} {
			assert.Equal(t, http.StatusNoContent, preflight(w, v2Call, origin, "GET").Status, origin)
			assert.Equal(t, http.StatusNoContent, preflight(w, "/o/client/token", origin, "POST").Status, origin)
		}
		for _, origin := range []string{
			"http://ours.example", "https://notours.example", "https://ours.example.evil.example", "https://example", "null",
			"https://evil@ours.example", "https://ours.example:0", "https://ours.example/", "ours.example", "https://ours.example:8443:1",
		} {
			answer := preflight(w, v2Call, origin, "GET")
			assert.Equal(t, http.StatusMethodNotAllowed, answer.Status, origin)
			silent(t, answer)
		}
		readable(t, w.Do(http.MethodGet, v2Call, "", token.Bearer(), "Origin: "+at), at)
		readable(t, w.Do(http.MethodGet, v2Call, "", "Origin: "+other), other)
		readable(t, w.PostToken(client.Form(), "Origin: "+at), at)
		readable(t, w.PostToken(wrong(client.ClientID, "guess"), "Origin: "+other), other)
		for name, answer := range map[string]harness.Answer{
			"a call":    w.Do(http.MethodGet, v2Call, "", token.Bearer(), "Origin: "+other),
			"a token":   w.PostToken(client.Form(), "Origin: "+other),
			"its scope": w.Do(http.MethodGet, "/o/client/scopes", "", token.Bearer(), "Origin: "+other),
		} {
			assert.Less(t, answer.Status, 300, name)
			silent(t, answer)
			varies(t, answer)
		}
		w.MustDCR("app", "revoke", application)
		answer := w.Do(http.MethodGet, v2Call, "", token.Bearer(), "Origin: "+at)
		assert.Equal(t, http.StatusUnauthorized, answer.Status)
		readable(t, answer, at)
	})
}

func TestCookiesAreAllowedForListedOriginsWhereTheOperatorSaysSo(t *testing.T) {
	w := newWorld(t, "", settings{profile: map[string]string{
		"rest_v2": "cors {\n\t\t\torigins " + page + "\n\t\t\tcredentials\n\t\t\tmax_age 1h\n\t\t\tallow_headers X-Evil\n\t\t\texpose_headers X-Mine\n\t\t}",
	}})
	answer := preflight(w, v2Call, page, "GET")
	assert.Equal(t, "true", answer.Header.Get("Access-Control-Allow-Credentials"))
	assert.Equal(t, "3600", answer.Header.Get("Access-Control-Max-Age"))
	assert.Contains(t, answer.Header.Get("Access-Control-Allow-Headers"), "x-evil")
	answer = w.Do(http.MethodGet, v2Call, "", "Origin: "+page)
	assert.Equal(t, "true", answer.Header.Get("Access-Control-Allow-Credentials"))
	assert.Contains(t, answer.Header.Get("Access-Control-Expose-Headers"), "X-Mine")
	silent(t, w.Do(http.MethodGet, v2Call, "", "Origin: https://evil.example"))
}

// Switching protocols passes the writer that looks after the headers.
func TestAWebSocketOfAPageIsUpgraded(t *testing.T) {
	backend, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { backend.Close() })
	go func() {
		conn, err := backend.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		if _, err := http.ReadRequest(bufio.NewReader(conn)); err == nil {
			_, _ = io.WriteString(conn, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"+
				"Access-Control-Allow-Origin: *\r\n\r\nhello")
		}
	}()
	g := harness.Start(t, harness.Config{Site: "dcr_issuer\n\tdcr_proxy rest_v2 " + backend.Addr().String() + " {\n\t\tupgrade\n\t\t" + forPage + "\n\t}"})
	_, _, token := g.Enroll(v2App())
	conn, err := net.Dial("tcp", strings.TrimPrefix(g.URL, "http://"))
	require.NoError(t, err)
	defer conn.Close()
	require.NoError(t, conn.SetDeadline(time.Now().Add(time.Minute)))
	_, err = io.WriteString(conn, "GET "+v2Call+" HTTP/1.1\r\nHost: "+strings.TrimPrefix(g.URL, "http://")+"\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"+
		"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n"+token.Bearer()+"\r\nOrigin: "+page+"\r\n\r\n")
	require.NoError(t, err)
	reader := bufio.NewReader(conn)
	answer, err := http.ReadResponse(reader, nil)
	require.NoError(t, err)
	defer answer.Body.Close()
	assert.Equal(t, http.StatusSwitchingProtocols, answer.StatusCode)
	assert.Equal(t, []string{page}, answer.Header["Access-Control-Allow-Origin"])
	hello := make([]byte, 5)
	_, err = io.ReadFull(reader, hello)
	require.NoError(t, err)
	assert.Equal(t, "hello", string(hello))
}
