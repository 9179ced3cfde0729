package strictjson

import "fmt"

// names are those that one object has given so far. Few are compared one by
// one; a hostile object with thousands gets a map, else reading it would cost
// the square of its size.
type names struct {
	few  [usualMembers]string
	n    int
	many map[string]struct{}
}

// add says whether the name is new.
func (s *names) add(name string) bool {
	if s.many == nil {
		for _, known := range s.few[:s.n] {
			if known == name {
				return false
			}
		}
		if s.n < len(s.few) {
			s.few[s.n] = name
			s.n++
			return true
		}
		s.many = make(map[string]struct{}, 2*len(s.few))
		for _, known := range s.few {
			s.many[known] = struct{}{}
		}
	}
	if _, known := s.many[name]; known {
		return false
	}
	s.many[name] = struct{}{}
	return true
}

// duplicate tells a developer which name it is, where that is surely a name:
// what is long or odd could be a secret in the wrong place.
func duplicate(name string) error {
	if len(name) == 0 || len(name) > 32 {
		return errDuplicate
	}
	for _, c := range []byte(name) {
		if !digit(c) && c != '_' && (c < 'a' || c > 'z') {
			return errDuplicate
		}
	}
	return fmt.Errorf("%w: %s", errDuplicate, name)
}
