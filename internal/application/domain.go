package application

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/idna"
	"golang.org/x/net/publicsuffix"
)

// ParseDomain reads the domain that an application is registered for and
// gives its lower-case ASCII form. A domain covers all of its sub-domains, so
// a public suffix (com, co.uk) is refused: it would cover strangers.
func ParseDomain(text string) (string, error) {
	const want = "a host name such as example.com, without scheme, port, path or wildcard"
	if !utf8.ValidString(text) {
		return "", fmt.Errorf("got %q, want %s", text, want)
	}
	ascii, err := idna.Lookup.ToASCII(text)
	if err != nil {
		return "", fmt.Errorf("got %q, want %s: %w", text, want, err)
	}
	ascii = strings.ToLower(ascii)
	labels := strings.Split(ascii, ".")
	if !validHost(ascii) || len(labels) < 2 {
		return "", fmt.Errorf("got %q, want %s", text, want)
	}
	// A last label that begins with a digit is how browsers and resolvers
	// recognise an IPv4 address, in decimal, octal or hexadecimal; no
	// top-level domain begins so.
	if last := labels[len(labels)-1]; last[0] >= '0' && last[0] <= '9' {
		return "", fmt.Errorf("got %q, want %s, and no IP address", text, want)
	}
	if suffix, managed := publicsuffix.PublicSuffix(ascii); managed && suffix == ascii {
		return "", fmt.Errorf("got %q, want a name below this public suffix, under which anybody can register", text)
	}
	return ascii, nil
}

// validHost says whether the text is a host name of RFC 1123: labels of
// letters, digits and inner hyphens, and no trailing dot.
func validHost(host string) bool {
	if host == "" || len(host) > 253 {
		return false
	}
	for label := range strings.SplitSeq(host, ".") {
		if label == "" || len(label) > 63 || label[0] == '-' || label[len(label)-1] == '-' {
			return false
		}
		for _, c := range []byte(label) {
			if !isAlphanumeric(c) && c != '-' {
				return false
			}
		}
	}
	return true
}

func isAlpha(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }

func isAlphanumeric(c byte) bool { return isAlpha(c) || c >= '0' && c <= '9' }

// reversed turns adobe.com into com.adobe.
func reversed(domain string) string {
	var b strings.Builder
	b.Grow(len(domain))
	for domain != "" {
		i := strings.LastIndexByte(domain, '.')
		b.WriteString(domain[i+1:])
		if i < 0 {
			break
		}
		b.WriteByte('.')
		domain = domain[:i]
	}
	return b.String()
}
