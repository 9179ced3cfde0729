package identity_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/caddy-dcr/caddy-dcr/internal/identity"
)

func TestCleanRemovesEverySpellingOfOurHeaders(t *testing.T) {
	for _, name := range []string{
		"X-DCR-Client-ID", "x-dcr-client-id", "X_DCR_CLIENT_ID", "X-Dcr_Client.Id", "X.DCR.Scopes",
		"x-dCR-future", "X-DCR-a-name-that-is-longer-than-any-of-ours-and-the-buffer",
		"X!DCR!Client!ID", "x#dcr$client%id", "X&DCR'Client*ID", "x+dcr^client`id", "X|DCR~Client-ID", "X~DCR-Scopes",
		"X-HTTP-Method-Override", "X_HTTP_METHOD_OVERRIDE", "X-Original-URL", "x-rewrite-url", "X-Method-Override",
		"X~HTTP~Method~Override", "x!original!url",
	} {
		for _, key := range []string{name, http.CanonicalHeaderKey(name)} {
			t.Run(key, func(t *testing.T) {
				r := &http.Request{URL: &url.URL{}, Header: http.Header{key: {"1"}, "Accept": {"*/*"}, "X-Device-Info": {"e30="}}}
				identity.Clean(r)
				assert.Equal(t, http.Header{"Accept": {"*/*"}, "X-Device-Info": {"e30="}}, r.Header)
			})
		}
	}
}

// Lists of this kind grow by what is found in the field; whoever drops a name
// must do it here as well.
func TestCleanRemovesWhatNamesAnotherMethodOrTarget(t *testing.T) {
	for _, name := range []string{
		"X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override", "X-Original-Method", "X-Forwarded-Method", "X-Envoy-Original-Method",
		"X-Original-URL", "X-Original-URI", "X-Original-Path", "X-Rewrite-URL", "X-Override-URL", "X-Request-URI",
		"X-Forwarded-Uri", "X-Forwarded-Url", "X-Forwarded-Path", "X-Forwarded-Prefix", "X-Script-Name",
		"X-Envoy-Original-Path", "X-Replaced-Path", "X-Proxy-Url", "X-HTTP-DestinationURL", "X-MS-Original-URL", "X-WAWS-Unencoded-URL",
	} {
		for _, spelt := range []string{name, strings.ToLower(name), strings.ToUpper(name), strings.ReplaceAll(name, "-", "_"), strings.ReplaceAll(name, "-", "."), http.CanonicalHeaderKey(name)} {
			r := &http.Request{URL: &url.URL{}, Header: http.Header{spelt: {"1"}, "Accept": {"*/*"}}}
			identity.Clean(r)
			assert.Equal(t, http.Header{"Accept": {"*/*"}}, r.Header, spelt)
		}
	}
}

func TestCleanRemovesParametersThatNameAnotherMethod(t *testing.T) {
	for query, want := range map[string]string{
		"_method=DELETE":                                     "",
		"a=1&_method=DELETE&b=2":                             "a=1&b=2",
		"_METHOD=DELETE&_method&a":                           "a",
		"%5fmethod=DELETE":                                   "",
		"%255fmethod=DELETE":                                 "",
		"_method[]=DELETE&_method%5B0%5D=PUT":                "",
		".method=DELETE&+_method=PUT&[method]=x":             "",
		"X-HTTP-Method-Override=DELETE":                      "",
		"method=GET&_=1764&methods=x&my_method=y&_methods=z": "method=GET&_=1764&methods=x&my_method=y&_methods=z",
		"a=%zz&&c": "a=%zz&&c",
	} {
		r := &http.Request{URL: &url.URL{Path: "/a", RawQuery: query}, RequestURI: "/a?" + query, Header: http.Header{}}
		identity.Clean(r)
		assert.Equal(t, want, r.URL.RawQuery)
		assert.Equal(t, r.URL.RequestURI(), r.RequestURI)
	}
}

// The target as it came shows that it was none; cleaning must not hide that.
func TestCleanLeavesAnotherFormOfTargetToBeRefused(t *testing.T) {
	r := &http.Request{URL: &url.URL{Path: "/a", RawQuery: "_method=PUT"}, RequestURI: "http://other.example/a?_method=PUT", Header: http.Header{}}
	identity.Clean(r)
	assert.Empty(t, r.URL.RawQuery)
	assert.Equal(t, "http://other.example/a?_method=PUT", r.RequestURI)
}

func TestCleanLeavesWhatIsNotOurs(t *testing.T) {
	h := http.Header{
		"X-D": {"1"}, "X-Dcrypt": {"1"}, "X-Device-Info": {"1"}, "Xx-Dcr-A": {"1"},
		"X-Forwarded-For": {"1"}, "Ap-Device-Identifier": {"1"}, "X": {"1"}, "": {"1"},
		"X-A-Header-Whose-Name-Is-Longer-Than-All-Of-Them": {"1"},
	}
	r := &http.Request{URL: &url.URL{}, Header: h.Clone()}
	identity.Clean(r)
	assert.Equal(t, h, r.Header)
}

func TestCleanRemovesTrailers(t *testing.T) {
	r := &http.Request{URL: &url.URL{}, Header: http.Header{"Trailer": {"X-Dcr-Client-Id"}}, Trailer: http.Header{"X-Dcr-Client-Id": nil}}
	identity.Clean(r)
	assert.Empty(t, r.Header)
	assert.Nil(t, r.Trailer)
}

func TestSetWritesWhatIsKnown(t *testing.T) {
	h := http.Header{}
	(&identity.Caller{ClientID: "c", Scopes: "a b", Trace: "t"}).Set(h)
	assert.Equal(t, http.Header{identity.ClientID: {"c"}, identity.Scopes: {"a b"}, identity.Trace: {"t"}}, h)
	h.Add(identity.ClientID, "x")
	assert.Equal(t, "t", h.Get(identity.Trace), "values must not grow into one another")
	assert.Empty(t, h.Get(identity.ApplicationID))
}

func TestHeadersAreCanonical(t *testing.T) {
	for _, name := range identity.Headers {
		assert.Equal(t, http.CanonicalHeaderKey(name), name)
	}
}

func TestCleanConnection(t *testing.T) {
	for name, tc := range map[string]struct{ in, want []string }{
		"nothing stays nothing":        {nil, nil},
		"keep-alive stays":             {[]string{"keep-alive"}, []string{"keep-alive"}},
		"our header is taken out":      {[]string{"close, X-DCR-Client-ID"}, []string{"close"}},
		"alone, it leaves no header":   {[]string{"X-DCR-Client-ID"}, nil},
		"in a second line":             {[]string{"Upgrade", "x-dcr-scopes,\tTE"}, []string{"upgrade, te"}},
		"authorization is no option":   {[]string{"Authorization,keep-alive"}, []string{"keep-alive"}},
		"an empty header goes":         {[]string{""}, nil},
		"case and space do not matter": {[]string{" Keep-Alive "}, []string{"keep-alive"}},
	} {
		t.Run(name, func(t *testing.T) {
			h := http.Header{}
			if tc.in != nil {
				h["Connection"] = tc.in
			}
			identity.CleanConnection(h)
			assert.Equal(t, tc.want, h["Connection"])
		})
	}
}

func TestUpgradeOf(t *testing.T) {
	for name, tc := range map[string]struct {
		h    http.Header
		want identity.Upgrade
	}{
		"none":                   {http.Header{}, identity.NoUpgrade},
		"websocket":              {http.Header{"Upgrade": {"WebSocket"}}, identity.WebSocket},
		"h2c":                    {http.Header{"Upgrade": {"h2c"}}, identity.OtherUpgrade},
		"websocket and h2c":      {http.Header{"Upgrade": {"websocket, h2c"}}, identity.OtherUpgrade},
		"two lines":              {http.Header{"Upgrade": {"websocket", "h2c"}}, identity.OtherUpgrade},
		"settings betray an h2c": {http.Header{"Http2-Settings": {"AAMAAABk"}}, identity.OtherUpgrade},
	} {
		t.Run(name, func(t *testing.T) {
			assert.Equal(t, tc.want, identity.UpgradeOf(tc.h))
			tc.h["Connection"] = []string{"keep-alive, Upgrade", "te"}
			identity.CleanUpgrade(tc.h)
			assert.Equal(t, tc.want != identity.OtherUpgrade, strings.Contains(tc.h.Get("Connection"), "Upgrade"), "a proxy forwards it")
			assert.Contains(t, strings.Join(tc.h["Connection"], ","), "keep-alive")
			assert.Equal(t, tc.want, identity.UpgradeOf(tc.h), "a guard sees it still")
		})
	}
}

// FuzzClean holds that nothing is left that could be taken for ours or for
// another method, and that all else is.
func FuzzClean(f *testing.F) {
	plain := func(r rune) rune {
		if r < utf8.RuneSelf && !unicode.IsLetter(r) && !unicode.IsDigit(r) {
			return '-'
		}
		return r
	}
	f.Fuzz(func(t *testing.T, name, other, query string) {
		r := &http.Request{URL: &url.URL{Path: "/a", RawQuery: query}, Header: http.Header{name: {"1"}, http.CanonicalHeaderKey(other): {"2"}}}
		before := r.Header.Clone()
		identity.Clean(r)
		for key := range before {
			folded := strings.Map(plain, strings.ToLower(key))
			if isASCII(key) {
				ours := strings.HasPrefix(folded, "x-dcr-") || folded == "x-http-method-override" || folded == "x-original-url"
				require.False(t, ours && r.Header[key] != nil, key)
			}
			kept := !strings.HasPrefix(folded, "x-") && key != "Trailer"
			require.True(t, !kept || r.Header[key] != nil, key)
		}
		found, _ := url.ParseQuery(r.URL.RawQuery)
		for key := range found {
			require.False(t, strings.EqualFold(key, "_method") || strings.EqualFold(key, "X-HTTP-Method-Override"), key)
		}
		if !strings.Contains(strings.ToLower(query), "method") && !strings.ContainsFunc(query, func(r rune) bool { return r == '%' || r >= 0x80 }) {
			require.Equal(t, query, r.URL.RawQuery)
		}
		cleaned := r.URL.RawQuery
		identity.Clean(r)
		require.Equal(t, cleaned, r.URL.RawQuery)
	})
}

func isASCII(text string) bool {
	return !strings.ContainsFunc(text, func(r rune) bool { return r >= 0x80 })
}

// FuzzConnection holds that what is left names no header but the five, each as
// RFC 9110 section 7.6.1 has it.
func FuzzConnection(f *testing.F) {
	f.Fuzz(func(t *testing.T, one, two string) {
		h := http.Header{"Connection": {one, two}}
		identity.CleanConnection(h)
		for _, line := range h["Connection"] {
			for token := range strings.SplitSeq(line, ",") {
				require.Contains(t, []string{"close", "keep-alive", "upgrade", "te", "trailers"}, strings.TrimSpace(token))
			}
		}
		for _, token := range []string{"close", "keep-alive"} {
			asked := false
			for part := range strings.SplitSeq(one+","+two, ",") {
				asked = asked || strings.EqualFold(strings.Trim(part, " \t"), token)
			}
			require.Equal(t, asked, strings.Contains(strings.Join(h["Connection"], ","), token))
		}
		again := h.Clone()
		identity.CleanConnection(again)
		require.Equal(t, h, again)
	})
}

func BenchmarkClean(b *testing.B) {
	r := &http.Request{URL: &url.URL{RawQuery: "requestor_id=REF30&mvpd=TempPass&device_id=all"}, Header: http.Header{
		"Accept": {"*/*"}, "User-Agent": {"x"}, "Authorization": {"Bearer x"}, "X-Device-Info": {"e30="},
		"X-Forwarded-For": {"1"}, "X-Forwarded-Proto": {"1"}, "Ap-Device-Identifier": {"1"}, "Accept-Encoding": {"gzip"},
	}}
	b.ReportAllocs()
	for b.Loop() {
		identity.Clean(r)
		identity.CleanConnection(r.Header)
	}
}

func BenchmarkSet(b *testing.B) {
	h := http.Header{}
	c := identity.Caller{ClientID: "a", ApplicationID: "b", Programmer: "c", Channel: "d", Scopes: "e", Platform: "f", Trace: "g"}
	b.ReportAllocs()
	for b.Loop() {
		c.Set(h)
	}
}
