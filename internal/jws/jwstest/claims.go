package jwstest

import (
	"slices"
	"strings"
)

// registered are the names of which a verifier accepts no other spelling.
var registered = []string{"iss", "sub", "aud", "exp", "nbf", "iat", "jti", "scope", "scopes", "client_id"}

var times = []string{"exp", "nbf", "iat"}

// claims must not be believed although the signature is right.
func (g Good) claims() []Forgery {
	c := g.Claims
	none := func(name, claims string) Forgery { return g.claim(InClaims, name, claims) }
	all := []Forgery{
		none("an array", "["+c.String()+"]"),
		none("a string", `"x"`),
		none("null", "null"),
		none("not JSON", "x"),
		none("cut short", strings.TrimSuffix(c.String(), "}")),
		none("followed by others", c.String()+c.String()),
		none("followed by a zero byte", c.String()+"\x00"),
		none("followed by a bracket", c.String()+"]"),
		none("after a byte order mark", "\ufeff"+c.String()),
		none("in UTF-16", "{\x00}\x00"),
		none("with a comment", c.String()+"//"),
		none("not UTF-8", c.And("x", "\"\xff\"").String()),
		none("a name that is not UTF-8", c.And("\xff", "1").String()),
		none("an overlong encoding", c.And("x", "\"\xc0\xaf\"").String()),
		none("a surrogate in UTF-8", c.And("x", "\"\xed\xa0\x80\"").String()),
		none("half a surrogate pair", c.And("x", `"\udc00"`).String()),
		none("a surrogate pair cut short", c.And("x", `"\ud83d\u12"`).String()),
		none("an unknown escape", c.And("x", `"\x41"`).String()),
		none("a line break in a string", c.And("x", "\"\n\"").String()),
		none("nested too deeply", c.And("x", strings.Repeat(`{"a":`, 16)+"1"+strings.Repeat("}", 16)).String()),
		none("nested as deeply as there is room", c.And("x", strings.Repeat("[", 5000)+strings.Repeat("]", 5000)).String()),
		none("brackets that are never closed", c.And("x", strings.Repeat("[", 9000)).String()),
		none("a name twice further in", c.And("x", `{"a":1,"a":2}`).String()),
		none("a name twice in an array", c.And("x", `[{"a":1,"a":2}]`).String()),
		none("a comma too many", strings.TrimSuffix(c.String(), "}")+",}"),
		none("a number that is none", c.And("x", "NaN").String()),
		none("a number with a zero in front", c.And("x", "01").String()),
		none("a word in another case", c.And("x", "True").String()),
	}
	for _, name := range times {
		all = append(all, g.times(name)...)
	}
	for _, m := range c {
		all = append(all,
			none(m.Name+" twice", c.And(m.Name, m.Value).String()),
			none(m.Name+" twice, null in front", append(Members(m.Name, "null"), c...).String()),
			none(m.Name+" twice, once by an escape", c.And(escaped(m.Name), m.Value).String()))
	}
	for _, name := range registered {
		all = append(all, g.spellings(name)...)
	}
	if len(g.Required) > 0 {
		all = append(all, g.claim(InRequired, "nothing", "{}"))
	}
	for _, name := range g.Required {
		all = append(all, g.required(name)...)
	}
	return all
}

// spellings are names that readers in some languages take for the right one.
func (g Good) spellings(name string) []Forgery {
	value := g.Claims.Value(name)
	if value == "" {
		value = `"x"`
	}
	all := []Forgery{
		g.claim(InClaims, strings.ToUpper(name)+" beside", g.Claims.And(strings.ToUpper(name), value).String()),
		g.claim(InClaims, capital(name)+" beside", g.Claims.And(capital(name), value).String()),
		g.claim(InClaims, capital(name)+" in front", append(Members(capital(name), value), g.Claims...).String()),
		g.claim(InClaims, capital(name)+" by an escape beside", g.Claims.And(escaped(capital(name)), value).String()),
	}
	if folded := strings.Replace(name, "s", "\u017f", 1); folded != name {
		all = append(all, g.claim(InClaims, name+" with a long s beside", g.Claims.And(folded, value).String()))
	}
	return all
}

// required are claims that a verifier wants, and does not get as it wants.
func (g Good) required(name string) []Forgery {
	c, value := g.Claims, g.Claims.Value(name)
	wrong := InRequired // of what is wrong with its value
	if slices.Contains(times, name) {
		wrong = InTimes
	}
	upper := InRequired
	if slices.Contains(registered, name) {
		upper = InClaims
	}
	all := []Forgery{
		g.claim(InRequired, "no "+name, c.Without(name).String()),
		g.claim(InRequired, name+" further in", c.Without(name).And("x", `{"`+name+`":`+value+`}`).String()),
		g.claim(upper, name+" in upper case alone", c.Without(name).And(strings.ToUpper(name), value).String()),
		g.claim(wrong, name+" null", c.With(name, "null").String()),
		g.claim(wrong, name+" true", c.With(name, "true").String()),
		g.claim(wrong, name+" an object", c.With(name, `{"x":`+value+`}`).String()),
		g.claim(wrong, name+" an empty array", c.With(name, `[]`).String()),
		g.claim(wrong, name+" an array of arrays", c.With(name, `[[`+value+`]]`).String()),
	}
	if name != "aud" {
		all = append(all, g.claim(wrong, name+" in an array", c.With(name, `[`+value+`]`).String()))
	}
	inner, isText := strings.CutPrefix(value, `"`)
	if !isText {
		return append(all, g.claim(wrong, name+" as a text", c.With(name, `"`+value+`"`).String()))
	}
	inner = strings.TrimSuffix(inner, `"`)
	for _, changed := range []struct{ name, value string }{
		{"empty", ""}, {"with a space in front", " " + inner}, {"with a space at the end", inner + " "},
		{"with a line break at the end", inner + `\n`}, {"with a zero byte at the end", inner + `\u0000`},
		{"with a zero byte and more", inner + `\u0000x`}, {"with a byte order mark", `\ufeff` + inner}, {"in quotes", `\"` + inner + `\"`},
		{"twice in one", inner + " " + inner}, {"with a comma", inner + ","}, {"with a letter in front", "a" + inner},
	} {
		all = append(all, g.claim(InRequired, name+" "+changed.name, c.With(name, `"`+changed.value+`"`).String()))
	}
	return append(all, g.claim(InRequired, name+" a number", c.With(name, "1").String()))
}

// times are those that no clock shows; a verifier refuses them even where the
// claim is optional.
func (g Good) times(name string) []Forgery {
	var all []Forgery
	for _, value := range []string{
		`""`, `"1764000000"`, `"2025-11-24T00:00:00Z"`, "null", "true", "false", "[]", "{}", "[1764000000]", `{"exp":1764000000}`,
		"0", "-0", "-0.0", "-1", "-1764000000", "0.1", "0.999999999999",
		"-9223372036854775808", "-9223372036854775809", "9223372036854775807", "9223372036854775808", "18446744073709551616", "18446744073709551617",
		"9007199254740993", "1764000000000", "1764000000000000000", "253402300800", "4294967296000",
		"1e9", "1.764e9", "1764000000e0", "1.764000000e+9", "17640000000e-1", "1.7E+9", "1e308", "1e400", "-1e400", "1e-400", "1764000000.0e0",
		strings.Repeat("9", 400), "1" + strings.Repeat("0", 6000), "1764000000.5e" + strings.Repeat("0", 6000),
	} {
		all = append(all, g.claim(InTimes, name+" "+short(value), g.Claims.With(name, value).String()))
	}
	for _, value := range []string{
		"0x69", "0b1", "0o7", "01764000000", "+1764000000", "1764000000.", ".5", "1764000000.e1", "1764000000e", "Infinity", "-Infinity", "NaN", "1_764_000_000",
		"1,764,000,000", "1764000000n", "١٧٦٤٠٠٠٠٠٠", "'1764000000'", "undefined", "",
	} {
		all = append(all, g.claim(InClaims, name+" "+short(value), g.Claims.With(name, value).String()))
	}
	return all
}

func short(text string) string {
	if len(text) > 40 {
		return text[:20] + "…"
	}
	return text
}

// escaped writes a name's first letter as an escape.
func escaped(name string) string {
	const digits = "0123456789abcdef"
	return `\u00` + string(digits[name[0]>>4]) + string(digits[name[0]&15]) + name[1:]
}
