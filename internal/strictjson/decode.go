package strictjson

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
)

// FieldError is a member that a struct has no place for.
type FieldError struct {
	// Field names it, where it is one of the struct's.
	Field   string
	Message string
}

func (e *FieldError) Error() string { return e.Message }

// Decode reads a strict object into a struct whose members are all tagged. A
// member that the struct does not have is refused, with a [*FieldError]: it is
// a slip that would otherwise be ignored.
func Decode(data []byte, into any) error {
	if _, err := Read(data); err != nil {
		return err
	}
	if name := odd(data, reflect.TypeOf(into)); name != "" {
		return &FieldError{"", fmt.Sprintf("unknown field %q", name)}
	}
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.DisallowUnknownFields()
	err := decoder.Decode(into)
	var mismatch *json.UnmarshalTypeError
	switch {
	case errors.As(err, &mismatch):
		// Go also names the struct that a field was promoted from.
		field := mismatch.Field[strings.LastIndexByte(mismatch.Field, '.')+1:]
		return &FieldError{field, fmt.Sprintf("got a JSON %s, want %s", mismatch.Value, nameOf(mismatch.Type.Kind().String()))}
	case err != nil:
		return &FieldError{"", strings.TrimPrefix(err.Error(), "json: ")}
	}
	return nil
}

var unmarshaler = reflect.TypeFor[json.Unmarshaler]()

// odd finds a member that the type has no field of just that name for:
// encoding/json would take another spelling of a name for the name. What is in
// maps and in types that read themselves is theirs to name.
func odd(data []byte, t reflect.Type) string {
	switch {
	case reflect.PointerTo(t).Implements(unmarshaler):
	case t.Kind() == reflect.Pointer:
		return odd(data, t.Elem())
	case t.Kind() == reflect.Slice && t.Elem().Kind() != reflect.Uint8:
		var elements []json.RawMessage
		_ = json.Unmarshal(data, &elements) // what it is instead, the decoder says
		for _, element := range elements {
			if name := odd(element, t.Elem()); name != "" {
				return name
			}
		}
	case t.Kind() == reflect.Struct:
		var members map[string]json.RawMessage
		_ = json.Unmarshal(data, &members)
		for name, value := range members {
			field, found := fieldOf(t, name)
			if !found {
				return name
			}
			if name := odd(value, field.Type); name != "" {
				return name
			}
		}
	}
	return ""
}

func fieldOf(t reflect.Type, name string) (reflect.StructField, bool) {
	for _, field := range reflect.VisibleFields(t) {
		if tag, _, _ := strings.Cut(field.Tag.Get("json"), ","); tag == name && name != "-" {
			return field, true
		}
	}
	return reflect.StructField{}, false
}

// nameOf is what people who do not write Go call a type.
func nameOf(kind string) string {
	switch kind {
	case "bool":
		return "true or false"
	case "slice":
		return "an array of strings"
	case "struct", "ptr":
		return "an object"
	default:
		return "a " + kind
	}
}
