package endpoint

import (
	"net/url"
	"path"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"github.com/caddy-dcr/caddy-dcr/plugins"
)

// layers is how often a target may be encoded. Nobody who means well does so
// more than once.
const layers = 4

// Strays says whether a server could take the target for one under the
// prefixes, though it is none: it went past the guard of these, and whatever
// serves the rest of a site may stand on the same server (CVE-2021-29492).
//
// A target that everybody reads alike strays nowhere. Of an ambiguous one the
// words count alone, as the laxest server would find them: resolving and
// cutting leaves some of them out, and never changes their order.
func Strays(u *url.URL, prefixes []string) bool {
	if u.RawPath == "" && plain(u.Path) && strings.IndexByte(u.Path, ':') < 0 {
		return false
	}
	words, legible := laxly(u.EscapedPath())
	if !legible {
		return true
	}
	ambiguous := checkRaw(u) != nil || checkPath(u.Path) != nil
	claimed := strings.ToLower(path.Clean(u.Path)) // as Caddy's matcher does
	if strings.HasSuffix(u.Path, "/") {
		claimed += "/"
	}
	for _, prefix := range prefixes {
		wanted, _ := laxly(prefix)
		if len(wanted) == 0 || within(strings.ToLower(prefix), claimed) {
			continue // everything is under it, or the site has given it to somebody else
		}
		if beginsWith(words, wanted) || ambiguous && holdsInOrder(words, wanted) {
			return true
		}
	}
	return false
}

// Claims lists the beginnings of the paths that an API claims: its prefixes or,
// for one that claims whatever its guard gets, what its routes begin with.
func Claims(api *plugins.API) []string {
	var claims []string
	for _, prefix := range api.Prefixes {
		if prefix != "/" {
			claims = append(claims, prefix)
			continue
		}
		for _, route := range api.Routes {
			literal, _, _ := strings.Cut(route.Path, "{")
			claims = append(claims, literal)
		}
	}
	return claims
}

// within says whether a path is the prefix or under it.
func within(prefix, path string) bool {
	rest, under := strings.CutPrefix(path, prefix)
	return under && (rest == "" || strings.HasSuffix(prefix, "/") || rest[0] == '/')
}

// laxly takes a path apart as servers do that decode over and over, fold what
// looks alike, take a backslash for a slash and cut segments short. A target
// that is encoded more often than that is not legible.
func laxly(raw string) (words []string, legible bool) {
	for range layers {
		decoded := decodeLaxly(raw)
		if decoded == raw {
			legible = true
			break
		}
		raw = decoded
	}
	raw = strings.ToLower(strings.ToUpper(norm.NFKC.String(raw)))
	for segment := range strings.FieldsFuncSeq(raw, func(r rune) bool { return r == '/' || r == '\\' }) {
		if end := strings.IndexAny(segment, ";:?#\x00"); end >= 0 {
			segment = segment[:end]
		}
		segment = strings.Map(visible, segment)
		if segment = strings.TrimRight(strings.Trim(segment, " +"), ". +"); segment != "" {
			words = append(words, segment)
		}
	}
	return words, legible
}

// visible drops what some servers drop.
func visible(r rune) rune {
	if unicode.IsControl(r) || unicode.Is(unicode.Cf, r) {
		return -1
	}
	return r
}

// decodeLaxly knows %u002e and overlong UTF-8, too, and leaves what is no escape
// as it is.
func decodeLaxly(raw string) string {
	if strings.IndexByte(raw, '%') < 0 {
		return raw
	}
	decoded := make([]byte, 0, len(raw))
	for i := 0; i < len(raw); i++ {
		c := raw[i]
		if escaped, ok := unhex(raw[i:]); c == '%' && ok {
			c = escaped
			i += 2
		} else if wide, ok := unhexWide(raw[i:]); ok {
			c = wide
			i += 5
		}
		decoded = appendLaxly(decoded, c)
	}
	return string(decoded)
}

// appendLaxly joins the bytes of a character of ASCII that is written in two or
// three of them.
func appendLaxly(decoded []byte, c byte) []byte {
	last := len(decoded) - 1
	switch {
	case last >= 0 && c&0xc0 == 0x80 && decoded[last]&0xfe == 0xc0:
		decoded[last] = decoded[last]&3<<6 | c&0x3f
		return decoded
	case last > 0 && c&0xc0 == 0x80 && decoded[last]&0xfe == 0x80 && decoded[last-1] == 0xe0:
		decoded[last-1] = decoded[last]&3<<6 | c&0x3f
		return decoded[:last]
	}
	return append(decoded, c)
}

// unhexWide decodes an escape of IIS that stands for a character of ASCII.
func unhexWide(text string) (byte, bool) {
	if len(text) < 6 || text[0] != '%' || text[1]|0x20 != 'u' || text[2:4] != "00" {
		return 0, false
	}
	return unhex("%" + text[4:6])
}

func beginsWith(words, wanted []string) bool {
	for i := range wanted {
		if i == len(words) || words[i] != wanted[i] {
			return false
		}
	}
	return true
}

func holdsInOrder(words, wanted []string) bool {
	for _, word := range words {
		if word == wanted[0] {
			if wanted = wanted[1:]; len(wanted) == 0 {
				return true
			}
		}
	}
	return false
}
