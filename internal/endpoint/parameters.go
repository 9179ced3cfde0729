package endpoint

import (
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strings"

	"github.com/caddy-dcr/caddy-dcr/plugins"
)

// FormLimit is the longest form that the gateway reads.
const FormLimit = 64 << 10

// The faults of a form, all of them the client's.
var (
	ErrFormTooLarge  = errors.New("the form is too large")
	ErrFormMalformed = errors.New("the form is malformed")
	ErrFormCut       = errors.New("the form did not arrive whole")
)

// MethodParameters are those that Rails, Laravel, Spring and others take for
// the method. What the gateway checks is the method on the wire.
var MethodParameters = []string{"_method", "x-http-method-override"}

const formType = "application/x-www-form-urlencoded"

// Parameters are those of a request's query and, once read, of its form. They
// stay encoded: a route looks for a few names only.
type Parameters struct {
	query, form string
}

// NewParameters holds those of the query.
func NewParameters(r *http.Request) Parameters { return Parameters{query: r.URL.RawQuery} }

// Values returns every value of the parameter, from the query first, with its
// name in any letter case.
func (p Parameters) Values(name string) []string {
	var values []string
	for _, raw := range [...]string{p.query, p.form} {
		for raw != "" {
			var found, value string
			found, value, raw = cutPair(raw)
			if compare(found, name) == same {
				values = append(values, unescape(value))
			}
		}
	}
	return values
}

// in returns the encoded parameters of the query or of the form.
func (p Parameters) in(place plugins.Place) string {
	if place == plugins.InForm {
		return p.form
	}
	return p.query
}

// ReadForm reads a form-encoded body of at most limit bytes and puts it back,
// so that the next handler finds the request as it was, but for a length that
// is now known. Other bodies are left alone, unless a backend could find form
// parameters in them that the gateway cannot see.
//
// Call [Match.ReadForm] for the routes that need it.
func (p *Parameters) ReadForm(r *http.Request, limit int64) error {
	if !HasBody(r) {
		return nil
	}
	if encoded, err := formEncoded(r.Header); err != nil || !encoded {
		return err
	}
	if r.ContentLength > limit {
		return ErrFormTooLarge
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, limit+1))
	if err != nil {
		return fmt.Errorf("%w: reading the body: %w", ErrFormCut, err)
	}
	if int64(len(body)) > limit {
		return ErrFormTooLarge
	}
	p.form = string(body)
	if err := checkQuery(p.form); err != nil {
		return fmt.Errorf("%w: %w", ErrFormMalformed, err)
	}
	r.Body = restored{strings.NewReader(p.form), r.Body}
	// A chunked body has no length of its own; now that it has, both framings
	// must not be sent.
	r.ContentLength, r.TransferEncoding = int64(len(body)), nil
	return nil
}

// HasBody says whether there is anything that a form could be read from.
func HasBody(r *http.Request) bool { return r.Body != nil && r.Body != http.NoBody }

// restored reads from memory and closes what the memory was filled from.
type restored struct {
	io.Reader
	io.Closer
}

// formEncoded says whether the body is a form that the gateway can read. It
// returns an error for the kinds that only a backend could read.
func formEncoded(h http.Header) (bool, error) {
	types := h["Content-Type"]
	if len(types) == 0 {
		return true, nil // what Rack takes it for
	}
	if len(types) > 1 {
		return false, fmt.Errorf("%w: more than one content type", ErrFormMalformed)
	}
	media, attributes, err := mime.ParseMediaType(types[0])
	if err != nil {
		return false, fmt.Errorf("%w: content type: %w", ErrFormMalformed, err)
	}
	if strings.HasPrefix(media, "multipart/") {
		return false, fmt.Errorf("%w: form parameters in parts are not looked for", ErrFormMalformed)
	}
	if media != formType {
		return false, nil
	}
	if coding := strings.Join(h["Content-Encoding"], ","); coding != "" && !strings.EqualFold(coding, "identity") {
		return false, fmt.Errorf("%w: the body is compressed", ErrFormMalformed)
	}
	switch charset := strings.ToLower(attributes["charset"]); charset {
	case "", "utf-8", "utf8", "us-ascii", "iso-8859-1", "windows-1252":
		return true, nil
	default:
		// Names read differently in UTF-7, UTF-16 or EBCDIC, which application
		// servers are known to honour.
		return false, fmt.Errorf("%w: the charset is no superset of ASCII", ErrFormMalformed)
	}
}
