package strictjson

import (
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// escape checks one escape, a surrogate pair being one.
func (s *scanner) escape() error {
	if s.pos+1 >= len(s.text) {
		return errSyntax
	}
	c := s.text[s.pos+1]
	if c != 'u' {
		if plainEscape(c) == 0 {
			return errSyntax
		}
		s.pos += 2
		return nil
	}
	unit, ok := hex4(s.text[s.pos+2:])
	if !ok {
		return errSyntax
	}
	s.pos += 6
	if !utf16.IsSurrogate(unit) {
		return nil
	}
	if !strings.HasPrefix(s.text[s.pos:], `\u`) {
		return errSurrogate
	}
	low, ok := hex4(s.text[s.pos+2:])
	if !ok {
		return errSyntax
	}
	if utf16.DecodeRune(unit, low) == utf8.RuneError {
		return errSurrogate
	}
	s.pos += 6
	return nil
}

// unquote gives the value of a string that was checked. Without escapes it is
// a part of the text and costs nothing.
func unquote(raw string) string {
	text := raw[1 : len(raw)-1]
	next := strings.IndexByte(text, '\\')
	if next < 0 {
		return text
	}
	var b strings.Builder
	b.Grow(len(text))
	for next >= 0 {
		b.WriteString(text[:next])
		c := text[next+1]
		text = text[next+2:]
		if c != 'u' {
			b.WriteByte(plainEscape(c))
		} else {
			unit, _ := hex4(text)
			text = text[4:]
			if utf16.IsSurrogate(unit) {
				low, _ := hex4(text[2:])
				unit = utf16.DecodeRune(unit, low)
				text = text[6:]
			}
			b.WriteRune(unit)
		}
		next = strings.IndexByte(text, '\\')
	}
	b.WriteString(text)
	return b.String()
}

// plainEscape is the character that an escape of two stands for, or zero.
func plainEscape(c byte) byte {
	switch c {
	case '"', '\\', '/':
		return c
	case 'b':
		return '\b'
	case 'f':
		return '\f'
	case 'n':
		return '\n'
	case 'r':
		return '\r'
	case 't':
		return '\t'
	default:
		return 0
	}
}

// hex4 reads four hexadecimal digits.
func hex4(text string) (rune, bool) {
	if len(text) < 4 {
		return 0, false
	}
	var unit rune
	for _, c := range []byte(text[:4]) {
		switch {
		case digit(c):
			unit = unit<<4 | rune(c-'0')
		case 'a' <= c && c <= 'f':
			unit = unit<<4 | rune(c-'a'+10)
		case 'A' <= c && c <= 'F':
			unit = unit<<4 | rune(c-'A'+10)
		default:
			return 0, false
		}
	}
	return unit, true
}
