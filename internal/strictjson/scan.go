package strictjson

import (
	"fmt"
	"unicode/utf8"
)

func invalid(why string) error { return fmt.Errorf("%w: %s", ErrInvalid, why) }

// They are made once: a flood of junk is not to cost more than good requests.
var (
	errSyntax    = invalid("it is not JSON")
	errObject    = invalid("it is not an object")
	errTrailing  = invalid("something follows the object")
	errDepth     = invalid("it is nested too deeply")
	errUTF8      = invalid("a string is not UTF-8")
	errSurrogate = invalid("a string holds half a surrogate pair")
	errDuplicate = invalid("a name is given twice")
)

// scanner walks through a text once, front to back.
type scanner struct {
	text string
	pos  int
}

// usualMembers is how many members an object of a JWT or of a request has.
const usualMembers = 16

// document reads the whole text as one object.
func (s *scanner) document() (Object, error) {
	s.space()
	if s.peek() != '{' {
		return Object{}, errObject
	}
	o := Object{members: make([]member, 0, usualMembers)}
	if err := s.object(1, &o.members); err != nil {
		return Object{}, err
	}
	s.space()
	if s.pos != len(s.text) {
		return Object{}, errTrailing
	}
	return o, nil
}

// object reads an object, and appends its members to keep if that is given.
func (s *scanner) object(depth int, keep *[]member) error {
	if depth > MaxDepth {
		return errDepth
	}
	s.pos++
	var seen names
	for first := true; ; first = false {
		s.space()
		if first && s.take('}') {
			return nil
		}
		start := s.pos
		if err := s.quoted(); err != nil {
			return err
		}
		name := unquote(s.text[start:s.pos])
		if !seen.add(name) {
			return duplicate(name)
		}
		if s.space(); !s.take(':') {
			return errSyntax
		}
		s.space()
		start = s.pos
		if err := s.value(depth); err != nil {
			return err
		}
		if keep != nil {
			*keep = append(*keep, member{name, s.text[start:s.pos]})
		}
		s.space()
		if s.take('}') {
			return nil
		}
		if !s.take(',') {
			return errSyntax
		}
	}
}

func (s *scanner) array(depth int) error {
	if depth > MaxDepth {
		return errDepth
	}
	s.pos++
	if s.space(); s.take(']') {
		return nil
	}
	for {
		s.space()
		if err := s.value(depth); err != nil {
			return err
		}
		s.space()
		if s.take(']') {
			return nil
		}
		if !s.take(',') {
			return errSyntax
		}
	}
}

// elements cuts an array that was read before into its elements.
func (s *scanner) elements() []string {
	var elements []string
	s.pos++
	for s.space(); !s.take(']'); s.space() {
		s.take(',')
		s.space()
		start := s.pos
		_ = s.value(1) // it was read before
		elements = append(elements, s.text[start:s.pos])
	}
	return elements
}

func (s *scanner) value(depth int) error {
	switch c := s.peek(); {
	case c == '{':
		return s.object(depth+1, nil)
	case c == '[':
		return s.array(depth + 1)
	case c == '"':
		return s.quoted()
	case c == '-' || digit(c):
		return s.number()
	case s.word("true"), s.word("false"), s.word("null"):
		return nil
	default:
		return errSyntax
	}
}

// number follows the grammar of RFC 8259 section 6.
func (s *scanner) number() error {
	s.take('-')
	if !s.take('0') && !s.digits() {
		return errSyntax
	}
	if s.take('.') && !s.digits() {
		return errSyntax
	}
	if s.take('e') || s.take('E') {
		if !s.take('+') {
			s.take('-')
		}
		if !s.digits() {
			return errSyntax
		}
	}
	return nil
}

func (s *scanner) digits() bool {
	start := s.pos
	for digit(s.peek()) {
		s.pos++
	}
	return s.pos > start
}

func (s *scanner) space() {
	for s.pos < len(s.text) {
		switch s.text[s.pos] {
		case ' ', '\t', '\r', '\n':
			s.pos++
		default:
			return
		}
	}
}

// peek gives the next byte, or zero at the end; a zero byte itself is allowed
// nowhere.
func (s *scanner) peek() byte {
	if s.pos < len(s.text) {
		return s.text[s.pos]
	}
	return 0
}

func (s *scanner) take(c byte) bool {
	if s.peek() != c {
		return false
	}
	s.pos++
	return true
}

func (s *scanner) word(w string) bool {
	if len(s.text)-s.pos < len(w) || s.text[s.pos:s.pos+len(w)] != w {
		return false
	}
	s.pos += len(w)
	return true
}

func digit(c byte) bool { return '0' <= c && c <= '9' }

// quoted checks a string: its escapes, and that it is UTF-8 without control
// characters.
func (s *scanner) quoted() error {
	if !s.take('"') {
		return errSyntax
	}
	for s.pos < len(s.text) {
		switch c := s.text[s.pos]; {
		case c == '"':
			s.pos++
			return nil
		case c == '\\':
			if err := s.escape(); err != nil {
				return err
			}
		case c < ' ':
			return errSyntax
		case c < utf8.RuneSelf:
			s.pos++
		default:
			r, size := utf8.DecodeRuneInString(s.text[s.pos:])
			if r == utf8.RuneError && size == 1 {
				return errUTF8
			}
			s.pos += size
		}
	}
	return errSyntax
}
