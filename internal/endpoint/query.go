package endpoint

import (
	"bytes"
	"net/url"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// maxName bounds the names of parameters that a route may ask for.
const maxName = 64

// fit says how well a parameter's name answers to the one that is wanted.
type fit uint8

const (
	// another name.
	another fit = iota
	// similar names are read as the wanted one by some servers only.
	similar
	// same is the name, in any letter case and however it is encoded.
	same
)

// cutPair takes the first parameter off a query, still encoded.
func cutPair(raw string) (name, value, rest string) {
	raw, rest, _ = strings.Cut(raw, "&")
	name, value, _ = strings.Cut(raw, "=")
	return name, value, rest
}

// longest is how many bytes of a decoded name are looked at: enough for a
// wanted one that is encoded over and over. Names beyond it that hold escapes
// are nobody's honest ones.
const longest = 8 * maxName

// compare works on the encoded name, so that looking for a few names in a
// query makes no map of it.
func compare(name, wanted string) fit {
	if strings.EqualFold(name, wanted) {
		return same
	}
	if !peculiar(name) {
		return another
	}
	var buffer [longest]byte
	decoded, ok := decodeName(buffer[:0], name)
	if !ok {
		return another
	}
	if decoded == nil {
		return similar
	}
	if strings.EqualFold(string(decoded), wanted) {
		return same
	}
	for !resembles(decoded, wanted) {
		// Two servers behind one another decode twice, and some do so alone.
		if decoded, ok = decodeAgain(decoded); !ok {
			return another
		}
	}
	return similar
}

// peculiar says whether the name holds anything that some server rewrites.
func peculiar(name string) bool {
	for i := range len(name) {
		switch c := name[i]; {
		case c == '%', c == '+', c == '.', c == '[', c == ']', c == '!', c >= utf8.RuneSelf, c == '_' && i == 0:
			return true
		}
	}
	return false
}

// decodeName is what url.QueryUnescape does, into a buffer. It gives up on
// invalid escapes, and answers nil for a name that does not fit.
func decodeName(buffer []byte, name string) ([]byte, bool) {
	for i := 0; i < len(name); i++ {
		c := name[i]
		switch c {
		case '+':
			c = ' '
		case '%':
			var ok bool
			if c, ok = unhex(name[i:]); !ok {
				return nil, false
			}
			i += 2
		}
		if len(buffer) == cap(buffer) {
			return nil, true
		}
		buffer = append(buffer, c)
	}
	return buffer, true
}

// decodeAgain decodes in place, and says whether there was anything to decode.
func decodeAgain(name []byte) ([]byte, bool) {
	if bytes.IndexByte(name, '%') < 0 {
		return nil, false
	}
	kept := name[:0]
	for i := 0; i < len(name); i++ {
		c := name[i]
		if c == '%' {
			var ok bool
			if c, ok = unhex(string(name[i:min(i+3, len(name))])); !ok {
				return nil, false
			}
			i += 2
		}
		kept = append(kept, c)
	}
	return kept, true
}

// resembles knows the habits of PHP, Rack, qs and Spring: blanks and brackets
// in front do not count, nor do the marks of a form's fields; name[], name[0]
// and name.x are the name; and dots, blanks and open brackets inside it are
// underscores. It also knows the programs that fold what looks alike.
func resembles(name []byte, wanted string) bool {
	if slices.ContainsFunc(name, func(c byte) bool { return c >= utf8.RuneSelf }) {
		name = []byte(norm.NFKC.String(string(name))) // copies, so that the buffer of all others stays on the stack
	}
	for {
		if beginsAlike(name, wanted) {
			return true
		}
		r, size := utf8.DecodeRune(name)
		if size == 0 || !unicode.IsSpace(r) && !strings.ContainsRune("[]!_", r) {
			return false
		}
		name = name[size:]
	}
}

// beginsAlike says whether the name is the wanted one, with nothing behind it
// that makes it another.
func beginsAlike(name []byte, wanted string) bool {
	for i := range len(wanted) {
		if i == len(name) || loosen(name[i]) != loosen(wanted[i]) {
			return false
		}
	}
	rest := bytes.TrimSpace(name[len(wanted):])
	return len(rest) == 0 || strings.IndexByte("[].", rest[0]) >= 0
}

func loosen(c byte) byte {
	switch {
	case c == '.' || c == ' ' || c == '[':
		return '_'
	case 'A' <= c && c <= 'Z':
		return c + 'a' - 'A'
	}
	return c
}

// unescape decodes a value, and allocates only when there is something to decode.
func unescape(value string) string {
	if strings.IndexByte(value, '%') < 0 && strings.IndexByte(value, '+') < 0 {
		return value
	}
	decoded, err := url.QueryUnescape(value)
	if err != nil {
		// Canonical and ReadForm have refused these already; whoever skips
		// them gets a value that no application is entitled to.
		return value
	}
	return decoded
}

// LookupQuery returns the first value of the parameter and how often it is
// given, in any letter case and however its name is encoded.
func LookupQuery(rawQuery, name string) (first string, count int) {
	for rawQuery != "" {
		var found, value string
		found, value, rawQuery = cutPair(rawQuery)
		if compare(found, name) != same {
			continue
		}
		if count++; count == 1 {
			first = unescape(value)
		}
	}
	return first, count
}

// RemoveQuery takes every occurrence of the parameter out of the query, in any
// letter case and however its name is encoded. All other bytes stay as they
// are and where they are, for a backend may have signed or cached them.
func RemoveQuery(rawQuery, name string) string { return remove(rawQuery, name, same) }

// RemoveAlike takes out similar names as well, which some servers only read as
// the parameter.
func RemoveAlike(rawQuery, name string) string { return remove(rawQuery, name, similar) }

func remove(rawQuery, name string, least fit) string {
	if !has(rawQuery, name, least) {
		return rawQuery
	}
	kept := make([]string, 0, strings.Count(rawQuery, "&"))
	for pair := range strings.SplitSeq(rawQuery, "&") {
		if found, _, _ := strings.Cut(pair, "="); compare(found, name) < least {
			kept = append(kept, pair)
		}
	}
	return strings.Join(kept, "&")
}

func has(rawQuery, wanted string, least fit) bool {
	for rawQuery != "" {
		var name string
		if name, _, rawQuery = cutPair(rawQuery); compare(name, wanted) >= least {
			return true
		}
	}
	return false
}
