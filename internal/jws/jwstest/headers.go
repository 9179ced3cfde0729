package jwstest

import (
	"strings"

	"github.com/caddy-dcr/caddy-dcr/internal/jws"
)

// headers must not be believed although the signature is right.
func (g Good) headers() []Forgery {
	h := g.Header
	all := []Forgery{
		g.header("nothing", "{}"),
		g.header("an array", "["+h.String()+"]"),
		g.header("a string", `"x"`),
		g.header("null", "null"),
		g.header("not JSON", "x"),
		g.header("cut short", strings.TrimSuffix(h.String(), "}")),
		g.header("followed by another", h.String()+h.String()),
		g.header("followed by a zero byte", h.String()+"\x00"),
		g.header("after a byte order mark", "\ufeff"+h.String()),
		g.header("not UTF-8", h.And("x", "\"\xff\"").String()),
		g.header("an overlong encoding", h.And("x", "\"\xc0\xaf\"").String()),
		g.header("half a surrogate pair", h.And("x", `"\ud800"`).String()),
		g.header("nested too deeply", h.And("x", strings.Repeat("[", 17)+strings.Repeat("]", 17)).String()),
		g.header("nested as deeply as there is room", h.And("x", strings.Repeat("[", 3000)+strings.Repeat("]", 3000)).String()),
		g.header("a comma too many", strings.TrimSuffix(h.String(), "}")+",}"),
		g.header("in single quotes", strings.ReplaceAll(h.String(), `"`, `'`)),
		g.header("with a comment", h.String()+"/**/"),
		g.header("with a line break in a string", h.And("x", "\"\n\"").String()),
		g.header("in UTF-16", "\x00{\x00}"),
		g.header("a name twice further in", h.And("x", `{"a":1,"a":2}`).String()),
		g.header("no alg", h.Without("alg").String()),
		g.header("alg twice by an escape", h.And(`\u0061lg`, `"none"`).String()),
		g.header("ALG beside alg", h.And("ALG", `"none"`).String()),
		g.header("Alg for alg", h.Without("alg").And("Alg", h.Value("alg")).String()),
		g.header("alg further in", h.Without("alg").And("x", `{"alg":`+h.Value("alg")+`}`).String()),
		g.header("Kid beside kid", h.And("Kid", `"x"`).String()),
		g.header("kid with a Kelvin sign", h.And("\u212Aid", `"x"`).String()),
		g.header("TYP beside typ", h.And("TYP", `"x"`).String()),
	}
	for _, name := range []string{"crit", "b64", "zip", "cty", "enc", "jwk", "jku", "x5c", "x5u"} {
		for _, value := range g.given(name) {
			all = append(all, g.header(name+" "+value, h.And(name, value).String()))
		}
		value := g.given(name)[0]
		all = append(all,
			g.header(name+" by an escape", h.And(escaped(name), value).String()),
			g.header(name+" in front", append(Members(name, value), h...).String()),
			g.header(strings.ToUpper(name), h.And(strings.ToUpper(name), value).String()))
		if capital(name) != strings.ToUpper(name) {
			all = append(all, g.header(capital(name), h.And(capital(name), value).String()))
		}
	}
	for _, name := range []string{"typ", "kid"} {
		for _, value := range []string{"null", "1", "true", `["x"]`, `{"x":1}`} {
			all = append(all, g.header(name+" "+value, h.With(name, value).String()))
		}
	}
	for _, m := range h {
		all = append(all,
			g.header(m.Name+" twice", h.And(m.Name, m.Value).String()),
			g.header(m.Name+" twice, the other in front", append(Members(m.Name, `"x"`), h...).String()),
			g.header(m.Name+" twice, once by an escape", h.And(escaped(m.Name), m.Value).String()))
	}
	return all
}

// given are values of a header member that is never accepted, a telling one
// first.
func (g Good) given(name string) []string {
	telling := map[string][]string{
		"crit": {`["exp"]`, `["b64"]`, `["crit"]`, `[]`, `"exp"`},
		"b64":  {"false", "true", `"false"`, "0"},
		"zip":  {`"DEF"`, `"GZIP"`},
		"cty":  {`"JWT"`, `"application/json"`},
		"enc":  {`"A256GCM"`},
		"jwk":  {g.jwk(g.Key), g.jwk(g.Other), `{"kty":"oct","k":"AAAA"}`, "{}"},
		"jku":  {`"` + g.url() + `/jwks.json"`, `"file:///dev/stdin"`, `""`},
		"x5c":  {`["AAAA"]`, "[]"},
		"x5u":  {`"` + g.url() + `/chain.pem"`, `"data:,"`, `""`},
	}
	return append(telling[name], "null")
}

// jwk is the key as a JWK; for a secret one, a made-up one.
func (g Good) jwk(key *jws.Key) string {
	set, err := jws.JWKS([]*jws.Key{key})
	must(err)
	text := strings.TrimSuffix(strings.TrimPrefix(string(set), `{"keys":[`), `]}`)
	if text == "" {
		text = `{"kty":"oct","k":"` + Encode(key.Thumbprint()) + `"}`
	}
	return text
}

func capital(name string) string { return strings.ToUpper(name[:1]) + name[1:] }
