package jwstest

import "strings"

// claims must not be believed although the signature is right.
func (g Good) claims() []Forgery {
	c := g.Claims
	all := []Forgery{
		g.claim("an array", "["+c.String()+"]"),
		g.claim("a string", `"x"`),
		g.claim("not JSON", "x"),
		g.claim("cut short", strings.TrimSuffix(c.String(), "}")),
		g.claim("followed by others", c.String()+c.String()),
		g.claim("followed by a zero byte", c.String()+"\x00"),
		g.claim("after a byte order mark", "\ufeff"+c.String()),
		g.claim("not UTF-8", c.And("x", "\"\xff\"").String()),
		g.claim("a name that is not UTF-8", c.And("\xff", "1").String()),
		g.claim("an overlong encoding", c.And("x", "\"\xc0\xaf\"").String()),
		g.claim("half a surrogate pair", c.And("x", `"\udc00"`).String()),
		g.claim("nested too deeply", c.And("x", strings.Repeat(`{"a":`, 64)+"1"+strings.Repeat("}", 64)).String()),
		g.claim("a name twice further in", c.And("x", `{"a":1,"a":2}`).String()),
		g.claim("a comma too many", strings.TrimSuffix(c.String(), "}")+",}"),
		g.claim("a number that is none", c.And("x", "NaN").String()),
	}
	for _, name := range []string{"exp", "nbf", "iat"} {
		all = append(all, g.times(name)...)
	}
	for _, m := range c {
		all = append(all,
			g.claim(m.Name+" twice", c.And(m.Name, m.Value).String()),
			g.claim(m.Name+" twice by an escape", c.And(escaped(m.Name), m.Value).String()))
	}
	if len(g.Required) > 0 {
		all = append(all, g.claim("nothing", "{}"))
	}
	for _, name := range g.Required {
		all = append(all,
			g.claim("no "+name, c.Without(name).String()),
			g.claim(name+" null", c.With(name, "null").String()),
			g.claim(name+" true", c.With(name, "true").String()),
			g.claim(name+" an object", c.With(name, `{"x":`+c.Value(name)+`}`).String()),
			g.claim(name+" an array of arrays", c.With(name, `[[`+c.Value(name)+`]]`).String()),
			g.claim(name+" in upper case alone", c.Without(name).And(strings.ToUpper(name), c.Value(name)).String()))
		if strings.HasPrefix(c.Value(name), `"`) {
			all = append(all,
				g.claim(name+" empty", c.With(name, `""`).String()),
				g.claim(name+" a number", c.With(name, "1").String()),
				g.claim(name+" with a space in front", c.With(name, `" `+c.Value(name)[1:]).String()),
				g.claim(name+" with a line break at the end", c.With(name, strings.TrimSuffix(c.Value(name), `"`)+`\n"`).String()),
				g.claim(name+" with a zero byte at the end", c.With(name, strings.TrimSuffix(c.Value(name), `"`)+`\u0000"`).String()))
		}
	}
	for _, name := range []string{"iss", "sub", "aud", "exp", "nbf", "iat", "jti", "scope", "scopes", "client_id"} {
		value := c.Value(name)
		if value == "" {
			value = `"x"`
		}
		all = append(all,
			g.claim(strings.ToUpper(name)+" beside", c.And(strings.ToUpper(name), value).String()),
			g.claim(strings.ToUpper(name[:1])+name[1:]+" beside", c.And(strings.ToUpper(name[:1])+name[1:], value).String()))
		if folded := strings.Replace(name, "s", "\u017f", 1); folded != name {
			all = append(all, g.claim(name+" with a long s beside", c.And(folded, value).String()))
		}
	}
	return all
}

// times are those that no clock shows; a verifier refuses them even where the
// claim is optional.
func (g Good) times(name string) []Forgery {
	var all []Forgery
	for _, value := range []string{
		`""`, `"1764000000"`, `"2025-11-24T00:00:00Z"`, "null", "true", "false", "[]", "{}", "[1764000000]", "0", "-0", "-1", "-1764000000",
		"-9223372036854775808", "9223372036854775807", "9223372036854775808", "18446744073709551616", "18446744073709551617",
		"1764000000000", "253402300800", "1e9", "1.764e9", "1764000000e0", "1.7E+9", "1e308", "1e400", "-1e400", "0.1", "0x69", "01764000000", "+1764000000",
		"1764000000.", ".5", "Infinity", "-Infinity", "NaN", "1_764_000_000",
	} {
		all = append(all, g.claim(name+" "+value, g.Claims.With(name, value).String()))
	}
	return all
}

// escaped writes a name's first letter as an escape.
func escaped(name string) string {
	const digits = "0123456789abcdef"
	return `\u00` + string(digits[name[0]>>4]) + string(digits[name[0]&15]) + name[1:]
}
