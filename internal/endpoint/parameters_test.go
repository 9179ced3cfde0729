package endpoint

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func post(query, contentType, body string) *http.Request {
	r := httptest.NewRequest(http.MethodPost, "/a?"+query, strings.NewReader(body))
	if contentType != "" {
		r.Header.Set("Content-Type", contentType)
	}
	return r
}

func TestEveryValueOfAParameterIsReturned(t *testing.T) {
	r := post("a=1&A=2&b=3&%61=x%20y", formType, "a=4&c=5&a=")
	p := NewParameters(r)
	assert.Equal(t, []string{"1", "2", "x y"}, p.Values("a"), "before the form is read")
	require.NoError(t, p.ReadForm(r, FormLimit))
	assert.Equal(t, []string{"1", "2", "x y", "4", ""}, p.Values("a"))
	assert.Nil(t, p.Values("none"))
}

func TestAFormIsReadAndPutBack(t *testing.T) {
	for name, contentType := range map[string]string{
		"as it is":                  formType,
		"with a charset":            formType + "; charset=UTF-8",
		"with a quoted charset":     formType + `;charset="utf-8"`,
		"with another safe charset": formType + "; charset=ISO-8859-1",
		"in upper case":             strings.ToUpper(formType),
		"without a type":            "",
	} {
		t.Run(name, func(t *testing.T) {
			r := post("", contentType, "requestor_id=REF30&x=%2F")
			closed := &closer{Reader: r.Body}
			r.Body = closed
			r.ContentLength = -1
			r.TransferEncoding = []string{"chunked"}
			p := NewParameters(r)
			require.NoError(t, p.ReadForm(r, FormLimit))
			assert.Equal(t, []string{"REF30"}, p.Values("requestor_id"))

			assert.EqualValues(t, 24, r.ContentLength)
			assert.Empty(t, r.TransferEncoding)
			body, err := io.ReadAll(r.Body)
			require.NoError(t, err)
			assert.Equal(t, "requestor_id=REF30&x=%2F", string(body))
			require.NoError(t, r.Body.Close())
			assert.True(t, closed.closed)
		})
	}
}

type closer struct {
	io.Reader
	closed bool
}

func (c *closer) Close() error { c.closed = true; return nil }

func TestOtherBodiesAreLeftAlone(t *testing.T) {
	for name, contentType := range map[string]string{
		"JSON": "application/json",
		"XML":  "text/xml; charset=utf-16",
	} {
		t.Run(name, func(t *testing.T) {
			r := post("", contentType, "a=1")
			before := r.Body
			p := NewParameters(r)
			require.NoError(t, p.ReadForm(r, FormLimit))
			assert.Empty(t, p.Values("a"))
			assert.Equal(t, before, r.Body)
		})
	}
}

func TestARequestWithoutABodyHasNoForm(t *testing.T) {
	for name, body := range map[string]io.ReadCloser{"nil": nil, "NoBody": http.NoBody} {
		t.Run(name, func(t *testing.T) {
			r := post("", "multipart/form-data; boundary=x", "")
			r.Body = body
			p := NewParameters(r)
			assert.NoError(t, p.ReadForm(r, FormLimit))
		})
	}
}

func TestAFormThatCannotBeReadIsRefused(t *testing.T) {
	for name, c := range map[string]struct {
		spoil func(r *http.Request)
		want  error
	}{
		"too long":                       {func(r *http.Request) { r.Body = io.NopCloser(strings.NewReader(strings.Repeat("a", 101))) }, ErrFormTooLarge},
		"said to be too long":            {func(r *http.Request) { r.ContentLength = 101 }, ErrFormTooLarge},
		"with an invalid escape":         {func(r *http.Request) { r.Body = io.NopCloser(strings.NewReader("a=%zz")) }, ErrFormMalformed},
		"with a semicolon":               {func(r *http.Request) { r.Body = io.NopCloser(strings.NewReader("a=1;b=2")) }, ErrFormMalformed},
		"with a zero byte":               {func(r *http.Request) { r.Body = io.NopCloser(strings.NewReader("a=%00")) }, ErrFormMalformed},
		"with a line break":              {func(r *http.Request) { r.Body = io.NopCloser(strings.NewReader("a=1\r\nb=2")) }, ErrFormMalformed},
		"in parts":                       {func(r *http.Request) { r.Header.Set("Content-Type", "multipart/form-data; boundary=x") }, ErrFormMalformed},
		"compressed":                     {func(r *http.Request) { r.Header.Set("Content-Encoding", "gzip") }, ErrFormMalformed},
		"in UTF-16":                      {func(r *http.Request) { r.Header.Set("Content-Type", formType+"; charset=utf-16") }, ErrFormMalformed},
		"in EBCDIC":                      {func(r *http.Request) { r.Header.Set("Content-Type", formType+"; charset=ibm037") }, ErrFormMalformed},
		"of two content types":           {func(r *http.Request) { r.Header.Add("Content-Type", "application/json") }, ErrFormMalformed},
		"of a content type that is none": {func(r *http.Request) { r.Header.Set("Content-Type", formType+"; charset") }, ErrFormMalformed},
		"cut off": {func(r *http.Request) {
			r.Body = io.NopCloser(io.MultiReader(strings.NewReader("a=1"), broken{}))
		}, ErrFormCut},
	} {
		t.Run(name, func(t *testing.T) {
			r := post("", formType, "a=1")
			c.spoil(r)
			p := NewParameters(r)
			assert.ErrorIs(t, p.ReadForm(r, 100), c.want)
		})
	}
}

func TestAFormOfExactlyTheLimitIsRead(t *testing.T) {
	r := post("", formType, "a="+strings.Repeat("x", 98))
	p := NewParameters(r)
	require.NoError(t, p.ReadForm(r, 100))
	assert.Len(t, p.Values("a")[0], 98)
}

type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, errors.New("connection reset") }
