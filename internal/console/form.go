package console

import (
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/caddy-dcr/caddy-dcr/internal/management"
)

// form is what somebody typed, or is to begin with, and what is wrong with it.
type form struct {
	Values url.Values
	Faults []fault
	Hint   string
	// Key marks the form, Version is that of the thing which it is about.
	Key, Version string
}

// fault is what is wrong with one field; without one, with all of it.
type fault struct{ Field, Text string }

// field is one field of a form as it is shown.
type field struct {
	Name, Label, Hint, Value, Error string
	Required, Mono                  bool
	Options                         []option
}

// option is one choice of a field.
type option struct {
	Value, Text, Note string
	Chosen            bool
}

func newForm(values url.Values) *form { return &form{Values: values, Key: newKey()} }

// typed is the form as it was sent, to be shown again.
func (v *visit) typed() *form {
	return &form{Values: v.r.PostForm, Key: newKey(), Version: v.value("version")}
}

// Value is what stands in a field.
func (f *form) Value(name string) string { return f.Values.Get(name) }

// Text makes a field of one line. Flags are "required" and "mono".
func (f *form) Text(name, label, hint string, flags ...string) field {
	return field{
		Name: name, Label: label, Hint: hint, Value: f.Values.Get(name), Error: f.errorOf(name),
		Required: slices.Contains(flags, "required"), Mono: slices.Contains(flags, "mono"),
	}
}

// Choice makes a field of options, of which one, or several, are chosen.
func (f *form) Choice(name, label, hint string, options []option) field {
	own := slices.Clone(options)
	for i := range own {
		own[i].Chosen = slices.Contains(f.Values[name], own[i].Value)
	}
	return field{Name: name, Label: label, Hint: hint, Error: f.errorOf(name), Options: own, Value: f.Values.Get(name)}
}

func (f *form) errorOf(name string) string {
	for _, fault := range f.Faults {
		if fault.Field == name {
			return fault.Text
		}
	}
	return ""
}

// want says that a field was left empty, unless it is said already: the
// management names the first fault that it meets, and people want all of them.
func (f *form) want(name, text string) {
	for _, value := range f.Values[name] {
		if strings.TrimSpace(value) != "" {
			return
		}
	}
	if f.errorOf(name) == "" {
		f.Faults = append(f.Faults, fault{name, text})
	}
}

// beginsField finds where, in a message of several faults, the next begins.
var beginsField = regexp.MustCompile(`; ([a-z_]+(?:\[\d+\])?: )`)

// blame says what is wrong, at the fields that the form has. names maps fields
// of the management to those of the form, where they differ.
func (f *form) blame(e *management.Error, names map[string]string, has ...string) {
	f.Hint = sentence(e.Hint)
	if e.Code != management.Invalid || len(e.Conflicts) > 0 {
		f.Faults = append(f.Faults, fault{f.at(e.Field, names, has), sentence(e.Message)})
		return
	}
	for _, text := range strings.Split(beginsField.ReplaceAllString(e.Message, "\n$1"), "\n") {
		name, rest, named := strings.Cut(text, ": ")
		name, _, _ = strings.Cut(name, "[")
		if named && (slices.Contains(has, name) || names[name] != "") {
			f.Faults = append(f.Faults, fault{f.at(name, names, has), sentence(rest)})
		} else {
			f.Faults = append(f.Faults, fault{f.at(e.Field, names, has), sentence(text)})
		}
	}
}

func (f *form) at(name string, names map[string]string, has []string) string {
	if other, ok := names[name]; ok {
		name = other
	}
	if slices.Contains(has, name) {
		return name
	}
	return ""
}

// lines are the values of a field in which one stands on each line.
func lines(text string) []string {
	return strings.FieldsFunc(text, func(r rune) bool { return r == '\n' || r == '\r' || r == ',' || r == ' ' || r == '\t' })
}

func joined(values []string) string { return strings.Join(values, "\n") }
