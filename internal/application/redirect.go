package application

import (
	"slices"
	"strconv"
	"strings"
)

// maxURI is longer than any redirect URI seen, and short enough to store.
const maxURI = 2048

// CoversRedirect says whether the application may have a user agent sent to
// the URI. For the domain adobe.com these are
//
//	https://adobe.com/...         and every sub-domain, with any port
//	com.adobe:...                 the reversed name as a scheme (Android, FireOS)
//	adobepass://com.adobe/...     the same as a host
//
// and whatever has a registered custom scheme. Everything else is refused:
// http in all its forms (the redirect may carry an answer worth stealing),
// IP addresses, user names, fragments (RFC 6749 section 3.1.2), and whatever
// is not a URI of RFC 3986, letter by letter, because two programs would read
// it in two ways. Internationalised hosts must come in their ASCII form, as
// a URI has them.
func (a *Application) CoversRedirect(uri string) bool {
	if len(uri) > maxURI || !wellFormed(uri) {
		return false
	}
	scheme, rest, found := strings.Cut(uri, ":")
	if !found || scheme == "" {
		return false
	}
	authority, hasAuthority := authorityOf(rest)
	if strings.Contains(authority, "@") {
		return false
	}
	switch scheme = strings.ToLower(scheme); scheme {
	case "https":
		return hasAuthority && a.coversAuthority(authority)
	case "adobepass":
		return hasAuthority && a.hasReversed(strings.ToLower(authority))
	default:
		return a.hasReversed(scheme) || a.hasCustomScheme(scheme)
	}
}

// CoversOrigin says whether a browser page of this Origin (RFC 6454) belongs
// to the application: https, on one of its domains or below. The origin
// "null" belongs to nobody.
func (a *Application) CoversOrigin(origin string) bool {
	const prefix = "https://"
	if len(origin) < len(prefix) || !strings.EqualFold(origin[:len(prefix)], prefix) {
		return false
	}
	return a.coversAuthority(origin[len(prefix):])
}

// authorityOf cuts the authority out of what follows the scheme's colon.
func authorityOf(rest string) (string, bool) {
	rest, found := strings.CutPrefix(rest, "//")
	if !found {
		return "", false
	}
	if end := strings.IndexAny(rest, "/?"); end >= 0 {
		rest = rest[:end]
	}
	return rest, true
}

// coversAuthority takes host or host:port. A port changes nothing: whoever
// owns the name owns its ports, and cookies do not tell them apart either.
func (a *Application) coversAuthority(authority string) bool {
	host, port, hasPort := strings.Cut(authority, ":")
	if hasPort && !validPort(port) || !validHost(host) {
		return false
	}
	host = strings.ToLower(host)
	return slices.ContainsFunc(a.Domains, func(domain string) bool {
		below, found := strings.CutSuffix(host, domain)
		return found && domain != "" && (below == "" || strings.HasSuffix(below, "."))
	})
}

func validPort(port string) bool {
	n, err := strconv.ParseUint(port, 10, 16)
	return err == nil && n > 0
}

// hasReversed compares with the reversed domains. A domain without a dot has
// none: its reverse could be the name of a real scheme, such as javascript.
func (a *Application) hasReversed(name string) bool {
	return slices.ContainsFunc(a.Domains, func(domain string) bool {
		return len(domain) == len(name) && strings.Contains(domain, ".") && reversed(domain) == name
	})
}

// wellFormed says whether the text consists of the characters of RFC 3986
// section 2, with whole percent escapes, and has no fragment.
func wellFormed(uri string) bool {
	for i := 0; i < len(uri); i++ {
		switch c := uri[i]; {
		case isAlphanumeric(c) || strings.IndexByte("-._~:/?[]@!$&'()*+,;=", c) >= 0:
		case c == '%' && i+2 < len(uri) && isHex(uri[i+1]) && isHex(uri[i+2]):
			i += 2
		default:
			return false
		}
	}
	return true
}

func isHex(c byte) bool { return c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'f' }
