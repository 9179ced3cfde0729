package manifest

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Document is a manifest with the lines of what it says.
type Document struct {
	Manifest Manifest
	lines    map[string]int
}

// Line is where a field stands, or what it would stand in.
func (d Document) Line(field string) int {
	for field != "" {
		if line, found := d.lines[field]; found {
			return line
		}
		field = field[:max(strings.LastIndexByte(field, '.'), strings.LastIndexByte(field, '['), 0)]
	}
	return 1
}

// Read reads a manifest, as YAML or as JSON, which is YAML as well. It is
// strict: what nobody knows, or is there twice, is a fault and no comment.
func Read(data []byte) (Document, []Fault) {
	d := Document{lines: map[string]int{}}
	decoder := yaml.NewDecoder(bytes.NewReader(data))
	var root yaml.Node
	switch err := decoder.Decode(&root); {
	case errors.Is(err, io.EOF):
		return d, []Fault{{Line: 1, Message: "the file is empty"}}
	case err != nil:
		return d, []Fault{syntax(err)}
	}
	var second yaml.Node
	if err := decoder.Decode(&second); !errors.Is(err, io.EOF) {
		return d, []Fault{{Line: second.Line, Message: "there is a second document; a file is one manifest"}}
	}
	r := reader{document: &d}
	r.read("", root.Content[0], reflect.ValueOf(&d.Manifest).Elem())
	if len(r.faults) > 0 {
		return d, r.faults
	}
	faults := d.Manifest.Check()
	for i := range faults {
		faults[i].Line = d.Line(faults[i].Field)
	}
	return d, faults
}

var syntaxLine = regexp.MustCompile(`^yaml: line (\d+): (.*)$`)

func syntax(err error) Fault {
	if found := syntaxLine.FindStringSubmatch(err.Error()); found != nil {
		line, _ := strconv.Atoi(found[1])
		return Fault{Line: line, Message: found[2]}
	}
	return Fault{Line: 1, Message: strings.TrimPrefix(err.Error(), "yaml: ")}
}

// reader puts nodes into values of their types.
type reader struct {
	document *Document
	faults   []Fault
}

func (r *reader) fault(n *yaml.Node, field, format string, values ...any) {
	r.faults = append(r.faults, Fault{Line: n.Line, Field: field, Message: fmt.Sprintf(format, values...)})
}

func (r *reader) read(field string, n *yaml.Node, into reflect.Value) {
	r.document.lines[field] = n.Line
	if n.Kind == yaml.AliasNode || n.Anchor != "" {
		r.fault(n, field, "anchors and aliases are not read; write it out")
		return
	}
	switch into.Kind() {
	case reflect.Struct:
		r.object(field, n, into)
	case reflect.Slice:
		r.list(field, n, into)
	case reflect.Bool:
		if n.Kind != yaml.ScalarNode || n.Tag != "!!bool" || n.Decode(into.Addr().Interface()) != nil {
			r.fault(n, field, "got %s, want true or false", told(n))
		}
	default:
		// 1.10 is a version, and yes may be a name: a text is what is written.
		if n.Kind != yaml.ScalarNode || n.Tag == "!!null" {
			r.fault(n, field, "got %s, want a text", told(n))
			return
		}
		into.SetString(n.Value)
	}
}

func (r *reader) object(field string, n *yaml.Node, into reflect.Value) {
	if n.Kind != yaml.MappingNode {
		r.fault(n, field, "got %s, want fields with values", told(n))
		return
	}
	fields := fieldsOf(into.Type())
	seen := map[string]bool{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		name, value := n.Content[i], n.Content[i+1]
		at := name.Value
		if field != "" {
			at = field + "." + at
		}
		index := slices.Index(fields, name.Value)
		switch {
		case name.Kind != yaml.ScalarNode || index < 0:
			r.fault(name, at, "nobody knows this field; known are %s", strings.Join(fields, ", "))
		case seen[name.Value]:
			r.fault(name, at, "it is given twice")
		default:
			seen[name.Value] = true
			r.read(at, value, into.Field(index))
		}
	}
}

func (r *reader) list(field string, n *yaml.Node, into reflect.Value) {
	if n.Kind != yaml.SequenceNode {
		r.fault(n, field, "got %s, want a list", told(n))
		return
	}
	into.Set(reflect.MakeSlice(into.Type(), len(n.Content), len(n.Content)))
	for i, value := range n.Content {
		r.read(fmt.Sprintf("%s[%d]", field, i), value, into.Index(i))
	}
}

// fieldsOf names the fields of a type, in their order.
func fieldsOf(t reflect.Type) []string {
	names := make([]string, t.NumField())
	for i := range names {
		names[i], _, _ = strings.Cut(t.Field(i).Tag.Get("json"), ",")
	}
	return names
}

func told(n *yaml.Node) string {
	switch {
	case n.Kind == yaml.MappingNode:
		return "fields"
	case n.Kind == yaml.SequenceNode:
		return "a list"
	case n.Tag == "!!null":
		return "nothing"
	default:
		return strconv.Quote(n.Value)
	}
}
