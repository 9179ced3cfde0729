package bearer

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func request(query string, authorization ...string) *http.Request {
	r := &http.Request{URL: &url.URL{Path: "/", RawQuery: query}, Header: http.Header{}}
	if authorization != nil {
		r.Header["Authorization"] = authorization
	}
	return r
}

func TestTheOneTokenIsFound(t *testing.T) {
	for name, c := range map[string]struct {
		query         string
		authorization []string
		want          Token
	}{
		"in the header":                        {"", []string{"Bearer abc.def-_~+/=="}, Token{Raw: "abc.def-_~+/=="}},
		"after a scheme in lower case":         {"", []string{"bearer abc"}, Token{Raw: "abc"}},
		"after a scheme in upper case":         {"", []string{"BEARER abc"}, Token{Raw: "abc"}},
		"after two blanks":                     {"", []string{"Bearer  abc"}, Token{Raw: "abc"}},
		"in the header, beside another query":  {"a=b", []string{"Bearer abc"}, Token{Raw: "abc"}},
		"in the query":                         {"a=b&access_token=abc", nil, Token{"abc", Query}},
		"in the query in another case":         {"Access_Token=abc", nil, Token{"abc", Query}},
		"in the query, encoded":                {"%61ccess_token=a%2Fb%3D", nil, Token{"a/b=", Query}},
		"in the query, beside another scheme":  {"access_token=abc", []string{"Basic YTpi"}, Token{"abc", Query}},
		"in the header, beside a similar name": {"access_token2=x", []string{"Bearer abc"}, Token{Raw: "abc"}},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := Extract(request(c.query, c.authorization...), "access_token")
			require.NoError(t, err)
			assert.Equal(t, c.want, got)
		})
	}
}

func TestARequestWithoutOneGoodTokenIsToldApart(t *testing.T) {
	for name, c := range map[string]struct {
		query         string
		authorization []string
		want          error
	}{
		"nothing at all":                    {"", nil, ErrAbsent},
		"another parameter":                 {"token=abc", nil, ErrAbsent},
		"another scheme":                    {"", []string{"Basic YTpi"}, ErrAbsent},
		"a scheme that begins alike":        {"", []string{"BearerX abc"}, ErrAbsent},
		"a token without a scheme":          {"", []string{"eyJhbGciOiJSUzI1NiJ9.e30.c2ln"}, ErrAbsent},
		"two lines":                         {"", []string{"Bearer abc", "Bearer abc"}, ErrRepeated},
		"two lines of which one is empty":   {"", []string{"Bearer abc", ""}, ErrRepeated},
		"two lines of other schemes":        {"", []string{"Basic YTpi", "Digest x"}, ErrRepeated},
		"two lines and a query":             {"access_token=abc", []string{"Basic YTpi", "Basic YTpi"}, ErrRepeated},
		"header and query":                  {"access_token=abc", []string{"Bearer abc"}, ErrRepeated},
		"header and empty query":            {"access_token=", []string{"Bearer abc"}, ErrRepeated},
		"header and query in another case":  {"ACCESS_TOKEN=abc", []string{"Bearer abc"}, ErrRepeated},
		"header and encoded query":          {"access%5ftoken=abc", []string{"Bearer abc"}, ErrRepeated},
		"two in the query":                  {"access_token=abc&access_token=abc", nil, ErrRepeated},
		"two in the query, one empty":       {"access_token&access_token=abc", nil, ErrRepeated},
		"an empty header":                   {"", []string{""}, ErrMalformed},
		"a scheme that is none":             {"", []string{"Bear/er abc"}, ErrMalformed},
		"a tab for a blank":                 {"", []string{"Bearer\tabc"}, ErrMalformed},
		"no token after the scheme":         {"", []string{"Bearer"}, ErrMalformed},
		"blanks after the scheme":           {"", []string{"Bearer   "}, ErrMalformed},
		"padding only":                      {"", []string{"Bearer =="}, ErrMalformed},
		"padding inside":                    {"", []string{"Bearer a=b"}, ErrMalformed},
		"two tokens in one line":            {"", []string{"Bearer abc def"}, ErrMalformed},
		"two tokens with a comma":           {"", []string{"Bearer abc, Bearer def"}, ErrMalformed},
		"a blank after the token":           {"", []string{"Bearer abc "}, ErrMalformed},
		"a line break in the token":         {"", []string{"Bearer abc\r\ndef"}, ErrMalformed},
		"a quoted token":                    {"", []string{`Bearer "abc"`}, ErrMalformed},
		"a token that is not ASCII":         {"", []string{"Bearer abé"}, ErrMalformed},
		"a malformed header beside a query": {"access_token=abc", []string{"Bearer ?"}, ErrMalformed},
		"an empty query token":              {"access_token=", nil, ErrMalformed},
		"a bare query token":                {"access_token", nil, ErrMalformed},
		"a query token with a blank":        {"access_token=a+b", nil, ErrMalformed},
		"a query token with a line break":   {"access_token=a%0Ab", nil, ErrMalformed},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := Extract(request(c.query, c.authorization...), "access_token")
			assert.Equal(t, c.want, err)
			assert.Zero(t, got)
		})
	}
}

func TestAQueryTokenIsNotLookedAtWhereTheAPIAllowsNone(t *testing.T) {
	got, err := Extract(request("access_token=xyz", "Bearer abc"), "")
	require.NoError(t, err)
	assert.Equal(t, Token{Raw: "abc"}, got)

	_, err = Extract(request("access_token=xyz"), "")
	assert.Equal(t, ErrAbsent, err)
}

func TestTheUsualTokenCostsNoAllocation(t *testing.T) {
	r := request("requestor_id=REF30", "Bearer abc.def.ghi")
	assert.Zero(t, testing.AllocsPerRun(100, func() { _, _ = Extract(r, "access_token") }))
}

func FuzzExtract(f *testing.F) {
	f.Fuzz(func(t *testing.T, one, two, query string) {
		var lines []string
		for _, line := range []string{one, two} {
			if line != "" {
				lines = append(lines, line)
			}
		}
		r := request(query, lines...)
		got, err := Extract(r, "access_token")
		if err != nil {
			require.Contains(t, []error{ErrAbsent, ErrRepeated, ErrMalformed}, err)
			require.Zero(t, got)
			return
		}
		require.Regexp(t, `\A[A-Za-z0-9._~+/-]+=*\z`, got.Raw)
		require.Less(t, len(lines), 2)
		// Pairs that ParseQuery refuses are not looked at by the backend either.
		parsed, _ := url.ParseQuery(query)
		var values []string
		for key := range parsed {
			if strings.EqualFold(key, "access_token") {
				values = append(values, parsed[key]...)
			}
		}
		if got.In == Header {
			require.Empty(t, values)
			require.Contains(t, one+two, got.Raw)
		} else {
			require.Contains(t, query+strings.Join(values, " "), got.Raw)
			require.LessOrEqual(t, len(values), 1)
		}
	})
}

func BenchmarkExtract(b *testing.B) {
	token := strings.Repeat("abcdefgh", 60)
	for name, r := range map[string]*http.Request{
		"header":         request("", "Bearer "+token),
		"header, query":  request("requestor_id=REF30&mvpd=TempPass", "Bearer "+token),
		"query":          request("requestor_id=REF30&access_token=" + token),
		"absent":         request("requestor_id=REF30"),
		"another scheme": request("", "Basic YTpi"),
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				_, _ = Extract(r, "access_token")
			}
		})
	}
}
