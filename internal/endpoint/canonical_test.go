package endpoint

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"path"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/text/unicode/norm"
)

// arrive makes the request that net/http would make of the target.
func arrive(t testing.TB, target string) *http.Request {
	t.Helper()
	u, err := url.ParseRequestURI(target)
	require.NoError(t, err)
	return &http.Request{Method: http.MethodGet, URL: u, RequestURI: target, Header: http.Header{}}
}

func TestAPathThatEverybodyReadsAlikeIsDecoded(t *testing.T) {
	for name, c := range map[string]struct{ target, want string }{
		"the root":                            {"/", "/"},
		"plain segments":                      {"/api/v2/REF30/profiles", "/api/v2/REF30/profiles"},
		"a trailing slash":                    {"/api/v2/", "/api/v2/"},
		"every other character of a segment":  {"/-_~!$&'()*+,=:@a", "/-_~!$&'()*+,=:@a"},
		"a dot inside a segment":              {"/a.b/.hidden", "/a.b/.hidden"},
		"an encoded space inside a segment":   {"/a%20b", "/a b"},
		"an encoded unreserved mark":          {"/a%7Eb%2dc", "/a~b-c"},
		"an encoded colon":                    {"/a%3Ab", "/a:b"},
		"encoded letters of another script":   {"/%C3%A9t%C3%A9/%E6%97%A5", "/été/日"},
		"a query with everything allowed":     {"/a?b=%2f%5c%3B&c=%C3%A9&d=/?:@\\+", "/a"},
		"an empty query":                      {"/a?", "/a"},
		"a query whose values are not UTF-8":  {"/a?b=%E9", "/a"},
		"a query with doubly encoded values":  {"/a?b=%252e", "/a"},
		"brackets and braces that Go encodes": {"/a[b]{c}", "/a[b]{c}"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := Canonical(arrive(t, c.target))
			require.NoError(t, err)
			assert.Equal(t, c.want, got)
		})
	}
}

func TestATargetThatTwoServersCouldReadDifferentlyIsRefused(t *testing.T) {
	for name, c := range map[string]struct {
		target string
		want   error
	}{
		"an encoded slash":                        {"/api/v2/REF30%2fprofiles", errEncodedSlash},
		"an encoded slash in upper case":          {"/api%2Fv2", errEncodedSlash},
		"a backslash":                             {`/api\v2`, errBackslash},
		"an encoded backslash":                    {"/api%5cv2", errBackslash},
		"a path parameter":                        {"/api/v2/REF30;a=b/profiles", errSemicolon},
		"the dot segment of a servlet container":  {"/api/..;/admin", errSemicolon},
		"an encoded semicolon":                    {"/api%3bx", errSemicolon},
		"a zero byte":                             {"/api/v2%00", errControl},
		"an encoded line break":                   {"/api%0d%0aX", errControl},
		"an encoded tab":                          {"/api%09", errControl},
		"an encoded delete character":             {"/api%7f", errControl},
		"a doubly encoded dot":                    {"/api/%252e%252e/x", errTwice},
		"a doubly encoded slash":                  {"/api%252fv2", errTwice},
		"an encoded percent sign before no digit": {"/100%25", errTwice},
		"the escape that one web server invented": {"/api%25u002e", errTwice},
		"a dot segment":                           {"/api/./v2", errEnding},
		"a double dot segment":                    {"/api/../v2", errEnding},
		"a double dot segment at the end":         {"/api/..", errEnding},
		"an encoded dot segment":                  {"/api/%2e%2e/v2", errEnding},
		"a half encoded dot segment":              {"/api/.%2E/v2", errEnding},
		"a segment that ends in a dot":            {"/api/v2./x", errEnding},
		"a path that ends in a dot":               {"/api/v2.", errEnding},
		"a segment that ends in a space":          {"/api%20/v2", errEnding},
		"three dots":                              {"/api/.../v2", errEnding},
		"an empty segment":                        {"/api//v2", errEmpty},
		"an empty segment in front":               {"//api/v2", errEmpty},
		"an empty segment at the end":             {"/api/v2//", errEmpty},
		"an empty segment beside a space":         {"/a%20b//v2", errEmpty},
		"an encoded letter":                       {"/%61pi/v2", errNeedless},
		"an encoded digit":                        {"/api/v%32", errNeedless},
		"an encoded question mark":                {"/api%3fx", errDelimiter},
		"an encoded number sign":                  {"/api%23x", errDelimiter},
		"a fragment":                              {"/api#x", errDelimiter},
		"a fullwidth slash":                       {"/api%EF%BC%8Fv2", errLookalike},
		"a fullwidth dot":                         {"/%EF%BC%8E%EF%BC%8E/x", errLookalike},
		"a fullwidth backslash":                   {"/api%EF%BC%BCv2", errLookalike},
		"a fullwidth percent sign":                {"/%EF%BC%852e", errLookalike},
		"a fullwidth semicolon":                   {"/a%EF%BC%9Bb", errLookalike},
		"a division slash":                        {"/api%E2%88%95v2", errLookalike},
		"a two dot leader":                        {"/%E2%80%A5/x", errLookalike},
		"a digit with a full stop":                {"/%E2%92%88/x", errLookalike},
		"a zero-width joiner":                     {"/a%E2%80%8Dpi", errLookalike},
		"a byte order mark":                       {"/%EF%BB%BFapi", errLookalike},
		"a no-break space":                        {"/api%C2%A0/x", errLookalike},
		"an overlong slash":                       {"/api%C0%AFv2", errUTF8},
		"an overlong dot":                         {"/%C0%AE%C0%AE/x", errUTF8},
		"a longer overlong slash":                 {"/api%E0%80%AFv2", errUTF8},
		"half a surrogate pair":                   {"/%ED%A0%80", errUTF8},
		"Latin-1":                                 {"/caf%E9", errUTF8},
		"a semicolon in the query":                {"/a?b=c;d=e", errQuerySemicolon},
		"a zero byte in the query":                {"/a?b=%00", errQueryControl},
		"an invalid escape in the query":          {"/a?b=%zz", errQueryEscape},
		"half an escape in the query":             {"/a?b=%2", errQueryEscape},
		"a fragment after the query":              {"/a?b=c#d", errQueryFragment},
		"the absolute form":                       {"http://example.com/api/v2", errForm},
		"the absolute form without a path":        {"http://example.com", errForm},
		"the asterisk form":                       {"*", errForm},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Canonical(arrive(t, c.target))
			require.ErrorIs(t, err, ErrAmbiguous)
			assert.Equal(t, c.want, err)
		})
	}
}

// These cannot come from net/http's parser, but a handler before the guard may
// have had its own ideas.
func TestAURLThatSomebodyPutTogetherIsLookedAtToo(t *testing.T) {
	for name, c := range map[string]struct {
		url  url.URL
		want error
	}{
		"without a path":                {url.URL{}, errForm},
		"with an opaque part":           {url.URL{Opaque: "//x/y", Path: "/"}, errForm},
		"with a host":                   {url.URL{Host: "example.com", Path: "/"}, errForm},
		"with an invalid escape":        {url.URL{Path: "/a", RawPath: "/%4"}, errEscape},
		"with a control in the query":   {url.URL{Path: "/a", RawQuery: "a\nb"}, errQueryControl},
		"with a path that is not ASCII": {url.URL{Path: "/\xff"}, errUTF8},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Canonical(&http.Request{URL: &c.url})
			assert.Equal(t, c.want, err)
		})
	}
}

func TestARequestInAbsoluteFormIsRefusedThoughItsURLWasCleaned(t *testing.T) {
	r := httptest.NewRequest(http.MethodGet, "http://example.com/api", nil)
	r.URL.Host, r.URL.Scheme = "", ""
	_, err := Canonical(r)
	assert.Equal(t, errForm, err)
}

// Servers that normalise must not turn what passes into something else.
func TestNoCharacterThatPassesNormalisesIntoOneThatDoesNot(t *testing.T) {
	for r := rune(utf8.RuneSelf); r <= utf8.MaxRune; r++ {
		if !utf8.ValidRune(r) || checkRune(r) != nil {
			continue
		}
		for _, form := range []norm.Form{norm.NFC, norm.NFKC} {
			assert.False(t, strings.ContainsAny(form.String(string(r)), "/\\.;%?#\x00"), "%U", r)
		}
	}
}

func FuzzCanonical(f *testing.F) {
	f.Fuzz(func(t *testing.T, target string) {
		u, err := url.ParseRequestURI(target)
		if err != nil {
			return // net/http has refused it
		}
		got, err := Canonical(&http.Request{URL: u, RequestURI: target})
		if err != nil {
			assert.ErrorIs(t, err, ErrAmbiguous)
			return
		}
		assert.Equal(t, u.Path, got)

		forwarded, err := url.ParseRequestURI(u.RequestURI())
		require.NoError(t, err)
		assert.Equal(t, got, forwarded.Path, "what is forwarded, read again")
		again, err := url.Parse((&url.URL{Path: got}).String())
		require.NoError(t, err)
		assert.Equal(t, got, again.Path, "encoded and read again")
		twice, err := url.PathUnescape(got)
		require.NoError(t, err)
		assert.Equal(t, got, twice, "decoded twice")
		cleaned := path.Clean(got)
		if got != "/" && strings.HasSuffix(got, "/") {
			cleaned += "/"
		}
		assert.Equal(t, got, cleaned, "cleaned")
		assert.Equal(t, strings.Count(got, "/"), strings.Count(u.EscapedPath(), "/"), "split before decoding")
		_, err = url.ParseQuery(u.RawQuery)
		assert.NoError(t, err, "the query")
	})
}
