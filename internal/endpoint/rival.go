package endpoint

import (
	"slices"
	"strings"
)

// rival is another route of the same method that claims some of a route's
// paths: those with so many segments and these literals among them. Neither is
// more literal than the other, so a backend's router may take such a path for
// either, and its channel for an operation.
type rival struct {
	segments int // of the path; 0 for any number
	literals []literalAt
}

type literalAt struct {
	segment int
	text    string
}

// findRivals looks for those of the route.
func (r *route) findRivals(all []*route) {
	for _, other := range all {
		shared := slices.ContainsFunc(other.Methods, func(m string) bool { return slices.Contains(r.Methods, m) })
		if found, overlap := overlapOf(r.segments, other.segments); shared && overlap && len(found.literals) > 0 {
			r.rivals = append(r.rivals, found)
		}
	}
}

// overlapOf says which paths of the first pattern the second claims as well.
// Without a literal these are all of them, or all of the second's: then one is
// the more literal, and wins.
func overlapOf(first, second []segment) (found rival, overlap bool) {
	for i := 0; ; i++ {
		switch {
		case i == len(first) || i == len(second):
			return found, i == len(first) && i == len(second)
		case second[i].kind == isRest:
			return found, true
		case first[i].kind == isRest:
			for at, s := range second[i:] {
				if s.kind == isRest {
					return found, true
				}
				if s.kind == isLiteral {
					found.literals = append(found.literals, literalAt{i + at, s.text})
				}
			}
			found.segments = len(second)
			return found, true
		case second[i].kind == isLiteral && first[i].kind == isLiteral:
			if !strings.EqualFold(first[i].text, second[i].text) {
				return found, false
			}
		case second[i].kind == isLiteral:
			found.literals = append(found.literals, literalAt{i, second[i].text})
		}
	}
}

// disputed says whether a rival claims the path.
func (r *route) disputed(path string) bool {
	return slices.ContainsFunc(r.rivals, func(other rival) bool { return other.claims(path) })
}

// claims walks along the path, since the most called of open routes have
// rivals.
func (v rival) claims(path string) bool {
	literals, count := v.literals, 0
	for rest, more := path[1:], true; more; count++ {
		var segment string
		segment, rest, more = strings.Cut(rest, "/")
		if len(literals) > 0 && literals[0].segment == count {
			if !strings.EqualFold(segment, literals[0].text) {
				return false
			}
			literals = literals[1:]
		}
	}
	return len(literals) == 0 && (v.segments == 0 || v.segments == count)
}
