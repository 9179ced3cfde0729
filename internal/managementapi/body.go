package managementapi

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strings"

	"github.com/caddy-dcr/caddy-dcr/internal/strictjson"
)

// bodyLimit is far more than any request needs.
const bodyLimit = 64 << 10

// readBody reads the body of a request, which is JSON or nothing.
func readBody(w http.ResponseWriter, r *http.Request, wanted bool) ([]byte, error) {
	data, err := io.ReadAll(http.MaxBytesReader(w, r.Body, bodyLimit))
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		return nil, fault(TooLarge, "", fmt.Sprintf("the body is larger than %d bytes", bodyLimit), "")
	case err != nil:
		return nil, fault(Invalid, "", "the body cannot be read", "send it anew")
	case len(data) == 0:
		return nil, nil
	case !wanted:
		return nil, fault(Invalid, "", "got a body, want none", "")
	}
	// A form of another site's page could have any content, and not this type.
	media, parameters, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if charset := parameters["charset"]; err != nil || media != "application/json" || charset != "" && !strings.EqualFold(charset, "utf-8") {
		return nil, fault(UnsupportedMediaType, "Content-Type", fmt.Sprintf("got %q, want application/json", r.Header.Get("Content-Type")), "")
	}
	return data, nil
}

// read decodes the call's body; no body is an empty object.
func read[T any](c *call) (into T, err error) {
	if len(bytes.TrimSpace(c.body)) == 0 {
		return into, nil
	}
	var field *strictjson.FieldError
	switch err := strictjson.Decode(c.body, &into); {
	case errors.As(err, &field):
		return into, badBody(field.Field, field.Message)
	case err != nil:
		return into, badBody("", "the body is "+err.Error())
	}
	return into, nil
}

func badBody(field, message string) error {
	return fault(Invalid, field, message, "send one JSON object with the documented fields")
}
