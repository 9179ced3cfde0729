package endpoint

import (
	"bytes"
	"net/url"
	"strings"
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

// compare works on the encoded name, so that looking for a few names in a
// query makes no map of it.
func compare(name, wanted string) fit {
	if strings.EqualFold(name, wanted) {
		return same
	}
	if !peculiar(name) {
		return another
	}
	// Long enough for a wanted name whose every letter is written as one of
	// three bytes that folds into it, such as the Kelvin sign.
	var buffer [3 * maxName]byte
	decoded, ok := decodeName(buffer[:0], name)
	switch {
	case !ok:
		return another
	case strings.EqualFold(string(decoded), wanted):
		return same
	case resembles(decoded, wanted):
		return similar
	}
	return another
}

// peculiar says whether the name holds anything that some server rewrites.
func peculiar(name string) bool {
	for i := range len(name) {
		switch name[i] {
		case '%', '+', '.', '[':
			return true
		}
	}
	return false
}

// decodeName is what url.QueryUnescape does, into a buffer. It gives up on
// invalid escapes and on names that do not fit.
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
			return nil, false
		}
		buffer = append(buffer, c)
	}
	return buffer, true
}

// resembles knows the habits of PHP, Rack and qs: name[] and name[0] are the
// name, blanks around it do not count, and dots, blanks and open brackets
// inside it are underscores.
func resembles(name []byte, wanted string) bool {
	name = bytes.TrimSpace(name)
	if len(name) < len(wanted) {
		return false
	}
	for i, c := range name {
		if i == len(wanted) {
			return c == '['
		}
		if loosen(c) != loosen(wanted[i]) {
			return false
		}
	}
	return true
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
func RemoveQuery(rawQuery, name string) string {
	if _, count := LookupQuery(rawQuery, name); count == 0 {
		return rawQuery
	}
	kept := make([]string, 0, strings.Count(rawQuery, "&"))
	for pair := range strings.SplitSeq(rawQuery, "&") {
		if found, _, _ := strings.Cut(pair, "="); compare(found, name) != same {
			kept = append(kept, pair)
		}
	}
	return strings.Join(kept, "&")
}
