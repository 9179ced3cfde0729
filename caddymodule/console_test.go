package caddymodule

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/caddy-dcr/caddy-dcr/internal/access"
	"github.com/caddy-dcr/caddy-dcr/internal/console"
	"github.com/caddy-dcr/caddy-dcr/internal/managementapi"
)

// consoleOf is a console as Provision makes it, over a store of its own.
func consoleOf(t *testing.T, c Console) *Console {
	t.Helper()
	if len(c.Roles) == 0 {
		c.Roles = []ConsoleRole{{User: "ann", Role: "operator"}}
	}
	var err error
	c.identity, err = c.identifier()
	require.NoError(t, err)
	require.NoError(t, c.grant())
	service := manage(t)
	c.sameSite = http.NewCrossOriginProtection()
	c.api = managementapi.New(managementapi.Options{Management: service, Logger: slog.New(slog.DiscardHandler)})
	c.pages = console.New(console.Options{Management: service, Logger: slog.New(slog.DiscardHandler)})
	return &c
}

// visit is one request as Caddy hands it on; said are the placeholders that
// handlers in front have set.
type visit struct {
	method, target string
	from           string
	header         map[string]string
	said           map[string]string
	change         func(*http.Request) *http.Request
}

func (v visit) to(t *testing.T, c *Console) *httptest.ResponseRecorder {
	t.Helper()
	if v.method == "" {
		v.method = "GET"
	}
	if v.target == "" {
		v.target = "/api/v1/me"
	}
	r := httptest.NewRequest(v.method, "https://console.example.com"+v.target, nil)
	if v.from != "" {
		r.RemoteAddr = v.from
	}
	for name, value := range v.header {
		for line := range strings.SplitSeq(value, "\n") {
			r.Header.Add(name, line)
		}
	}
	w := httptest.NewRecorder()
	replacer := caddy.NewReplacer()
	r = caddyhttp.PrepareRequest(r, replacer, w, new(caddyhttp.Server))
	for key, value := range v.said {
		replacer.Set(key, value)
	}
	if v.change != nil {
		r = v.change(r)
	}
	require.NoError(t, c.ServeHTTP(w, r, nil))
	return w
}

var asAnn = map[string]string{"http.auth.user.id": "ann"}

func TestWhoIsLetIntoTheConsole(t *testing.T) {
	byProxy := Console{TrustedProxy: &TrustedProxy{From: []string{"10.0.0.0/24"}, IdentityHeader: "X-User", GroupsHeader: "X-Groups"}}
	byCertificate := Console{Identity: "{http.request.tls.client.subject}", Roles: []ConsoleRole{{User: "CN=ann", Role: "operator"}}}
	byGroup := Console{
		Identity: "{http.reverse_proxy.header.Remote-User}", Groups: "{http.reverse_proxy.header.Remote-Groups}",
		Roles: []ConsoleRole{{Group: "admins", Role: "operator"}, {User: "bob", Role: "read_only"}},
	}
	certificate := func(verified bool) func(*http.Request) *http.Request {
		return func(r *http.Request) *http.Request {
			leaf := &x509.Certificate{}
			leaf.Subject.CommonName = "ann"
			r.TLS = &tls.ConnectionState{PeerCertificates: []*x509.Certificate{leaf}}
			if verified {
				r.TLS.VerifiedChains = [][]*x509.Certificate{{leaf}}
			}
			return r
		}
	}
	for name, c := range map[string]struct {
		console Console
		visit   visit
		kind    managementapi.Kind // empty is let in
		method  string
	}{
		"somebody with a role":                   {Console{}, visit{said: asAnn}, "", "caddy_authentication"},
		"… by a password":                        {Console{}, visit{said: asAnn, header: map[string]string{"Authorization": "Basic YW5uOng="}}, "", "http_basic"},
		"… whose password was for somebody else": {Console{}, visit{said: asAnn, header: map[string]string{"Authorization": "Basic Ym9iOng="}}, "", "caddy_authentication"},
		"nobody": {Console{}, visit{}, managementapi.Unauthenticated, ""},
		"nobody, with a password that nobody looked at": {Console{}, visit{header: map[string]string{"Authorization": "Basic YW5uOng="}}, managementapi.Unauthenticated, ""},
		"a candidate whom the authentication refused":   {Console{}, visit{said: map[string]string{"http.auth.candidate.id": "ann"}}, managementapi.Unauthenticated, ""},
		"somebody without a role":                       {Console{}, visit{said: map[string]string{"http.auth.user.id": "eve"}}, managementapi.NoRole, ""},
		"a name in other letters":                       {Console{}, visit{said: map[string]string{"http.auth.user.id": "Ann"}}, managementapi.NoRole, ""},

		"a proxy that says who":                   {byProxy, visit{from: "10.0.0.7:4711", header: map[string]string{"X-User": "ann"}}, "", "trusted_proxy"},
		"… by an IPv4 address in IPv6":            {byProxy, visit{from: "[::ffff:10.0.0.7]:4711", header: map[string]string{"X-User": "ann"}}, "", "trusted_proxy"},
		"a proxy that says nobody":                {byProxy, visit{from: "10.0.0.7:4711"}, managementapi.Unauthenticated, ""},
		"somebody else who says so":               {byProxy, visit{from: "10.0.1.7:4711", header: map[string]string{"X-User": "ann"}}, managementapi.Unauthenticated, ""},
		"… and claims to come from the proxy":     {byProxy, visit{from: "10.0.1.7:4711", header: map[string]string{"X-User": "ann", "X-Forwarded-For": "10.0.0.7"}}, managementapi.Unauthenticated, ""},
		"a header that stands there twice":        {byProxy, visit{from: "10.0.0.7:4711", header: map[string]string{"X-User": "ann\nbob"}}, managementapi.Unauthenticated, ""},
		"a header with an underscore":             {byProxy, visit{from: "10.0.0.7:4711", header: map[string]string{"X_User": "ann"}}, managementapi.Unauthenticated, ""},
		"a connection without an address":         {byProxy, visit{from: "@", header: map[string]string{"X-User": "ann"}}, managementapi.Unauthenticated, ""},
		"Caddy's authentication beside the proxy": {byProxy, visit{from: "10.0.1.7:4711", said: asAnn}, managementapi.Unauthenticated, ""},

		"a certificate that was verified": {byCertificate, visit{change: certificate(true)}, "", "client_certificate"},
		"a certificate that was not":      {byCertificate, visit{change: certificate(false)}, managementapi.Unauthenticated, ""},
		"no certificate":                  {byCertificate, visit{said: asAnn}, managementapi.Unauthenticated, ""},

		"a group's role":                         {byGroup, visit{said: map[string]string{"http.reverse_proxy.header.Remote-User": "eve", "http.reverse_proxy.header.Remote-Groups": "dev, admins"}}, "", "forward_auth"},
		"another group":                          {byGroup, visit{said: map[string]string{"http.reverse_proxy.header.Remote-User": "eve", "http.reverse_proxy.header.Remote-Groups": "dev"}}, managementapi.NoRole, ""},
		"a user who is called as a group is":     {byGroup, visit{said: map[string]string{"http.reverse_proxy.header.Remote-User": "admins"}}, managementapi.NoRole, ""},
		"a group that is called as a user is":    {byGroup, visit{said: map[string]string{"http.reverse_proxy.header.Remote-User": "eve", "http.reverse_proxy.header.Remote-Groups": "bob"}}, managementapi.NoRole, ""},
		"a group of nobody":                      {byGroup, visit{said: map[string]string{"http.reverse_proxy.header.Remote-Groups": "admins"}}, managementapi.Unauthenticated, ""},
		"the headers that forward_auth copies":   {byGroup, visit{header: map[string]string{"Remote-User": "bob", "Remote-Groups": "admins"}}, managementapi.Unauthenticated, ""},
		"what a part of the path was taken from": {Console{}, visit{said: asAnn, change: func(r *http.Request) *http.Request { r.URL.Path = "/me"; return r }}, managementapi.Misplaced, ""},
	} {
		t.Run(name, func(t *testing.T) {
			w := c.visit.to(t, consoleOf(t, c.console))
			var said struct{ Type, Method string }
			if c.kind == managementapi.Misplaced {
				assert.Equal(t, c.kind.Status(), w.Code)
				return
			}
			require.NoError(t, json.Unmarshal(w.Body.Bytes(), &said), w.Body)
			if c.kind == "" {
				assert.Equal(t, http.StatusOK, w.Code, w.Body)
				assert.Equal(t, c.method, said.Method)
				return
			}
			assert.Equal(t, c.kind.Status(), w.Code, w.Body)
			assert.True(t, strings.HasSuffix(said.Type, "#"+string(c.kind)), said.Type)
			page := c.visit
			page.target = "/"
			answer := page.to(t, consoleOf(t, c.console))
			assert.Equal(t, c.kind.Status(), answer.Code)
			assert.Contains(t, answer.Header().Get("Content-Type"), "text/html")
			assert.Contains(t, answer.Body.String(), c.kind.Title())
		})
	}
}

// A browser sends a password along with whatever a page asks it to send, so
// that what changes something has to come from the console's own pages.
func TestNoPageOfAnotherSiteChangesAnything(t *testing.T) {
	c := consoleOf(t, Console{})
	for name, test := range map[string]struct {
		method string
		header map[string]string
		let    bool
	}{
		"a form of our own":                        {"POST", map[string]string{"Sec-Fetch-Site": "same-origin", "Origin": "https://console.example.com"}, true},
		"a form of our own, without a referrer":    {"POST", map[string]string{"Sec-Fetch-Site": "same-origin", "Origin": "null"}, true},
		"a form of our own, in an older browser":   {"POST", map[string]string{"Origin": "https://console.example.com"}, true},
		"a program":                                {"POST", nil, true},
		"a form of another site":                   {"POST", map[string]string{"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"}, false},
		"… that hides its origin":                  {"POST", map[string]string{"Sec-Fetch-Site": "cross-site", "Origin": "null"}, false},
		"a form of a sister site":                  {"POST", map[string]string{"Sec-Fetch-Site": "same-site", "Origin": "https://sp.example.com"}, false},
		"a form of another site, in an older one":  {"POST", map[string]string{"Origin": "https://evil.example"}, false},
		"… that hides its origin, in an older one": {"POST", map[string]string{"Origin": "null"}, false},
		"a script of another site that deletes":    {"DELETE", map[string]string{"Sec-Fetch-Site": "cross-site"}, false},
		"a script of another site that puts":       {"PUT", map[string]string{"Sec-Fetch-Site": "cross-site"}, false},
		"a method of somebody's own":               {"FORM", map[string]string{"Sec-Fetch-Site": "cross-site"}, false},
		"a link on another site":                   {"GET", map[string]string{"Sec-Fetch-Site": "cross-site"}, true},
	} {
		t.Run(name, func(t *testing.T) {
			for _, target := range []string{"/", "/applications", "/api/v1/me", "/api/v1/kills"} {
				w := visit{method: test.method, target: target, said: asAnn, header: test.header}.to(t, c)
				refused := strings.Contains(w.Body.String(), managementapi.CrossOrigin.Title())
				assert.Equal(t, !test.let, refused, "%s: %d %s", target, w.Code, w.Body)
				if refused {
					assert.Equal(t, http.StatusForbidden, w.Code)
				}
			}
		})
	}
}

func TestEveryAnswerOfTheConsoleIsForTheAskerAlone(t *testing.T) {
	c := consoleOf(t, Console{})
	for _, v := range []visit{{said: asAnn}, {}, {said: asAnn, target: "/"}, {target: "/"}, {said: asAnn, target: "/api/v1/nothing"}} {
		h := v.to(t, c).Header()
		assert.Equal(t, "no-store", h.Get("Cache-Control"))
		assert.Equal(t, "nosniff", h.Get("X-Content-Type-Options"))
		assert.Equal(t, "DENY", h.Get("X-Frame-Options"))
		assert.Equal(t, "same-origin", h.Get("Cross-Origin-Resource-Policy"))
		assert.Contains(t, h.Get("Content-Security-Policy"), "default-src 'none'")
		assert.Contains(t, h.Get("Content-Security-Policy"), "frame-ancestors 'none'")
	}
}

func TestRolesAddUpOfAUserAndOfGroups(t *testing.T) {
	c := consoleOf(t, Console{Groups: "{http.auth.user.groups}", Roles: []ConsoleRole{
		{User: "bob", Role: "programmer_admin", Programmer: "REF"},
		{User: "bob", Role: "channel_admin", Programmer: "FOX", Channel: "FOX1"},
		{Group: "watch", Role: "read_only"},
		{Group: "ops", Role: "operator"},
	}})
	w := visit{said: map[string]string{"http.auth.user.id": "bob", "http.auth.user.groups": "watch,nobody's"}}.to(t, c)
	assert.JSONEq(t, `{"name":"bob","method":"caddy_authentication","roles":[
		{"role":"programmer_admin","programmer":"REF"},{"role":"channel_admin","programmer":"FOX","channel":"FOX1"},{"role":"read_only"}]}`, w.Body.String())
	assert.Equal(t, []access.Grant{{Role: access.Operator}}, c.grantsOf("eve", []string{"ops"}))
}
