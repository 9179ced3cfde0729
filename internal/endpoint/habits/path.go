// Package habits reads a request's target as servers behind the gateway are
// known to, each in its own way.
//
// It is what tests hold the one reading of package endpoint against: whatever
// passes there must mean the same to all of them.
package habits

import (
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// Step is one thing that a server does to a path on its way to the router.
type Step struct {
	Name string
	Do   func(path string) string
}

// Steps lists them. A server takes some, in an order of its own.
var Steps = []Step{
	{"decodes", decode},
	{"decodes until nothing changes", decodeAll},
	{"decodes the escapes of IIS", decodeWide},
	{"takes overlong UTF-8", overlong},
	{"takes every byte for a character", latin1},
	{"drops what is not ASCII", func(p string) string { return keep(p, func(r rune) bool { return r < 0x80 }) }},
	{"folds compatible characters", norm.NFKC.String},
	{"folds case", strings.ToLower},
	{"folds case beyond ASCII", func(p string) string { return strings.ToLower(strings.ToUpper(p)) }},
	{"takes a backslash for a slash", func(p string) string { return strings.ReplaceAll(p, `\`, "/") }},
	{"takes a plus sign for a space", func(p string) string { return strings.ReplaceAll(p, "+", " ") }},
	{"cuts segments at semicolons", eachSegment(func(s string) string { return before(s, ";") })},
	{"cuts the path at a semicolon", func(p string) string { return before(p, ";") }},
	{"cuts segments at colons", eachSegment(func(s string) string { return before(s, ":") })},
	{"cuts at a zero byte", func(p string) string { return before(p, "\x00") }},
	{"cuts at a question mark", func(p string) string { return before(p, "?") }},
	{"cuts at a number sign", func(p string) string { return before(p, "#") }},
	{"cuts at a line break", func(p string) string { return before(before(p, "\n"), "\r") }},
	{"drops control characters", func(p string) string { return keep(p, func(r rune) bool { return !unicode.IsControl(r) }) }},
	{"drops characters without a shape", func(p string) string { return keep(p, func(r rune) bool { return !unicode.Is(unicode.Cf, r) }) }},
	{"drops dots and spaces at the end of segments", eachSegment(endings)},
	{"drops spaces around segments", eachSegment(strings.TrimSpace)},
	{"merges slashes", merge},
	{"resolves dot segments", resolve},
	{"drops a slash at the end", func(p string) string { return strings.TrimSuffix(p, "/") }},
	{"drops an extension", extension},
}

// Server is a chain of steps before a router.
type Server struct {
	Name  string
	Steps []Step
	// Fold says that its routes do not mind the case.
	Fold bool
}

// Path is what the router gets.
func (s Server) Path(raw string) string {
	for _, step := range s.Steps {
		raw = step.Do(raw)
	}
	return raw
}

// steps finds some by their names.
func steps(names ...string) []Step {
	var found []Step
	for _, name := range names {
		at := slices.IndexFunc(Steps, func(s Step) bool { return s.Name == name })
		found = append(found, Steps[at])
	}
	return found
}

// Servers are chains as they are seen: those of web servers, of frameworks,
// and of two that stand behind one another.
var Servers = []Server{
	{Name: "one that compares what came over the wire"},
	{Name: "net/http", Steps: steps("decodes")},
	{Name: "nginx", Steps: steps("decodes", "cuts at a zero byte", "merges slashes", "resolves dot segments")},
	{Name: "Apache", Steps: steps("resolves dot segments", "decodes", "merges slashes", "resolves dot segments")},
	{Name: "Tomcat", Steps: steps("cuts segments at semicolons", "decodes", "takes a backslash for a slash", "merges slashes", "resolves dot segments")},
	{Name: "Jetty", Steps: steps("decodes", "cuts segments at semicolons", "resolves dot segments")},
	{Name: "Spring", Steps: steps("cuts segments at semicolons", "decodes", "resolves dot segments", "drops an extension", "drops a slash at the end")},
	{Name: "IIS", Steps: steps("decodes", "decodes the escapes of IIS", "takes a backslash for a slash", "merges slashes", "resolves dot segments", "drops dots and spaces at the end of segments"), Fold: true},
	{Name: "a file system of Windows", Steps: steps("decodes", "takes a backslash for a slash", "cuts segments at colons", "drops dots and spaces at the end of segments", "resolves dot segments", "folds case beyond ASCII"), Fold: true},
	{Name: "Express", Steps: steps("drops a slash at the end", "decodes"), Fold: true},
	{Name: "Rails", Steps: steps("decodes", "merges slashes", "drops a slash at the end", "drops an extension")},
	{Name: "PHP", Steps: steps("decodes", "takes a plus sign for a space", "cuts at a zero byte")},
	{Name: "a WHATWG parser", Steps: steps("drops control characters", "takes a backslash for a slash", "decodes", "resolves dot segments")},
	{Name: "a proxy before a server", Steps: steps("decodes", "resolves dot segments", "decodes", "resolves dot segments")},
	{Name: "a server of an old age", Steps: steps("decodes", "takes overlong UTF-8", "resolves dot segments")},
	{Name: "a database behind", Steps: steps("decodes", "folds compatible characters", "drops spaces around segments", "folds case beyond ASCII"), Fold: true},
}

// decode leaves invalid escapes alone.
func decode(path string) string {
	var b strings.Builder
	for i := 0; i < len(path); i++ {
		if path[i] == '%' && i+2 < len(path) {
			if c, ok := hex(path[i+1 : i+3]); ok {
				b.WriteByte(byte(c))
				i += 2
				continue
			}
		}
		b.WriteByte(path[i])
	}
	return b.String()
}

func decodeAll(path string) string {
	for {
		decoded := decode(path)
		if decoded == path {
			return path
		}
		path = decoded
	}
}

// decodeWide knows %u002e.
func decodeWide(path string) string {
	var b strings.Builder
	for i := 0; i < len(path); i++ {
		if path[i] == '%' && i+5 < len(path) && path[i+1]|0x20 == 'u' {
			if r, ok := hex(path[i+2 : i+6]); ok {
				b.WriteRune(rune(r))
				i += 5
				continue
			}
		}
		b.WriteByte(path[i])
	}
	return b.String()
}

func hex(digits string) (uint64, bool) {
	var value uint64
	for _, c := range []byte(digits) {
		at := strings.IndexByte("0123456789abcdef", c|0x20)
		if at < 0 || c < '0' {
			return 0, false
		}
		value = value<<4 | uint64(at)
	}
	return value, true
}

// overlong reads two and three bytes that stand for a character of ASCII.
func overlong(path string) string {
	var b strings.Builder
	for i := 0; i < len(path); i++ {
		switch {
		case i+1 < len(path) && (path[i] == 0xc0 || path[i] == 0xc1) && path[i+1]&0xc0 == 0x80:
			b.WriteByte(path[i]&3<<6 | path[i+1]&0x3f)
			i++
		case i+2 < len(path) && path[i] == 0xe0 && (path[i+1] == 0x80 || path[i+1] == 0x81) && path[i+2]&0xc0 == 0x80:
			b.WriteByte(path[i+1]&3<<6 | path[i+2]&0x3f)
			i += 2
		default:
			b.WriteByte(path[i])
		}
	}
	return b.String()
}

func latin1(path string) string {
	runes := make([]rune, len(path))
	for i := range len(path) {
		runes[i] = rune(path[i])
	}
	return string(runes)
}

func keep(path string, wanted func(rune) bool) string {
	return strings.Map(func(r rune) rune {
		if wanted(r) {
			return r
		}
		return -1
	}, path)
}

func before(text, end string) string {
	text, _, _ = strings.Cut(text, end)
	return text
}

func eachSegment(change func(string) string) func(string) string {
	return func(path string) string {
		segments := strings.Split(path, "/")
		for i := range segments {
			segments[i] = change(segments[i])
		}
		return strings.Join(segments, "/")
	}
}

// endings leaves the dot segments to whoever resolves them.
func endings(segment string) string {
	if segment == "." || segment == ".." {
		return segment
	}
	return strings.TrimRight(segment, ". ")
}

func merge(path string) string {
	for strings.Contains(path, "//") {
		path = strings.ReplaceAll(path, "//", "/")
	}
	return path
}

// resolve does so as RFC 3986 section 5.2.4 says.
func resolve(path string) string {
	var out []string
	segments := strings.Split(path, "/")
	for i, segment := range segments {
		last := i == len(segments)-1
		switch segment {
		case ".":
			if last {
				out = append(out, "")
			}
		case "..":
			if len(out) > 1 {
				out = out[:len(out)-1]
			}
			if last {
				out = append(out, "")
			}
		default:
			out = append(out, segment)
		}
	}
	return strings.Join(out, "/")
}

// extension drops the one of the last segment.
func extension(path string) string {
	slash, dot := strings.LastIndexByte(path, '/'), strings.LastIndexByte(path, '.')
	if dot > slash+1 {
		return path[:dot]
	}
	return path
}
