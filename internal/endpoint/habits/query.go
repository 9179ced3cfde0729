package habits

import (
	"net/url"
	"strings"

	"golang.org/x/text/unicode/norm"
)

// Reader is a way to find a parameter in a query or a form. It answers every
// value that a program behind it could be given.
type Reader struct {
	Name   string
	Values func(raw, name string) []string
}

// Readers lists them.
var Readers = []Reader{
	{"net/http", func(raw, name string) []string {
		return find(raw, func(found string) bool { return found == name })
	}},
	{"ASP.NET", func(raw, name string) []string {
		return find(raw, func(found string) bool { return strings.EqualFold(found, name) })
	}},
	{"one that trims", func(raw, name string) []string {
		return find(raw, func(found string) bool { return strings.EqualFold(strings.TrimSpace(found), name) })
	}},
	{"one that does not decode names", func(raw, name string) []string {
		var values []string
		for _, pair := range split(raw) {
			if pair.raw == name {
				values = append(values, pair.value)
			}
		}
		return values
	}},
	{"one that decodes twice", func(raw, name string) []string {
		var values []string
		for _, pair := range split(raw) {
			if unescape(pair.name) == name {
				values = append(values, unescape(pair.value))
			}
		}
		return values
	}},
	{"one that decodes until nothing changes", func(raw, name string) []string {
		return find(raw, func(found string) bool { return decodeAll(found) == name })
	}},
	{"one that takes a semicolon for a separator", func(raw, name string) []string {
		var values []string
		for _, pair := range split(strings.ReplaceAll(raw, ";", "&")) {
			if pair.name == name {
				values = append(values, pair.value)
			}
		}
		return values
	}},
	{"one that cuts at a zero byte", func(raw, name string) []string {
		return find(raw, func(found string) bool { return before(found, "\x00") == name })
	}},
	{"PHP", func(raw, name string) []string {
		return find(raw, func(found string) bool { return mangled(found) == mangled(name) })
	}},
	{"Rack", func(raw, name string) []string {
		return find(raw, func(found string) bool { return nested(found) == name })
	}},
	{"qs", func(raw, name string) []string {
		return find(raw, func(found string) bool {
			found = strings.TrimPrefix(found, "[")
			at := strings.IndexAny(found, "[].")
			return at < 0 && found == name || at >= 0 && found[:at] == name
		})
	}},
	{"Spring's binder", func(raw, name string) []string {
		return find(raw, func(found string) bool { return strings.TrimLeft(before(found, "["), "!_") == name })
	}},
	{"one that folds compatible characters", func(raw, name string) []string {
		return find(raw, func(found string) bool { return strings.EqualFold(norm.NFKC.String(found), name) })
	}},
}

type pair struct{ raw, name, value string }

func split(raw string) []pair {
	var pairs []pair
	for text := range strings.SplitSeq(raw, "&") {
		name, value, _ := strings.Cut(text, "=")
		pairs = append(pairs, pair{name, unescape(name), unescape(value)})
	}
	return pairs
}

func find(raw string, wanted func(name string) bool) []string {
	var values []string
	for _, pair := range split(raw) {
		if wanted(pair.name) {
			values = append(values, pair.value)
		}
	}
	return values
}

// unescape leaves alone what is no escape, as lenient readers do.
func unescape(text string) string {
	if decoded, err := url.QueryUnescape(text); err == nil {
		return decoded
	}
	return decode(strings.ReplaceAll(text, "+", " "))
}

// mangled is a name as $_GET has it: without what stands in brackets behind
// it, and an underscore for what PHP variables cannot hold.
func mangled(name string) string {
	name = before(strings.TrimLeft(name, " "), "\x00")
	if at := strings.IndexByte(name, '['); at > 0 && strings.Contains(name[at:], "]") {
		name = name[:at]
	}
	return strings.NewReplacer(".", "_", " ", "_", "[", "_").Replace(name)
}

// nested is the outermost name that Rack finds.
func nested(name string) string {
	name = strings.TrimLeft(name, "[]")
	if at := strings.IndexAny(name, "[]"); at >= 0 {
		name = name[:at]
	}
	return name
}
