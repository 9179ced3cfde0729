// Package cors decides which pages of other origins may call, and tells their
// browsers (the Fetch standard, section 3.3: CORS protocol).
package cors

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Config is what an operator says.
type Config struct {
	// Origins may call, each exactly as a browser sends it.
	Origins []string
	// Covered says whether a page of the origin may call though it is not
	// listed; nil is never.
	Covered func(origin string) bool
	// Credentials lets browsers send cookies and client certificates.
	Credentials bool
	// MaxAge is how long a browser may keep the answer to a preflight.
	MaxAge time.Duration
	// Allow and Expose are headers beside the usual ones.
	Allow, Expose []string
}

// Policy answers browsers. It never changes, so that any number of requests may
// use it at once.
type Policy struct {
	origins     map[string]bool
	covered     func(origin string) bool
	credentials bool
	maxAge      []string
	allow       map[string]bool
	expose      []string
}

// usualRequest are the headers that the SDKs and the clients of the REST APIs
// send from browsers, in lower case. What begins with ap_ or ap- is theirs too.
var usualRequest = []string{
	"accept", "accept-language", "ad-service-token", "adobe-subject-token", "authorization", "cache-control",
	"content-language", "content-type", "pragma", "x-device-id", "x-device-info",
}

// usualResponse are the headers of our answers that a page may want to read.
var usualResponse = []string{"WWW-Authenticate", "Retry-After", "X-DCR-Trace", "RateLimit", "RateLimit-Policy"}

// New makes the policy, or says what is wrong with the configuration.
func New(c Config) (*Policy, error) {
	if len(c.Origins) == 0 && c.Covered == nil {
		return nil, errors.New("nobody may call: want origins, or the domains of applications")
	}
	if c.Credentials && c.Covered != nil {
		return nil, errors.New("credentials: whoever registers an application could then call with other people's cookies; " +
			"want a list of origins instead of the domains of applications")
	}
	p := &Policy{
		origins: map[string]bool{}, covered: c.Covered, credentials: c.Credentials,
		maxAge: []string{strconv.FormatInt(int64(c.MaxAge/time.Second), 10)}, allow: map[string]bool{},
	}
	for _, origin := range c.Origins {
		if err := checkOrigin(origin); err != nil {
			return nil, err
		}
		p.origins[origin] = true
	}
	for _, name := range slices.Concat(usualRequest, c.Allow) {
		if !isToken(name) {
			return nil, fmt.Errorf("allow_headers: got %q, want the name of a header", name)
		}
		p.allow[strings.ToLower(name)] = true
	}
	for _, name := range c.Expose {
		if !isToken(name) {
			return nil, fmt.Errorf("expose_headers: got %q, want the name of a header", name)
		}
	}
	p.expose = []string{strings.Join(slices.Concat(usualResponse, c.Expose), ", ")}
	return p, nil
}

// checkOrigin wants an origin as browsers serialise it (RFC 6454 section 6.2),
// since any other would match nothing.
func checkOrigin(text string) error {
	switch text {
	case "*":
		return errors.New(`origins: got "*", want each origin: any page could call otherwise`)
	case "null":
		return errors.New(`origins: got "null", which every sandboxed frame and local file sends, want an origin`)
	}
	u, err := url.Parse(text)
	if err != nil || u.Scheme == "" || u.Hostname() == "" || u.Scheme+"://"+u.Host != text || strings.ToLower(text) != text ||
		u.Scheme == "file" || u.User != nil || strings.ContainsAny(u.Host, "*, ") || !ascii(text) {
		return fmt.Errorf("origins: got %q, want a scheme and a host as browsers send them, such as https://www.example.com", text)
	}
	if port := u.Port(); port == "443" && u.Scheme == "https" || port == "80" && u.Scheme == "http" || strings.HasSuffix(u.Host, ":") {
		return fmt.Errorf("origins: got %q, want it without the port, which browsers leave out", text)
	}
	return nil
}

// Allows says whether pages of the origin may call. It is compared byte for
// byte; "null" belongs to nobody.
func (p *Policy) Allows(origin string) bool {
	return p.origins[origin] || p.Covers(origin)
}

// Listed says whether the configuration names the origin.
func (p *Policy) Listed(origin string) bool { return p.origins[origin] }

// Covers says whether the origin may call though it is not listed.
func (p *Policy) Covers(origin string) bool {
	return p.covered != nil && origin != "null" && p.covered(origin)
}

// isToken is RFC 9110 section 5.6.2.
func isToken(name string) bool {
	for _, c := range []byte(name) {
		if !('a' <= c|0x20 && c|0x20 <= 'z' || '0' <= c && c <= '9' || strings.IndexByte("!#$%&'*+-.^_`|~", c) >= 0) {
			return false
		}
	}
	return name != ""
}

func ascii(text string) bool {
	for _, c := range []byte(text) {
		if c >= 0x80 {
			return false
		}
	}
	return true
}

// Origin is the request's, or empty where there is none, or more than one.
func Origin(r *http.Request) string {
	if values := r.Header["Origin"]; len(values) == 1 {
		return values[0]
	}
	return ""
}
