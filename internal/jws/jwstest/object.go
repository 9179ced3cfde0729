// Package jwstest makes the JWSs that a verifier must refuse, out of one that
// it accepts.
package jwstest

import "strings"

// Member is one member of an object: its name, and its value as JSON. Either
// may be anything.
type Member struct{ Name, Value string }

// Object is a JSON object that may break every rule, as no writer would let it.
type Object []Member

// Members makes an object of names and values in turn.
func Members(namesAndValues ...string) Object {
	var o Object
	for i := 0; i+1 < len(namesAndValues); i += 2 {
		o = o.And(namesAndValues[i], namesAndValues[i+1])
	}
	return o
}

// String writes the object.
func (o Object) String() string {
	parts := make([]string, len(o))
	for i, m := range o {
		parts[i] = `"` + m.Name + `":` + m.Value
	}
	return "{" + strings.Join(parts, ",") + "}"
}

// With replaces a member in its place, or adds it at the end.
func (o Object) With(name, value string) Object {
	changed := append(Object(nil), o...)
	for i := range changed {
		if changed[i].Name == name {
			changed[i].Value = value
			return changed
		}
	}
	return append(changed, Member{name, value})
}

// Without leaves a member out.
func (o Object) Without(name string) Object {
	var changed Object
	for _, m := range o {
		if m.Name != name {
			changed = append(changed, m)
		}
	}
	return changed
}

// And adds a member at the end, even one that is there already.
func (o Object) And(name, value string) Object {
	return append(append(Object(nil), o...), Member{name, value})
}

// Value gives a member's value as JSON, or nothing.
func (o Object) Value(name string) string {
	for _, m := range o {
		if m.Name == name {
			return m.Value
		}
	}
	return ""
}
