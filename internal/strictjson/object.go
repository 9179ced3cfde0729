// Package strictjson reads one JSON object without any of the leniency by
// which two readers of the same bytes come to believe different things.
package strictjson

import (
	"errors"
	"fmt"
	"iter"
	"slices"
)

// MaxDepth is how deep objects and arrays may be nested, the outermost object
// included.
const MaxDepth = 16

// ErrInvalid is wrapped by every error of [Read]. No error text quotes a value,
// since what does not parse may well hold a secret.
var ErrInvalid = errors.New("not one strict JSON object")

// Object is a JSON object whose every byte was checked. The zero Object has no
// members.
type Object struct {
	members []member
}

type member struct {
	name string
	raw  string // the value's exact text
}

// Read reads an object. Beyond what RFC 8259 demands it refuses what that
// leaves open: a name that is given twice in one object at any depth, text that
// is not UTF-8, escapes of half a surrogate pair, nesting beyond [MaxDepth],
// and anything but white space after the object.
func Read(data []byte) (Object, error) {
	// The one copy of the bytes: names and values are cut out of it.
	s := scanner{text: string(data)}
	o, err := s.document()
	if err != nil {
		return Object{}, err
	}
	return o, nil
}

// Names gives the members' names in the order of the text.
func (o Object) Names() iter.Seq[string] {
	return func(yield func(string) bool) {
		for _, m := range o.members {
			if !yield(m.name) {
				return
			}
		}
	}
}

// Has says whether there is a member of the name, whatever its value is; null
// is a value. Names are compared exactly.
func (o Object) Has(name string) bool {
	_, present := o.find(name)
	return present
}

// String gives the value of a member that is a string.
func (o Object) String(name string) (value string, present bool, err error) {
	raw, present := o.find(name)
	if !present {
		return "", false, nil
	}
	if raw[0] != '"' {
		return "", true, wrongType(name, "a string")
	}
	return unquote(raw), true, nil
}

// Strings gives the value of a member that is an array of strings.
func (o Object) Strings(name string) (values []string, present bool, err error) {
	elements, present, err := o.array(name, '"', "an array of strings")
	if err != nil || !present {
		return nil, present, err
	}
	values = make([]string, len(elements))
	for i, raw := range elements {
		values[i] = unquote(raw)
	}
	return values, true, nil
}

// OneOrMany gives the value of a member that is a string or an array of
// strings, as the audience of RFC 7519 section 4.1.3 is.
func (o Object) OneOrMany(name string) (values []string, present bool, err error) {
	if raw, present := o.find(name); present && raw[0] == '"' {
		return []string{unquote(raw)}, true, nil
	}
	return o.Strings(name)
}

// Object gives the value of a member that is an object.
func (o Object) Object(name string) (value Object, present bool, err error) {
	raw, present := o.find(name)
	if !present {
		return Object{}, false, nil
	}
	if raw[0] != '{' {
		return Object{}, true, wrongType(name, "an object")
	}
	s := scanner{text: raw}
	value, err = s.document() // fails never: the text was read before
	return value, true, err
}

// Objects gives the value of a member that is an array of objects.
func (o Object) Objects(name string) (values []Object, present bool, err error) {
	elements, present, err := o.array(name, '{', "an array of objects")
	if err != nil || !present {
		return nil, present, err
	}
	values = make([]Object, len(elements))
	for i, raw := range elements {
		s := scanner{text: raw}
		if values[i], err = s.document(); err != nil {
			return nil, true, err // cannot happen: the text was read before
		}
	}
	return values, true, nil
}

// array gives the texts of an array's elements, which all begin with a byte.
func (o Object) array(name string, first byte, want string) ([]string, bool, error) {
	raw, present := o.find(name)
	if !present {
		return nil, false, nil
	}
	if raw[0] != '[' {
		return nil, true, wrongType(name, want)
	}
	s := scanner{text: raw}
	elements := s.elements()
	if slices.ContainsFunc(elements, func(e string) bool { return e[0] != first }) {
		return nil, true, wrongType(name, want)
	}
	return elements, true, nil
}

func (o Object) find(name string) (raw string, present bool) {
	for i := range o.members {
		if o.members[i].name == name {
			return o.members[i].raw, true
		}
	}
	return "", false
}

// wrongType names the member, which the caller asked for by that name, and
// never the value.
func wrongType(name, want string) error {
	return fmt.Errorf("member %q: %s is wanted", name, want)
}
