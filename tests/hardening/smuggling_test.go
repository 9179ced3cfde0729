package hardening

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/caddy-dcr/caddy-dcr/tests/hardening/rawhttp"
)

// smuggled is a request that hides in another one. It carries no token, so the
// gateway itself would refuse it: only a backend that saw the end of the first
// request elsewhere than the gateway did could serve it.
const smuggled = "GET /api/v2/" + channel + "/profiles HTTP/1.1\r\nHost: " + host + "\r\nX-DCR-Client-ID: spoofed\r\nConnection: close\r\n\r\n"

// A request whose end two servers could see in different places is refused, or
// reaches the backend as the one that it is.
func TestNoRequestIsSmuggledInAnother(t *testing.T) {
	t.Parallel()
	w := newWorld(t, settings{})
	_, client, token := w.Enroll(everything())
	const target = "/api/v2/" + channel + "/sessions"
	// head is a request's beginning, up to and with the given lines.
	head := func(lines ...string) string {
		return "POST " + target + " HTTP/1.1\r\nHost: " + host + "\r\n" + token.Bearer() + "\r\n" + strings.Join(lines, "\r\n") + "\r\n\r\n"
	}
	chunks := func(lines ...string) string { return head(lines...) + "0\r\n\r\n" + smuggled }
	length := fmt.Sprintf("Content-Length: %d", len("0\r\n\r\n"+smuggled))
	for name, c := range map[string]struct {
		text    string
		refused bool
	}{
		"a length, and chunks":                      {chunks(length, "Transfer-Encoding: chunked"), false},
		"chunks, and a length":                      {chunks("Transfer-Encoding: chunked", "Content-Length: 4"), false},
		"chunks in another spelling":                {chunks(length, "Transfer-Encoding: xchunked"), true},
		"chunks behind something else":              {chunks(length, "Transfer-Encoding: gzip, chunked"), true},
		"chunks before something else":              {chunks(length, "Transfer-Encoding: chunked, identity"), true},
		"chunks twice":                              {chunks(length, "Transfer-Encoding: chunked", "Transfer-Encoding: chunked"), true},
		"chunks behind a tab":                       {chunks(length, "Transfer-Encoding:\tchunked"), false},
		"chunks in a folded line":                   {chunks(length, "Transfer-Encoding:\r\n chunked"), false},
		"chunks with a space before the colon":      {chunks(length, "Transfer-Encoding : chunked"), true},
		"chunks in quotes":                          {chunks(length, `Transfer-Encoding: "chunked"`), true},
		"chunks by an underscore":                   {head(length, "Transfer_Encoding: chunked", "Connection: close") + "0\r\n\r\n" + smuggled, false},
		"two lengths":                               {head("Content-Length: 0", length) + "0\r\n\r\n" + smuggled, true},
		"two lengths in a line":                     {head("Content-Length: 0, 5") + smuggled, true},
		"a length with a sign":                      {head("Content-Length: +5") + "hello" + smuggled, true},
		"a negative length":                         {head("Content-Length: -1") + smuggled, true},
		"a length in hexadecimal":                   {head("Content-Length: 0x5") + "hello" + smuggled, true},
		"a length with a space in it":               {head("Content-Length: 1 0") + smuggled, true},
		"a length beyond all numbers":               {head("Content-Length: 99999999999999999999") + smuggled, true},
		"an empty length":                           {head("Content-Length: ") + smuggled, true},
		"a chunk with a sign":                       {head("Transfer-Encoding: chunked") + "+5\r\nhello\r\n0\r\n\r\n" + smuggled, false},
		"a chunk longer than all numbers":           {head("Transfer-Encoding: chunked") + "fffffffffffffffff\r\nhello\r\n0\r\n\r\n" + smuggled, false},
		"a chunk that ends too late":                {head("Transfer-Encoding: chunked") + "5\r\nhello!\r\n0\r\n\r\n" + smuggled, false},
		"a chunk with an extension":                 {head("Transfer-Encoding: chunked") + "5;x=\"\r\n\"\r\nhello\r\n0\r\n\r\n" + smuggled, false},
		"a folded line, which becomes one":          {head("X-Long: a\r\n b", "Content-Length: 0") + smuggled, false},
		"lines that end in a line feed alone":       {strings.ReplaceAll(head("Content-Length: 0"), "\r\n", "\n") + smuggled, false},
		"lines that end in a carriage return alone": {head("X-A: b\rContent-Length: 100") + smuggled, true},
		"a line feed in a value":                    {head("X-A: b\n"+smuggled) + smuggled, true},
		"a zero byte in a value":                    {head("X-A: b\x00c") + smuggled, true},
		"a line without a colon":                    {head("Content-Length 0") + smuggled, true},
		"a line of spaces before the first header":  {"POST " + target + " HTTP/1.1\r\n Host: x\r\nHost: " + host + "\r\n" + token.Bearer() + "\r\n\r\n" + smuggled, true},
		"two hosts":                                 {head("Host: other", "Content-Length: 0") + smuggled, true},
		"no host":                                   {"POST " + target + " HTTP/1.1\r\n" + token.Bearer() + "\r\n\r\n" + smuggled, true},
		"a host with a path":                        {"POST " + target + " HTTP/1.1\r\nHost: " + host + "/api\r\n" + token.Bearer() + "\r\n\r\n" + smuggled, true},
		"a target in absolute form":                 {"POST https://" + host + target + " HTTP/1.1\r\nHost: " + host + "\r\n" + token.Bearer() + "\r\nContent-Length: 0\r\n\r\n" + smuggled, true},
		"a target with a space":                     {"POST " + target + " x HTTP/1.1\r\nHost: " + host + "\r\n" + token.Bearer() + "\r\n\r\n" + smuggled, true},
		"a target that is a request":                {"POST " + target + "%20HTTP/1.1%0d%0aHost:%20x%0d%0a%0d%0a HTTP/1.1\r\nHost: " + host + "\r\n" + token.Bearer() + "\r\nContent-Length: 0\r\n\r\n" + smuggled, true},
		"a version that is none":                    {"POST " + target + " HTTP/1.2.3\r\nHost: " + host + "\r\n" + token.Bearer() + "\r\n\r\n" + smuggled, true},
		"no version":                                {"GET " + target + "\r\n\r\n" + smuggled, true},
		"the preface of HTTP/2":                     {"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + smuggled, true},
		"more headers than there may be":            {head(strings.Repeat("X-A: b\r\n", 100_000)+"Content-Length: 0") + smuggled, true},
		"a header longer than there may be":         {head("X-A: "+strings.Repeat("b", 2<<20), "Content-Length: 0") + smuggled, true},
		"an expectation that is none":               {head("Expect: x", "Content-Length: 0") + smuggled, true},
	} {
		t.Run(name, func(t *testing.T) {
			w.forget()
			_, err := rawhttp.Text(patience(t), w.tls, c.text)
			if err != nil {
				require.ErrorIs(t, err, rawhttp.ErrRefused)
			}
			seen := w.backends["rest_v2"].Seen()
			if c.refused {
				assert.Empty(t, seen)
			}
			assert.LessOrEqual(t, len(seen), 1)
			for _, request := range seen {
				assert.Equal(t, target, request.Target)
				assert.Equal(t, []string{client.ClientID}, request.Values("X-DCR-Client-ID"))
				assert.LessOrEqual(t, len(request.Values("Content-Length"))+len(request.Values("Transfer-Encoding")), 1)
			}
		})
	}
}

// The lengths of HTTP/2 and HTTP/3 are those of their frames. A request that
// names another one is two requests once it is written down in HTTP/1.1.
func TestNoRequestIsSmuggledOutOfFrames(t *testing.T) {
	t.Parallel()
	w := newWorld(t, settings{})
	_, client, token := w.Enroll(everything())
	const target = "/api/v2/" + channel + "/sessions"
	for name, lines := range map[string][]string{
		"a length that is too short":    {"content-length: 5"},
		"a length of nothing":           {"content-length: 0"},
		"a length that is too long":     {"content-length: 100000"},
		"two lengths":                   {"content-length: 5", fmt.Sprintf("content-length: %d", len("hello"+smuggled))},
		"chunks":                        {"transfer-encoding: chunked"},
		"a line break in a value":       {"x-a: b\r\ncontent-length: 0\r\n\r\n" + smuggled},
		"a line break in a name":        {"x-a\r\nx-b: c"},
		"a target with a line break":    {":path: " + target + " HTTP/1.1\r\nx-a: b"},
		"a method with a line break":    {":method: POST " + target + " HTTP/1.1\r\nx-a: b\r\n\r\nGET"},
		"an authority with a path":      {":authority: " + host + "/x"},
		"an authority and another host": {"host: other.example"},
		"a scheme that is a URL":        {":scheme: https://" + host + "/x?"},
	} {
		t.Run(name, func(t *testing.T) {
			for _, p := range rawhttp.Protocols[1:] {
				t.Run(p.Name, func(t *testing.T) {
					w.forget()
					w.send(t, p, rawhttp.Request{Method: "POST", Target: target, Lines: append([]string{token.Bearer()}, lines...), Body: "hello" + smuggled})
					seen := w.backends["rest_v2"].Seen()
					assert.LessOrEqual(t, len(seen), 1)
					for _, request := range seen {
						assert.Equal(t, target, request.Target)
						assert.Equal(t, "POST", request.Method)
						assert.Equal(t, []string{client.ClientID}, request.Values("X-DCR-Client-ID"))
					}
				})
			}
		})
	}
}
