package managementapi

import (
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/caddy-dcr/caddy-dcr/internal/access"
	"github.com/caddy-dcr/caddy-dcr/internal/audit"
	"github.com/caddy-dcr/caddy-dcr/internal/explain"
	"github.com/caddy-dcr/caddy-dcr/internal/management"
)

// schemas makes the schemas of the types that go over the wire.
type schemas struct {
	t        *testing.T
	strict   bool
	all      object
	comments map[string]string
}

// enums are the types of closed sets.
var enums = map[reflect.Type][]string{
	reflect.TypeFor[access.Operation]():     namesOf(access.Operations),
	reflect.TypeFor[management.Code]():      namesOf(management.Codes),
	reflect.TypeFor[management.Verdict]():   namesOf(management.Verdicts),
	reflect.TypeFor[management.SetStatus](): namesOf(management.SetStatuses),
	reflect.TypeFor[management.Decided]():   {"allowed", "refused", "unavailable"},
	reflect.TypeFor[explain.Decider]():      namesOf(explain.Deciders),
	reflect.TypeFor[audit.Fault]():          namesOf(audit.Faults),
}

// needed are the members that a request cannot leave out; what else is missing
// is a matter of what is asked for, and said in words.
var needed = map[string][]string{
	"NewProgrammer": {"id"}, "NewChannel": {"id", "programmer"}, "NewProxyMVPD": {"id"}, "NewScope": {"name"}, "NewPlatform": {"name"},
	"KillOrder": {"kind", "id"}, "Change": {"operation"}, "Inspect": {"software_statement"}, "TokenTrial": {"token"},
	"StatementTrial": {"software_statement"}, "RequestTrial": {"method", "path"}, "KeyOrder": {"use"},
}

// asked are the types that requests hold; such stand in answers as well where
// a change set shows what it holds.
func (s *schemas) of(value any, asked bool) object { return s.typed(reflect.TypeOf(value), asked) }

func (s *schemas) named(name string) object {
	require.Contains(s.t, s.all, name)
	return object{"$ref": "#/components/schemas/" + name}
}

func (s *schemas) typed(of reflect.Type, asked bool) object {
	if values, closed := enums[of]; closed {
		return object{"type": "string", "enum": values}
	}
	switch of {
	case reflect.TypeFor[time.Time]():
		return object{"type": "string", "format": "date-time"}
	case reflect.TypeFor[uuid.UUID]():
		return object{"type": "string", "format": "uuid"}
	case reflect.TypeFor[json.RawMessage]():
		return object{}
	}
	switch of.Kind() {
	case reflect.Pointer:
		return s.typed(of.Elem(), asked)
	case reflect.String:
		return object{"type": "string"}
	case reflect.Bool:
		return object{"type": "boolean"}
	case reflect.Int, reflect.Int64:
		return object{"type": "integer"}
	case reflect.Uint32, reflect.Uint64:
		return object{"type": "integer", "minimum": 0}
	case reflect.Float64:
		return object{"type": "number"}
	case reflect.Slice:
		return object{"type": "array", "items": s.typed(of.Elem(), asked)}
	case reflect.Map:
		return object{"type": "object", "additionalProperties": s.typed(of.Elem(), asked)}
	case reflect.Struct:
		return s.structure(of, asked)
	default:
		s.t.Fatalf("no schema for %s", of)
		return nil
	}
}

func nameOfType(of reflect.Type) string {
	if strings.HasSuffix(of.PkgPath(), "/audit") {
		return "Audit" + of.Name()
	}
	return of.Name()
}

// structure puts a type among the components, once.
func (s *schemas) structure(of reflect.Type, asked bool) object {
	name := nameOfType(of)
	reference := object{"$ref": "#/components/schemas/" + name}
	if _, done := s.all[name]; done {
		return reference
	}
	made := object{"type": "object"}
	s.all[name] = made // before its members, which may hold it again
	if text := s.comments[pathOf(of)]; text != "" {
		made["description"] = text
	}
	if asked || name == "Change" || strings.HasSuffix(name, "Spec") {
		asked = true
		made["additionalProperties"] = false
	}
	properties, required := object{}, []string{}
	s.members(of, asked, properties, &required)
	if asked {
		required = needed[name]
	}
	if s.strict {
		made["additionalProperties"] = false
	}
	if len(properties) > 0 {
		made["properties"] = properties
	}
	if len(required) > 0 {
		slices.Sort(required)
		made["required"] = required
	}
	return reference
}

func (s *schemas) members(of reflect.Type, asked bool, properties object, required *[]string) {
	for i := range of.NumField() {
		field := of.Field(i)
		tag, options, _ := strings.Cut(field.Tag.Get("json"), ",")
		if field.Anonymous && tag == "" {
			s.members(field.Type, asked, properties, required)
			continue
		}
		if tag == "-" {
			continue
		}
		schema := s.typed(field.Type, asked)
		if text := s.comments[pathOf(of)+"."+field.Name]; text != "" {
			schema["description"] = text
		}
		properties[tag] = schema
		if !strings.Contains(options, "omit") {
			*required = append(*required, tag)
		}
	}
}

// readComments reads what the code says of its types and their fields.
func readComments(t *testing.T) map[string]string {
	found := map[string]string{}
	const house = "github.com/caddy-dcr/caddy-dcr/internal/"
	for _, room := range []string{"managementapi", "management", "changeset", "state", "audit"} {
		files, err := filepath.Glob(filepath.Join("..", room, "*.go"))
		require.NoError(t, err)
		for _, file := range files {
			parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ParseComments)
			require.NoError(t, err)
			ast.Inspect(parsed, func(n ast.Node) bool {
				if group, ok := n.(*ast.GenDecl); ok && group.Tok == token.TYPE {
					for _, spec := range group.Specs {
						one := spec.(*ast.TypeSpec)
						text := one.Doc.Text()
						if text == "" {
							text = group.Doc.Text()
						}
						note(found, house+room+"."+one.Name.Name, text, one.Type)
					}
				}
				return true
			})
		}
	}
	return found
}

// pathOf is how the comments call a type.
func pathOf(of reflect.Type) string { return of.PkgPath() + "." + of.Name() }

func note(found map[string]string, name, text string, of ast.Expr) {
	fields, ok := of.(*ast.StructType)
	if !ok {
		return
	}
	found[name] = oneLine(text)
	for _, field := range fields.Fields.List {
		for _, one := range field.Names {
			found[name+"."+one.Name] = oneLine(field.Doc.Text())
		}
	}
}

func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }

func pathParts(path string) []string {
	var parts []string
	for part := range strings.SplitSeq(path, "/") {
		if name, ok := strings.CutPrefix(part, "{"); ok {
			parts = append(parts, strings.TrimSuffix(name, "}"))
		}
	}
	return parts
}

func ofPathPart(op operation, part string) object {
	switch {
	case op.id == "liftKill" && part == "kind":
		return object{"type": "string", "enum": []string{"platform", "channel"}}
	case op.id == "liftKill" || part == "name":
		return object{"type": "string"}
	case part == "number":
		return object{"type": "integer", "minimum": 1}
	default:
		return object{"type": "string", "format": "uuid"}
	}
}

func ofParameter(p parameter) object {
	switch {
	case p.kind == number:
		return object{"type": "integer", "minimum": 1, "maximum": largestPage, "default": usualPage}
	case p.kind == moment:
		return object{"type": "string", "format": "date-time"}
	case p.kind == truth:
		return object{"type": "boolean", "default": false}
	case p.kind == id:
		return object{"type": "string", "format": "uuid"}
	case len(p.values) > 0:
		return object{"type": "string", "enum": p.values}
	default:
		return object{"type": "string", "minLength": 1}
	}
}
