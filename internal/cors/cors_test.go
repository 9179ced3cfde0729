package cors

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const page = "https://www.example.com"

func policy(t testing.TB, change func(*Config)) *Policy {
	t.Helper()
	c := Config{Origins: []string{page}, MaxAge: 10 * time.Minute}
	if change != nil {
		change(&c)
	}
	p, err := New(c)
	require.NoError(t, err)
	return p
}

func TestOriginsThatNoBrowserSendsAreRefused(t *testing.T) {
	for _, origin := range []string{
		"*", "null", "", "www.example.com", "https://", "https://www.example.com/", "https://www.example.com/app",
		"https://www.example.com:443", "http://www.example.com:80", "https://www.example.com:", "https://WWW.example.com",
		"https://*.example.com", "https://user@www.example.com", "https://www.example.com?x", "https://www.example.com#x",
		"https://bücher.example", "file://", "file:///a", "//www.example.com", "https://a.example.com,https://b.example.com",
		" https://www.example.com",
	} {
		_, err := New(Config{Origins: []string{origin}})
		assert.ErrorContains(t, err, "origins: got", origin)
	}
	for _, origin := range []string{
		page, "http://localhost:3000", "https://www.example.com:8443", "http://192.0.2.1", "https://[2001:db8::1]:8443",
		"https://xn--bcher-kva.example", "capacitor://localhost", "chrome-extension://abcdef",
	} {
		_, err := New(Config{Origins: []string{origin}})
		assert.NoError(t, err, origin)
	}
}

func TestConfigurationsThatCannotBeAreRefused(t *testing.T) {
	anybody := func(string) bool { return true }
	for want, c := range map[string]Config{
		"nobody may call":    {},
		"credentials: ":      {Origins: []string{page}, Covered: anybody, Credentials: true},
		"allow_headers: got": {Origins: []string{page}, Allow: []string{"a b"}},
		"expose_headers: ":   {Origins: []string{page}, Expose: []string{""}},
	} {
		_, err := New(c)
		assert.ErrorContains(t, err, want)
	}
}

func TestAnOriginIsComparedByteForByte(t *testing.T) {
	p := policy(t, nil)
	assert.True(t, p.Allows(page))
	for _, origin := range []string{
		"", "null", "https://WWW.example.com", "http://www.example.com", "https://www.example.com:443", "https://www.example.com/",
		"https://example.com", "https://www.example.com.evil.org", "https://evil.org", page + " ", page + "," + page,
	} {
		assert.False(t, p.Allows(origin), origin)
	}
}

func TestNullBelongsToNobody(t *testing.T) {
	p := policy(t, func(c *Config) { c.Covered = func(string) bool { return true } })
	assert.True(t, p.Allows("https://any.example.org"))
	assert.False(t, p.Listed("https://any.example.org"))
	assert.False(t, p.Allows("null"))
}

func TestTwoOriginsAreNone(t *testing.T) {
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	assert.Empty(t, Origin(r))
	r.Header["Origin"] = []string{page}
	assert.Equal(t, page, Origin(r))
	r.Header["Origin"] = []string{page, page}
	assert.Empty(t, Origin(r))
}

func TestWhatAPreflightIs(t *testing.T) {
	for name, c := range map[string]struct {
		method string
		asked  []string
		want   bool
	}{
		"OPTIONS that asks":       {http.MethodOptions, []string{"GET"}, true},
		"a method of its own":     {http.MethodOptions, []string{"patch"}, true},
		"OPTIONS that does not":   {http.MethodOptions, nil, false},
		"OPTIONS for nothing":     {http.MethodOptions, []string{""}, false},
		"OPTIONS that asks twice": {http.MethodOptions, []string{"GET", "POST"}, false},
		"another method":          {http.MethodGet, []string{"GET"}, false},
	} {
		r := httptest.NewRequest(c.method, "/", nil)
		if c.asked != nil {
			r.Header["Access-Control-Request-Method"] = c.asked
		}
		_, got := Preflight(r)
		assert.Equal(t, c.want, got, name)
	}
}

func TestTheAnswerToAPreflight(t *testing.T) {
	p := policy(t, func(c *Config) { c.Allow = []string{"X-Mine"} })
	for name, c := range map[string]struct {
		asked []string
		want  string
	}{
		"nothing is asked":              {nil, ""},
		"what the SDKs send":            {[]string{"ap_19,ap_z,ap-device-identifier,authorization,content-type,x-device-info"}, "ap_19, ap_z, ap-device-identifier, authorization, content-type, x-device-info"},
		"in any case and with spaces":   {[]string{"Authorization, AP-Device-Identifier ,\tX-Device-Info"}, "authorization, ap-device-identifier, x-device-info"},
		"one of the operator's":         {[]string{"x-mine"}, "x-mine"},
		"one too many":                  {[]string{"authorization,x-evil"}, "authorization"},
		"an identity":                   {[]string{"x-dcr-client-id"}, ""},
		"the same twice":                {[]string{"authorization,authorization"}, "authorization"},
		"no name":                       {[]string{"ap_ x,ap_\"y,,"}, ""},
		"a wildcard":                    {[]string{"*"}, ""},
		"two lines":                     {[]string{"authorization", "content-type"}, ""},
		"more than a browser could ask": {[]string{strings.Repeat("ap_a,", 1000)}, ""},
		"more names than one has":       {[]string{names(101)}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			r := httptest.NewRequest(http.MethodOptions, "/", nil)
			r.Header["Access-Control-Request-Headers"] = c.asked
			h := http.Header{}
			Vary(h)
			p.Answer(h, r, page, "GET, DELETE")
			want := http.Header{
				"Access-Control-Allow-Origin":  {page},
				"Access-Control-Allow-Methods": {"GET, DELETE"},
				"Access-Control-Max-Age":       {"600"},
				"Vary":                         {"Origin", "Access-Control-Request-Method, Access-Control-Request-Headers"},
			}
			if c.want != "" {
				want["Access-Control-Allow-Headers"] = []string{c.want}
			}
			assert.Equal(t, want, h)
		})
	}
}

func names(n int) string {
	var b strings.Builder
	for i := range n {
		b.WriteString("ap_" + string(rune('a'+i%26)) + string(rune('a'+i/26)) + ",")
	}
	return b.String()
}

func TestAnAnswerSaysWhatAPageMayRead(t *testing.T) {
	h := http.Header{}
	policy(t, func(c *Config) { c.Credentials, c.Expose = true, []string{"X-Mine"} }).Tell(h, page)
	assert.Equal(t, http.Header{
		"Access-Control-Allow-Origin":      {page},
		"Access-Control-Allow-Credentials": {"true"},
		"Access-Control-Expose-Headers":    {"WWW-Authenticate, Retry-After, X-DCR-Trace, RateLimit, RateLimit-Policy, X-Mine"},
	}, h)
}

func TestABackendsWordIsForgotten(t *testing.T) {
	h := http.Header{
		"Access-Control-Allow-Origin": {"*", page}, "Access-Control-Allow-Private-Network": {"true"}, "Content-Type": {"x"},
	}
	Forget(h)
	assert.Equal(t, http.Header{"Content-Type": {"x"}}, h)
}

func TestVaryNamesTheOriginOnce(t *testing.T) {
	for _, c := range []struct{ has, want []string }{
		{nil, []string{"Origin"}},
		{[]string{"Origin"}, []string{"Origin"}},
		{[]string{"Origin", "Accept-Encoding"}, []string{"Accept-Encoding", "Origin"}},
		{[]string{"Origin", "accept, origin"}, []string{"accept, origin"}},
		{[]string{"Origin", "*"}, []string{"*"}},
		{[]string{"X-Origin"}, []string{"X-Origin", "Origin"}},
	} {
		h := http.Header{"Vary": c.has}
		Vary(h)
		assert.Equal(t, c.want, h["Vary"])
	}
}

func FuzzPermitted(f *testing.F) {
	f.Add("authorization,ap_19, AP-Device-Identifier")
	f.Add("*,x-dcr-client-id")
	p := policy(f, nil)
	f.Fuzz(func(t *testing.T, asked string) {
		got := p.permitted([]string{asked})
		if got == "" {
			return
		}
		for name := range strings.SplitSeq(got, ", ") {
			require.True(t, isToken(name) && p.permits(name), "%q", name)
			require.Contains(t, strings.ToLower(asked), name)
		}
	})
}
