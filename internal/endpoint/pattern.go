package endpoint

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// kind is what a segment of a pattern matches.
type kind uint8

const (
	isLiteral kind = iota // itself
	isValue               // one segment
	isRest                // one or more
)

// segment is one of a pattern: its text is the literal or the name.
type segment struct {
	kind kind
	text string
}

// parsePattern reads a route's path. Its error says what is wanted.
func parsePattern(pattern string) ([]segment, error) {
	if !strings.HasPrefix(pattern, "/") {
		return nil, errors.New("a path that begins with a slash")
	}
	var segments []segment
	var names []string
	texts := strings.Split(pattern[1:], "/")
	for i, text := range texts {
		s, err := parseSegment(text, i == len(texts)-1)
		if err != nil {
			return nil, err
		}
		if s.kind != isLiteral {
			if slices.Contains(names, s.text) {
				return nil, fmt.Errorf("each name once: {%s} is there twice", s.text)
			}
			names = append(names, s.text)
		}
		segments = append(segments, s)
	}
	if len(names) > maxValues {
		return nil, fmt.Errorf("at most %d names", maxValues)
	}
	return segments, nil
}

func parseSegment(text string, last bool) (segment, error) {
	inner, opened := strings.CutPrefix(text, "{")
	inner, closed := strings.CutSuffix(inner, "}")
	if !opened || !closed {
		return segment{isLiteral, text}, checkLiteral(text, last)
	}
	s := segment{isValue, inner}
	if name, many := strings.CutSuffix(inner, "..."); many {
		if s = (segment{isRest, name}); !last {
			return s, errors.New("{name...} at the end only")
		}
	}
	if !isName(s.text) {
		return s, fmt.Errorf("names of letters, digits, dashes and underscores: {%s} is none", s.text)
	}
	return s, nil
}

// checkLiteral holds literals to the rules of canonical paths: another one
// could never match.
func checkLiteral(text string, last bool) error {
	if strings.ContainsAny(text, "{}") {
		return fmt.Errorf("braces around a whole segment only: %q", text)
	}
	for _, r := range text {
		if err := checkRune(r); err != nil {
			return fmt.Errorf("segments without ambiguity: %q: %w", text, err)
		}
	}
	if err := checkSegment(text, last); err != nil {
		return fmt.Errorf("segments without ambiguity: %q: %w", text, err)
	}
	return nil
}

// isName holds for names of path values and of parameters.
func isName(text string) bool {
	for i := range len(text) {
		if !alphanumeric(text[i]) && text[i] != '-' && text[i] != '_' && text[i] != '.' {
			return false
		}
	}
	return text != "" && len(text) <= maxName
}
