// Package endpoint finds out what a request asks for: its path in the one form
// that everybody reads alike, the route that claims it, the names it gives.
package endpoint

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"
)

// ErrAmbiguous is the error of every target that two servers could read
// differently. The errors that wrap it say why; none quotes the target, which
// may hold a credential.
var ErrAmbiguous = errors.New("the target can be read in more than one way")

func ambiguous(why string) error { return fmt.Errorf("%w: %s", ErrAmbiguous, why) }

// They are made once: a flood of bad targets is not to cost more than good ones.
var (
	errForm         = ambiguous("it is not an absolute path")
	errEscape       = ambiguous("an escape is not a percent sign and two hexadecimal digits")
	errEncodedSlash = ambiguous("a slash is encoded")
	errNeedless     = ambiguous("a letter or digit is encoded")
	errBackslash    = ambiguous("it holds a backslash")
	errSemicolon    = ambiguous("it holds a semicolon")
	errControl      = ambiguous("it holds a control character")
	errTwice        = ambiguous("it is encoded twice")
	errDelimiter    = ambiguous("a question mark or number sign is part of the path")
	errUTF8         = ambiguous("it is not UTF-8")
	errLookalike    = ambiguous("it holds a character that some servers fold into another")
	errEmpty        = ambiguous("a segment is empty")
	errEnding       = ambiguous("a segment ends in a dot or a space")

	errQueryEscape    = ambiguous("the query holds an invalid escape")
	errQuerySemicolon = ambiguous("the query holds a semicolon, which some servers take for a separator")
	errQueryControl   = ambiguous("the query holds a control character")
	errQueryFragment  = ambiguous("the query holds a number sign")
)

// Canonical returns the decoded path of the request, or an error that wraps
// [ErrAmbiguous] when a backend could read the target otherwise than the
// gateway does: an access rule holds only for the path that it was asked about
// (CVE-2021-29492), and it is the target as it came that is forwarded.
//
// It reads the request's URL, for that is what a proxy sends on and what a
// rewrite before the guard changes. A path that consists of unreserved ASCII
// costs no allocation.
func Canonical(r *http.Request) (string, error) {
	u := r.URL
	if u.Opaque != "" || u.Host != "" || !strings.HasPrefix(u.Path, "/") ||
		r.RequestURI != "" && r.RequestURI[0] != '/' {
		return "", errForm
	}
	if err := checkQuery(u.RawQuery); err != nil {
		return "", err
	}
	if u.RawPath == "" && plain(u.Path) {
		return u.Path, nil
	}
	if err := checkRaw(u); err != nil {
		return "", err
	}
	if err := checkPath(u.Path); err != nil {
		return "", err
	}
	return u.Path, nil
}

// plain says whether a path is one of the many that need no closer look.
func plain(path string) bool {
	last := byte(0)
	for i := range len(path) {
		c := path[i]
		if !ordinary[c] || c == '/' && (last == '/' || last == '.') {
			return false
		}
		last = c
	}
	return last != '.'
}

// ordinary holds the slash and the characters that RFC 3986 section 3.3 allows
// in a segment as they are, less the semicolon: servlet containers cut
// segments there.
var ordinary = func() (table [256]bool) {
	for c := range byte(utf8.RuneSelf) {
		table[c] = alphanumeric(c) || strings.IndexByte("/-._~!$&'()*+,=:@", c) >= 0
	}
	return table
}()

func alphanumeric(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
}

// checkRaw looks at how the path was encoded, which its decoded form does not
// tell. Go keeps the raw path only where encoding the decoded one again would
// give something else, so an empty one has nothing to hide.
func checkRaw(u *url.URL) error {
	raw := u.RawPath
	for i := 0; i < len(raw); i++ {
		if raw[i] != '%' {
			continue
		}
		c, ok := unhex(raw[i:])
		switch {
		case !ok:
			return errEscape
		case c == '/':
			return errEncodedSlash
		case alphanumeric(c):
			// Equal by RFC 3986 section 6.2.2.2, but routers that compare
			// before they decode take it for another segment. Nobody who
			// means well encodes letters.
			return errNeedless
		}
		i += 2
	}
	return nil
}

// checkPath looks at what the path says once decoded.
func checkPath(path string) error {
	if !utf8.ValidString(path) {
		return errUTF8 // overlong forms included
	}
	for _, r := range path {
		if err := checkRune(r); err != nil {
			return err
		}
	}
	for segments, more := path[1:], true; more; {
		var segment string
		segment, segments, more = strings.Cut(segments, "/")
		if err := checkSegment(segment, !more); err != nil {
			return err
		}
	}
	return nil
}

func checkRune(r rune) error {
	switch {
	case r == '\\':
		return errBackslash
	case r == ';':
		return errSemicolon
	case r == '%':
		// Whatever follows: some servers know escapes such as %u002e, too.
		return errTwice
	case r == '?' || r == '#':
		return errDelimiter
	case r < ' ' || r == 0x7f:
		return errControl
	case r >= utf8.RuneSelf && !unicode.IsLetter(r) && !unicode.IsMark(r) && !unicode.Is(unicode.Nd, r):
		// Fullwidth slashes, dot leaders, zero-width joiners and their kin:
		// beyond ASCII only what names are written with passes.
		return errLookalike
	}
	return nil
}

// checkSegment refuses the dot segments, and the endings that file systems
// drop. The last segment may be empty: that is a trailing slash.
func checkSegment(segment string, last bool) error {
	switch {
	case segment == "" && !last:
		return errEmpty
	case strings.HasSuffix(segment, ".") || strings.HasSuffix(segment, " "):
		return errEnding
	}
	return nil
}

// checkQuery refuses what makes servers split a query at different places.
func checkQuery(raw string) error {
	for i := 0; i < len(raw); i++ {
		switch c := raw[i]; {
		case c == '%':
			decoded, ok := unhex(raw[i:])
			if !ok {
				return errQueryEscape
			}
			if decoded == 0 {
				return errQueryControl
			}
			i += 2
		case c == ';':
			return errQuerySemicolon
		case c == '#':
			return errQueryFragment
		case c < ' ' || c == 0x7f:
			return errQueryControl
		}
	}
	return nil
}

// unhex decodes the escape that the text begins with.
func unhex(text string) (byte, bool) {
	if len(text) < 3 {
		return 0, false
	}
	high, low := nibble(text[1]), nibble(text[2])
	return high<<4 | low, high < 16 && low < 16
}

// nibble is the value of a hexadecimal digit, or 16 and more.
func nibble(c byte) byte {
	switch {
	case '0' <= c && c <= '9':
		return c - '0'
	case 'a' <= c && c <= 'f':
		return c - 'a' + 10
	case 'A' <= c && c <= 'F':
		return c - 'A' + 10
	default:
		return 0xff
	}
}
