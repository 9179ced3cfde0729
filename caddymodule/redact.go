package caddymodule

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// redacted stands in a log where a secret was.
const redacted = "REDACTED"

// secretWords are the parts of a name that make its value a secret. They are
// compared without regard to case, and to all but letters and digits. Longer
// names that hold them count too: better one value too few in a log.
var secretWords = []string{
	"accesstoken", "refreshtoken", "idtoken", "secret", "assertion", "softwarestatement",
	"signedrequestorid", "authorization", "password", "apikey",
}

// namesSecret says whether a parameter of that name, unescaped, holds a secret.
func namesSecret(name string) bool {
	folded := strings.Map(func(r rune) rune {
		// There and back, because some letters outside ASCII equal one inside
		// it only when they are folded.
		r = unicode.ToLower(unicode.ToUpper(r))
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, name)
	// RFC 7009 section 2.1 and RFC 7662 section 2.1 call theirs just so.
	if folded == "token" {
		return true
	}
	for _, word := range secretWords {
		if strings.Contains(folded, word) {
			return true
		}
	}
	return false
}

// secretShape matches the gateway's own secrets by their prefixes, and a JWT
// by its dots and what every JSON object begins with in base64url.
var secretShape = regexp.MustCompile(`(?i:dcr[rst]_)[A-Za-z0-9_-]+|e(?:y[AIJ]|w[0ko])[A-Za-z0-9_-]{4,}(?:\.[A-Za-z0-9_-]*)+`)

// delimiters end a part of a text that may be a name, or a value of its own.
const delimiters = "/?#;,&=\"'<> \t\r\n"

// redact takes the secrets out of a URI, a query or any other text. A secret
// that is in plain view is replaced alone; behind the name of a secret, or
// where one is hidden by escapes, the text goes up to the next ampersand, since
// what else ends a value depends on who reads it.
func redact(text string) string { return redactParts(text, true) }

func redactParts(text string, decode bool) string {
	// Most texts, such as the values of headers, name nothing and hide nothing.
	if strings.IndexByte(text, '=') < 0 && strings.IndexByte(text, '%') < 0 {
		return redactShapes(text)
	}
	var out strings.Builder
	for text != "" {
		end := strings.IndexAny(text, delimiters)
		if end < 0 {
			end = len(text)
		}
		part, rest := text[:end], text[end:]
		var decoded []string
		tooDeep := false
		if decode {
			decoded, tooDeep = decodings(part)
		}
		switch {
		case tooDeep, slices.ContainsFunc(decoded, holdsSecret):
			out.WriteString(redacted)
			rest = fromAmpersand(rest)
		case strings.HasPrefix(rest, "=") && (namesSecret(part) || slices.ContainsFunc(decoded, namesSecret)):
			out.WriteString(redactShapes(part) + "=" + redacted)
			rest = fromAmpersand(rest)
		default:
			out.WriteString(redactShapes(part))
		}
		if rest != "" {
			out.WriteByte(rest[0])
			rest = rest[1:]
		}
		text = rest
	}
	return out.String()
}

// holdsSecret judges one decoding of a text as it is.
func holdsSecret(text string) bool { return redactParts(text, false) != text }

func redactShapes(text string) string {
	if !mayHoldShape(text) {
		return text
	}
	return secretShape.ReplaceAllLiteralString(text, redacted)
}

// mayHoldShape looks for how every shape begins, because the expression is slow
// to say that a text holds none, and nearly all texts do not.
func mayHoldShape(text string) bool {
	for i := 0; i+3 < len(text); i++ {
		switch text[i] {
		case 'e':
			if text[i+1] == 'y' || text[i+1] == 'w' {
				return true
			}
		case 'd', 'D':
			if text[i+1]|0x20 == 'c' && text[i+2]|0x20 == 'r' {
				return true
			}
		}
	}
	return false
}

func fromAmpersand(text string) string {
	if at := strings.IndexByte(text, '&'); at >= 0 {
		return text[at:]
	}
	return ""
}

// deepest is how many times a text may be percent-encoded.
const deepest = 5

// decodings undoes the percent-encoding of a text step by step until none is
// left, since nobody knows how often its reader does. What is malformed stays
// as it is. Texts that were encoded too many times are not worth the trouble.
func decodings(text string) (steps []string, tooDeep bool) {
	for {
		next := unescape(text)
		if next == text {
			return steps, false
		}
		if len(steps) == deepest {
			return steps, true
		}
		steps = append(steps, next)
		text = next
	}
}

func unescape(text string) string {
	if !strings.Contains(text, "%") {
		return text
	}
	var out strings.Builder
	for i := 0; i < len(text); i++ {
		if text[i] == '%' && i+2 < len(text) {
			if c, err := strconv.ParseUint(text[i+1:i+3], 16, 8); err == nil {
				out.WriteByte(byte(c))
				i += 2
				continue
			}
		}
		out.WriteByte(text[i])
	}
	return out.String()
}
