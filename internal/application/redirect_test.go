package application

import (
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"pgregory.net/rapid"
)

func TestCoversRedirect(t *testing.T) {
	cases := []struct {
		name string
		uri  string
		want bool
	}{
		{"the domain itself", "https://adobe.com", true},
		{"the domain with a path and a query", "https://adobe.com/done?x=1&y=a%20b", true},
		{"a sub-domain", "https://login.adobe.com/done", true},
		{"a sub-domain of a sub-domain", "https://a.b.adobe.com/", true},
		{"another of the domains", "https://example.org/", true},
		{"capitals in scheme and host", "HTTPS://Login.ADOBE.com/Done", true},
		{"a port", "https://adobe.com:8443/done", true},
		{"the reversed name as a scheme", "com.adobe://done", true},
		{"the reversed name with nothing behind it", "com.adobe://", true},
		{"the reversed name with one slash", "com.adobe:/done", true},
		{"the reversed name in capitals", "COM.Adobe://done", true},
		{"the reversed name as a host", "adobepass://com.adobe", true},
		{"the reversed name as a host with a path", "adobepass://com.adobe/done?x=1", true},
		{"the custom scheme", "adbe.u-XHgKY5Q9aWe5k0ChLS_A://done", true},
		{"the custom scheme as a browser writes it", "adbe.u-xhgky5q9awe5k0chls_a://done", true},

		{"nothing", "", false},
		{"a relative reference", "/done", false},
		{"a scheme-relative reference", "//adobe.com/", false},
		{"an empty scheme", "://adobe.com/", false},
		{"clear text", "http://adobe.com/", false},
		{"clear text on the loopback", "http://127.0.0.1:8080/", false},
		{"clear text on localhost", "http://localhost/", false},
		{"a script", "javascript:alert(1)//adobe.com", false},
		{"data", "data:text/html,adobe.com", false},
		{"a file", "file://adobe.com/etc/passwd", false},
		{"ftp", "ftp://adobe.com/", false},
		{"an Android intent", "intent://adobe.com#Intent;scheme=https;end", false},
		{"a stranger's domain below", "https://adobe.com.evil.com/", false},
		{"a stranger's domain that ends alike", "https://eviladobe.com/", false},
		{"a stranger's domain with a hyphen", "https://evil-adobe.com/", false},
		{"the top-level domain", "https://com/", false},
		{"a trailing dot", "https://adobe.com./", false},
		{"a leading dot", "https://.adobe.com/", false},
		{"an empty label", "https://a..adobe.com/", false},
		{"a user name", "https://user@adobe.com/", false},
		{"our domain as the user name", "https://adobe.com@evil.com/", false},
		{"our domain as user and password", "https://adobe.com:443@evil.com/", false},
		{"a backslash", `https://evil.com\@adobe.com/`, false},
		{"a backslash in the path", `https://adobe.com\.evil.com/`, false},
		{"one slash", "https:/adobe.com/", false},
		{"no slash", "https:adobe.com/", false},
		{"three slashes", "https:///adobe.com/", false},
		{"a query where the host ends", "https://evil.com?.adobe.com/", false},
		{"a fragment", "https://adobe.com/#x", false},
		{"a fragment where the host ends", "https://evil.com#.adobe.com/", false},
		{"an escaped dot in the host", "https://evil.com%2eadobe.com/", false},
		{"an escaped slash in the host", "https://evil.com%2f.adobe.com/", false},
		{"an IPv4 address", "https://192.0.2.1/", false},
		{"an IPv6 address", "https://[2001:db8::1]/", false},
		{"an IPv6 zone that ends alike", "https://[::1%25.adobe.com]/", false},
		{"a port of zero", "https://adobe.com:0/", false},
		{"a port beyond the last", "https://adobe.com:65536/", false},
		{"a port without digits", "https://adobe.com:/", false},
		{"a port with a sign", "https://adobe.com:+443/", false},
		{"two ports", "https://adobe.com:443:444/", false},
		{"a space", "https://adobe.com/a b", false},
		{"a leading space", " https://adobe.com/", false},
		{"a tab that browsers drop", "ht\ttps://adobe.com/", false},
		{"a line break", "https://adobe.com/\r\nSet-Cookie:x", false},
		{"a NUL", "https://adobe.com/\x00", false},
		{"a broken escape", "https://adobe.com/%zz", false},
		{"a cut escape", "https://adobe.com/%2", false},
		{"a host that is not ASCII", "https://аdobe.com/", false},
		{"a dot in full width", "https://evil。adobe.com/", false},
		{"markup", `https://adobe.com/"><script>`, false},
		{"more than 2048 bytes", "https://adobe.com/" + strings.Repeat("a", 2048), false},
		{"a scheme that begins with the reversed name", "com.adobe.evil://x", false},
		{"a scheme that is half the reversed name", "com://x", false},
		{"the name unreversed as a scheme", "adobe.com://x", false},
		{"a user name behind the reversed name", "com.adobe://a@evil.com", false},
		{"another host behind adobepass", "adobepass://com.evil/com.adobe", false},
		{"a longer host behind adobepass", "adobepass://com.adobe.evil", false},
		{"a port behind adobepass", "adobepass://com.adobe:1", false},
		{"adobepass without a host", "adobepass:com.adobe", false},
		{"the beginning of a custom scheme", "adbe.u-XHgKY5Q9aWe5k0ChLS_://x", false},
		{"more than the custom scheme", "adbe.u-XHgKY5Q9aWe5k0ChLS_Ab://x", false},
		{"a custom scheme without its colon", "adbe.u-XHgKY5Q9aWe5k0ChLS_A", false},
		{"a user name behind a custom scheme", "adbe.u-XHgKY5Q9aWe5k0ChLS_A://a@b", false},
	}
	a := good()
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			assert.Equal(t, c.want, a.CoversRedirect(c.uri), c.uri)
		})
	}
}

func TestAnApplicationWithoutDomainsCoversNothing(t *testing.T) {
	for _, uri := range []string{"https://adobe.com/", "https:///", "adobepass://", ":", "a.b://", "com.adobe://"} {
		assert.False(t, (&Application{}).CoversRedirect(uri), uri)
		assert.False(t, (&Application{Domains: []string{""}, CustomSchemes: []string{""}}).CoversRedirect(uri), uri)
	}
}

func TestADomainOfOneLabelGivesNoScheme(t *testing.T) {
	a := &Application{Domains: []string{"javascript"}, CustomSchemes: []string{"data"}}
	assert.False(t, a.CoversRedirect("javascript:alert(1)"))
	assert.False(t, a.CoversRedirect("data:text/html,x"))
}

func TestCoversOrigin(t *testing.T) {
	cases := []struct {
		name   string
		origin string
		want   bool
	}{
		{"the domain", "https://adobe.com", true},
		{"a sub-domain with a port", "https://dev.adobe.com:3000", true},
		{"capitals", "HTTPS://Adobe.com", true},
		{"clear text", "http://adobe.com", false},
		{"null", "null", false},
		{"nothing", "", false},
		{"a path", "https://adobe.com/", false},
		{"a stranger", "https://adobe.com.evil.com", false},
		{"a user name", "https://a@adobe.com", false},
		{"two origins", "https://adobe.com https://evil.com", false},
		{"a query", "https://evil.com?.adobe.com", false},
		{"an app's own scheme", "com.adobe://x", false},
	}
	a := good()
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			assert.Equal(t, c.want, a.CoversOrigin(c.origin))
		})
	}
}

// covered says what must hold of every URI that is let through, judged by the
// standard library's reader and not by ours.
func covered(t interface{ Fatalf(string, ...any) }, a *Application, uri string) {
	if strings.ContainsAny(uri, " \\\r\n\t\x00#\"<>") {
		t.Fatalf("%q has a forbidden character", uri)
	}
	scheme, rest, _ := strings.Cut(uri, ":")
	if strings.ToLower(scheme) != "https" {
		if s := strings.ToLower(scheme); s != "adobepass" && !strings.Contains(s, ".") {
			t.Fatalf("%q has a scheme that may mean something to a browser", uri)
		}
		return
	}
	u, err := url.Parse("https:" + rest)
	if err != nil {
		t.Fatalf("%q cannot be parsed: %v", uri, err)
		return
	}
	host := strings.ToLower(u.Hostname())
	for _, domain := range a.Domains {
		if host == domain || strings.HasSuffix(host, "."+domain) {
			if u.User != nil || u.Fragment != "" {
				t.Fatalf("%q has a user name or a fragment", uri)
			}
			return
		}
	}
	t.Fatalf("%q leads to the host %q", uri, host)
}

func FuzzRedirect(f *testing.F) {
	a := good()
	f.Fuzz(func(t *testing.T, uri string) {
		if a.CoversRedirect(uri) {
			covered(t, a, uri)
		}
		if a.CoversOrigin(uri) && !a.CoversRedirect(uri) {
			t.Fatalf("the origin %q is covered, and the same as a URI is not", uri)
		}
	})
}

func TestWhateverIsStitchedTogetherStaysCovered(t *testing.T) {
	pieces := rapid.SampledFrom([]string{
		"https", "http", "adobepass", "com.adobe", "adbe.u-XHgKY5Q9aWe5k0ChLS_A", ":", "//", "/", "\\", "@", ".", "adobe.com",
		"evil.com", "evil", ":443", "?", "#", "%2e", "%2f", "[", "]", "\t", "。", "javascript:", "a",
	})
	a := good()
	rapid.Check(t, func(t *rapid.T) {
		uri := strings.Join(rapid.SliceOfN(pieces, 1, 9).Draw(t, "pieces"), "")
		if a.CoversRedirect(uri) {
			covered(t, a, uri)
		}
	})
}

func TestEverySubDomainOfEveryDomainIsCovered(t *testing.T) {
	a := good()
	rapid.Check(t, func(t *rapid.T) {
		host := ""
		for _, label := range rapid.SliceOfN(rapid.StringMatching(`[a-z0-9]([a-z0-9-]{0,8}[a-z0-9])?`), 0, 4).Draw(t, "labels") {
			host += label + "."
		}
		host += rapid.SampledFrom(a.Domains).Draw(t, "domain")
		if !a.CoversRedirect("https://"+host+"/x") || !a.CoversOrigin("https://"+host) {
			t.Fatalf("%s is not covered", host)
		}
	})
}

func BenchmarkCoversRedirect(b *testing.B) {
	a := good()
	b.ReportAllocs()
	for b.Loop() {
		a.CoversRedirect("https://login.adobe.com/done?x=1")
	}
}
