package strictjson_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/caddy-dcr/caddy-dcr/internal/strictjson"
)

// nested is an object whose innermost value is depth deep.
func nested(depth int) string {
	return strings.Repeat(`{"a":`, depth-1) + "{}" + strings.Repeat("}", depth-1)
}

func TestReadAccepts(t *testing.T) {
	for name, text := range map[string]string{
		"an empty object":                             `{}`,
		"white space wherever it may stand":           " {\t\"a\" :\r\n[ 1 , 2 ] , \"b\" : { } }\n",
		"every kind of value":                         `{"a":"","b":0,"c":-1.5e+3,"d":true,"e":false,"f":null,"g":[],"h":{}}`,
		"the same name in different objects":          `{"a":{"a":1},"b":[{"a":1},{"a":2}]}`,
		"names that differ in case":                   `{"a":1,"A":2}`,
		"an empty name":                               `{"":1}`,
		"characters beyond ASCII":                     `{"é":"日本 😀"}`,
		"a surrogate pair":                            `{"a":"\ud83d\uDE00"}`,
		"every escape":                                `{"a":"\"\\\/\b\f\n\r\t\u0041"}`,
		"the replacement character, since it is text": "{\"a\":\"\ufffd\\ufffd\"}",
		"the greatest depth":                          nested(strictjson.MaxDepth),
		"as many members as there are":                members(3000),
	} {
		t.Run(name, func(t *testing.T) {
			_, err := strictjson.Read([]byte(text))
			assert.NoError(t, err)
		})
	}
}

func members(n int) string {
	list := make([]string, n)
	for i := range list {
		list[i] = fmt.Sprintf(`"m%d":%d`, i, i)
	}
	return "{" + strings.Join(list, ",") + "}"
}

func TestReadRefuses(t *testing.T) {
	for name, text := range map[string]string{
		"nothing":                              ``,
		"white space alone":                    ` `,
		"an array":                             `[]`,
		"a string":                             `"{}"`,
		"null":                                 `null`,
		"a byte order mark":                    "\ufeff{}",
		"an object cut short":                  `{"a":1`,
		"a name cut short":                     `{"a`,
		"an escape cut short":                  `{"a\`,
		"a member without a value":             `{"a":}`,
		"a member without a colon":             `{"a" 1}`,
		"a name without quotes":                `{a:1}`,
		"a name in single quotes":              `{'a':1}`,
		"a number for a name":                  `{1:1}`,
		"a comma before the end":               `{"a":1,}`,
		"a comma alone":                        `{,}`,
		"no comma":                             `{"a":1 "b":2}`,
		"a comma before an array's end":        `{"a":[1,]}`,
		"no comma in an array":                 `{"a":[1 2]}`,
		"an array cut short":                   `{"a":[1`,
		"an array closed by a brace":           `{"a":[1}}`,
		"a comment":                            `{"a":1/**/}`,
		"a second object":                      `{}{}`,
		"text after the object":                `{}x`,
		"a zero byte after the object":         "{}\x00",
		"a zero byte for a value":              "{\"a\":\x00}",
		"a name given twice":                   `{"a":1,"a":1}`,
		"a name given twice by an escape":      `{"a":1,"\u0061":1}`,
		"a name given twice further in":        `{"a":{"b":1,"b":1}}`,
		"a name given twice in an array":       `{"a":[{"b":1,"b":1}]}`,
		"the last of many names given before":  strings.Replace(members(3000), `"m2999"`, `"m17"`, 1),
		"the 17th name is the first":           strings.Replace(members(17), `"m16"`, `"m0"`, 1),
		"bytes that are not UTF-8":             "{\"a\":\"\xff\"}",
		"an overlong encoding":                 "{\"a\":\"\xc0\xaf\"}",
		"a surrogate in UTF-8":                 "{\"a\":\"\xed\xa0\x80\"}",
		"a name that is not UTF-8":             "{\"\x80\":1}",
		"a high surrogate alone":               `{"a":"\ud83d"}`,
		"a high surrogate before text":         `{"a":"\ud83dxxxxxx"}`,
		"a high surrogate before an escape":    `{"a":"\ud83d\n"}`,
		"two high surrogates":                  `{"a":"\ud83d\ud83d"}`,
		"a low surrogate alone":                `{"a":"\ude00"}`,
		"a surrogate pair cut short":           `{"a":"\ud83d\u12"}`,
		"an unknown escape":                    `{"a":"\x41"}`,
		"an escape without digits":             `{"a":"\u00g0"}`,
		"a line break in a string":             "{\"a\":\"\n\"}",
		"a zero byte in a string":              "{\"a\":\"\x00\"}",
		"a number with a leading zero":         `{"a":01}`,
		"a number with a plus sign":            `{"a":+1}`,
		"a number without digits":              `{"a":-}`,
		"a number that begins with a point":    `{"a":.5}`,
		"a number that ends in a point":        `{"a":1.}`,
		"a number that ends in an exponent":    `{"a":1e}`,
		"a hexadecimal number":                 `{"a":0x10}`,
		"not a number":                         `{"a":NaN}`,
		"infinity":                             `{"a":Infinity}`,
		"a word in another case":               `{"a":True}`,
		"half a word":                          `{"a":nul}`,
		"one level too deep":                   nested(strictjson.MaxDepth + 1),
		"arrays too deep":                      `{"a":` + strings.Repeat("[", 20) + strings.Repeat("]", 20) + "}",
		"a million brackets":                   `{"a":` + strings.Repeat("[", 1_000_000),
		"a form feed where space may be":       "{\f}",
		"a no-break space where space may be":  "{\u00a0}",
		"a line separator where space may be":  "{\u2028}",
		"an escaped quote that ends the input": `{"a\"`,
	} {
		t.Run(name, func(t *testing.T) {
			o, err := strictjson.Read([]byte(text))
			require.ErrorIs(t, err, strictjson.ErrInvalid)
			assert.Empty(t, slices.Collect(o.Names()), "what is refused holds nothing")
		})
	}
}

func TestAnErrorTellsTheNameThatIsGivenTwiceUnlessItCouldBeASecret(t *testing.T) {
	for name, tc := range map[string]struct{ member, shown string }{
		"a parameter's name": {"software_statement", ": software_statement"},
		"a token":            {"eyJhbGciOiJub25lIn0", ""},
		"a long one":         {strings.Repeat("a", 33), ""},
		"an empty one":       {"", ""},
		"a line break":       {`a\nb`, ""},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := strictjson.Read(fmt.Appendf(nil, `{"%[1]s":1,"%[1]s":2}`, tc.member))
			assert.EqualError(t, err, "not one strict JSON object: a name is given twice"+tc.shown)
		})
	}
}

func read(t testing.TB, text string) strictjson.Object {
	t.Helper()
	o, err := strictjson.Read([]byte(text))
	require.NoError(t, err)
	return o
}

func TestNames(t *testing.T) {
	o := read(t, `{"b":1,"a":{"c":1}}`)
	assert.Equal(t, []string{"b", "a"}, slices.Collect(o.Names()))
	for range o.Names() {
		break // a caller may stop early
	}
	assert.True(t, o.Has("a"))
	assert.False(t, o.Has("A"))
	assert.False(t, o.Has("c"))
	assert.True(t, read(t, `{"n":null}`).Has("n"), "null is a value")
	assert.False(t, strictjson.Object{}.Has("a"))
}

func TestString(t *testing.T) {
	o := read(t, `{"a":"plain","e":"\"\\\/\b\f\n\r\t\u0041\u00e9\ud83d\ude00x","n":null,"i":1,"":"x"}`)
	for name, want := range map[string]string{"a": "plain", "e": "\"\\/\b\f\n\r\tAé😀x", "": "x"} {
		value, present, err := o.String(name)
		require.NoError(t, err)
		assert.True(t, present)
		assert.Equal(t, want, value)
	}
	_, present, err := o.String("absent")
	require.NoError(t, err)
	assert.False(t, present)
	for _, name := range []string{"n", "i"} {
		_, present, err = o.String(name)
		assert.True(t, present)
		assert.EqualError(t, err, fmt.Sprintf("member %q: a string is wanted", name))
	}
}

func TestArrays(t *testing.T) {
	o := read(t, `{"none":[ ],"two":[ "a" ,"\u0062"],"mixed":["a",1],"one":"a","null":null,"object":{"x":{"y":[]}},"objects":[ {"x":[1,{"y":2}]} , {} ]}`)

	values, present, err := o.Strings("two")
	require.NoError(t, err)
	assert.True(t, present)
	assert.Equal(t, []string{"a", "b"}, values)
	values, present, err = o.Strings("none")
	require.NoError(t, err)
	assert.True(t, present)
	assert.Empty(t, values)
	_, present, err = o.Strings("absent")
	require.NoError(t, err)
	assert.False(t, present)
	for _, name := range []string{"mixed", "one", "null", "objects"} {
		_, _, err = o.Strings(name)
		assert.EqualError(t, err, fmt.Sprintf("member %q: an array of strings is wanted", name))
	}

	values, _, err = o.OneOrMany("one")
	require.NoError(t, err)
	assert.Equal(t, []string{"a"}, values)
	values, _, err = o.OneOrMany("two")
	require.NoError(t, err)
	assert.Equal(t, []string{"a", "b"}, values)
	_, _, err = o.OneOrMany("null")
	assert.Error(t, err)

	object, present, err := o.Object("object")
	require.NoError(t, err)
	assert.True(t, present)
	assert.True(t, object.Has("x"))
	_, present, err = o.Object("two")
	assert.True(t, present)
	assert.EqualError(t, err, `member "two": an object is wanted`)
	_, present, err = o.Object("absent")
	require.NoError(t, err)
	assert.False(t, present)

	objects, present, err := o.Objects("objects")
	require.NoError(t, err)
	assert.True(t, present)
	require.Len(t, objects, 2)
	assert.True(t, objects[0].Has("x"))
	_, _, err = o.Objects("two")
	assert.EqualError(t, err, `member "two": an array of objects is wanted`)
	_, present, err = o.Objects("absent")
	require.NoError(t, err)
	assert.False(t, present)
}

func TestInt64(t *testing.T) {
	for text, want := range map[string]int64{"0": 0, "-0": 0, "-12": -12, "9007199254740991": 1<<53 - 1} {
		value, present, err := read(t, `{"n":`+text+`}`).Int64("n")
		require.NoError(t, err, text)
		assert.True(t, present)
		assert.Equal(t, want, value)
	}
	for _, text := range []string{
		"1.0", "1e3", "9007199254740992", "-9007199254740992", "9223372036854775808", "1e400", `"1"`, "null", "true", "[1]", "{}",
	} {
		_, present, err := read(t, `{"n":`+text+`}`).Int64("n")
		assert.True(t, present)
		assert.EqualError(t, err, `member "n": an integer is wanted`, text)
	}
	_, present, err := strictjson.Object{}.Int64("n")
	require.NoError(t, err)
	assert.False(t, present)
}

func TestNumericDate(t *testing.T) {
	for text, want := range map[string]int64{
		"1": 1, "1764000000": 1764000000, "1764000000.999999": 1764000000, "253402300799": 253402300799,
	} {
		value, present, err := read(t, `{"exp":`+text+`}`).NumericDate("exp")
		require.NoError(t, err, text)
		assert.True(t, present)
		assert.Equal(t, want, value)
	}
	for _, text := range []string{
		"0", "0.5", "-1", "-1764000000", "253402300800", "1764000000000", "1e9", "1.7e9", "1.7E+9", "1e400", "-1e400",
		"9223372036854775807", "9223372036854775808", "18446744073709551617", `"1764000000"`, "null", "true", "[1764000000]", "{}",
	} {
		_, present, err := read(t, `{"exp":`+text+`}`).NumericDate("exp")
		assert.True(t, present)
		assert.EqualError(t, err, `member "exp": a date in seconds is wanted`, text)
	}
	_, present, err := strictjson.Object{}.NumericDate("exp")
	require.NoError(t, err)
	assert.False(t, present)
}
