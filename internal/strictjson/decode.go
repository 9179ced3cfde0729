package strictjson

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

// FieldError is a member that a struct has no place for.
type FieldError struct {
	// Field names it, where it is one of the struct's.
	Field   string
	Message string
}

func (e *FieldError) Error() string { return e.Message }

// Decode reads a strict object into a struct whose members are all in small
// letters. A member that the struct does not have is refused, with a
// [*FieldError]: it is a slip that would otherwise be ignored.
func Decode(data []byte, into any) error {
	if _, err := Read(data); err != nil {
		return err
	}
	if name := odd(data); name != "" {
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

// odd finds a member whose name is in other letters: encoding/json would take
// another spelling of a name for the name.
func odd(data []byte) string {
	decoder := json.NewDecoder(bytes.NewReader(data))
	var inObject []bool
	key := false
	for {
		token, err := decoder.Token()
		if err != nil {
			return ""
		}
		if name, ok := token.(string); ok && key {
			if strings.ContainsFunc(name, func(c rune) bool { return c != '_' && (c < 'a' || c > 'z') }) {
				return name
			}
			key = false
			continue
		}
		switch token {
		case json.Delim('{'), json.Delim('['):
			inObject = append(inObject, token == json.Delim('{'))
		case json.Delim('}'), json.Delim(']'):
			inObject = inObject[:len(inObject)-1]
		}
		key = len(inObject) > 0 && inObject[len(inObject)-1]
	}
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
