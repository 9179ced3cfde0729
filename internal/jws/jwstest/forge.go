package jwstest

import (
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"strings"

	"github.com/caddy-dcr/caddy-dcr/internal/jws"
)

// Good is what a verifier accepts, in parts.
type Good struct {
	// Key signs; the verifier knows it. Other is of the same algorithm, and
	// the verifier does not know it.
	Key, Other     *jws.Key
	Header, Claims Object
	// Required names the claims without which the verifier refuses.
	Required []string
}

// Forgery is a text that must be refused.
type Forgery struct{ Name, Raw string }

// Raw is the text that is accepted.
func (g Good) Raw() string { return Compact(g.Key, g.Header.String(), g.Claims.String()) }

// Forgeries lists everything that must be refused whatever the verifier is
// for. Headers and claims are signed with the right key, so that nothing but
// the reading stands between them and being accepted.
func (g Good) Forgeries() []Forgery {
	var all []Forgery
	all = append(all, g.texts()...)
	all = append(all, g.signatures()...)
	all = append(all, g.headers()...)
	all = append(all, g.confusions()...)
	all = append(all, g.claims()...)
	return all
}

func (g Good) header(name string, header string) Forgery {
	return Forgery{"header: " + name, Compact(g.Key, header, g.Claims.String())}
}

func (g Good) claim(name string, claims string) Forgery {
	return Forgery{"claims: " + name, Compact(g.Key, g.Header.String(), claims)}
}

// texts break the compact form.
func (g Good) texts() []Forgery {
	raw := g.Raw()
	p := strings.Split(raw, ".")
	all := []Forgery{
		{"text: nothing", ""},
		{"text: one part", p[0]},
		{"text: two parts", p[0] + "." + p[1]},
		{"text: four parts", raw + "." + p[2]},
		{"text: five parts, as encrypted ones have", raw + ".." + p[2]},
		{"text: an empty part at the end", raw + "."},
		{"text: an empty part in front", "." + raw},
		{"text: dots alone", ".."},
		{"text: no header", "." + p[1] + "." + p[2]},
		{"text: no claims", p[0] + ".." + p[2]},
		{"text: no signature", p[0] + "." + p[1] + "."},
		{"text: in quotes", `"` + raw + `"`},
		{"text: with a scheme", "Bearer " + raw},
		{"text: twice, with a comma", raw + "," + raw},
		{"text: percent-encoded", strings.ReplaceAll(raw, ".", "%2E")},
		{"text: the JSON serialization", `{"protected":"` + p[0] + `","payload":"` + p[1] + `","signature":"` + p[2] + `"}`},
		{"text: parts in another order", p[1] + "." + p[0] + "." + p[2]},
		{"text: longer than 16 KiB", raw + strings.Repeat("A", jws.MaxSize)},
		{"text: longer than 16 KiB and well signed", Compact(g.Key, g.Header.String(), g.Claims.And("x", `"`+strings.Repeat("x", jws.MaxSize)+`"`).String())},
	}
	for _, c := range []struct{ name, text string }{
		{"a space", " "}, {"a line feed", "\n"}, {"a carriage return", "\r"}, {"a tab", "\t"}, {"a zero byte", "\x00"},
		{"a padding character", "="}, {"a plus sign", "+"}, {"a slash", "/"}, {"a letter of another script", "é"}, {"a byte that is not UTF-8", "\xff"},
	} {
		all = append(all,
			Forgery{"text: " + c.name + " in front", c.text + raw},
			Forgery{"text: " + c.name + " at the end", raw + c.text})
		for i, part := range []string{"header", "claims", "signature"} {
			changed := append([]string(nil), p...)
			changed[i] = changed[i][:4] + c.text + changed[i][4:]
			all = append(all, Forgery{"text: " + c.name + " inside the " + part, strings.Join(changed, ".")})
		}
	}
	for i, part := range []string{"header", "claims", "signature"} {
		changed := append([]string(nil), p...)
		changed[i] += "A"
		all = append(all, Forgery{"text: a character more in the " + part, strings.Join(changed, ".")})
		if len(p[i])%4 != 0 {
			changed[i] = otherBits(p[i])
			all = append(all, Forgery{"text: bits to spare in the " + part, strings.Join(changed, ".")})
			changed[i] = p[i] + strings.Repeat("=", 4-len(p[i])%4)
			all = append(all, Forgery{"text: padding after the " + part, strings.Join(changed, ".")})
		}
	}
	return all
}

// otherBits sets a bit of the last character that lenient decoders drop.
func otherBits(part string) string {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	last := strings.IndexByte(alphabet, part[len(part)-1])
	return part[:len(part)-1] + string(alphabet[last|1])
}

// signatures do not fit what they sign.
func (g Good) signatures() []Forgery {
	raw := g.Raw()
	dot := strings.LastIndex(raw, ".")
	input := raw[:dot]
	good := Sign(g.Key, input)
	with := func(name string, signature []byte) Forgery {
		return Forgery{"signature: " + name, input + "." + Encode(string(signature))}
	}
	flip := func(i int) []byte {
		changed := append([]byte(nil), good...)
		changed[i] ^= 1
		return changed
	}
	changed := g.Claims.And("x", "1").String()
	return []Forgery{
		with("the first bit flipped", flip(0)),
		with("a bit in the middle flipped", flip(len(good)/2)),
		with("the last bit flipped", flip(len(good)-1)),
		with("a byte short at the end", good[:len(good)-1]),
		with("a byte short in front", good[1:]),
		with("a zero byte more at the end", append(append([]byte(nil), good...), 0)),
		with("a zero byte more in front", append([]byte{0}, good...)),
		with("twice", append(append([]byte(nil), good...), good...)),
		with("half", good[:len(good)/2]),
		with("one byte", []byte{1}),
		with("zeros", make([]byte, len(good))),
		with("of the claims alone", Sign(g.Key, Encode(g.Claims.String()))),
		with("of another text", Sign(g.Key, input+"x")),
		with("by another key", Sign(g.Other, input)),
		{"signature: of other claims", Encode(g.Header.String()) + "." + Encode(changed) + "." + Encode(string(good))},
		{"signature: of another header", Encode(g.Header.And("x", "1").String()) + "." + Encode(g.Claims.String()) + "." + Encode(string(good))},
	}
}

// headers must not be believed although the signature is right.
func (g Good) headers() []Forgery {
	h := g.Header
	all := []Forgery{
		g.header("nothing", "{}"),
		g.header("an array", "["+h.String()+"]"),
		g.header("a string", `"x"`),
		g.header("not JSON", "x"),
		g.header("followed by another", h.String()+h.String()),
		g.header("after a byte order mark", "\ufeff"+h.String()),
		g.header("not UTF-8", h.And("x", "\"\xff\"").String()),
		g.header("half a surrogate pair", h.And("x", `"\ud800"`).String()),
		g.header("nested too deeply", h.And("x", strings.Repeat("[", 64)+strings.Repeat("]", 64)).String()),
		g.header("a comma too many", strings.TrimSuffix(h.String(), "}")+",}"),
		g.header("in UTF-16", "\x00{\x00}"),
		g.header("no alg", h.Without("alg").String()),
		g.header("alg twice", h.And("alg", h.Value("alg")).String()),
		g.header("alg twice by an escape", h.And(`\u0061lg`, `"none"`).String()),
		g.header("ALG beside alg", h.And("ALG", `"none"`).String()),
		g.header("Alg for alg", h.Without("alg").And("Alg", h.Value("alg")).String()),
		g.header("Kid beside kid", h.And("Kid", `"x"`).String()),
		g.header("kid with a Kelvin sign", h.And("\u212Aid", `"x"`).String()),
		g.header("Crit", h.And("Crit", `["exp"]`).String()),
	}
	for _, alg := range []string{
		`"none"`, `"None"`, `"NONE"`, `"nOnE"`, `"none "`, `" none"`, `"n\u006fne"`, `"none\u0000"`, `""`, `null`, `0`, `true`, `["RS256"]`, `{}`,
		`"RS256 "`, `"rs256"`, `"hs256"`, `"es256"`, `"RS1"`, `"HS1"`, `"MD5"`, `"A256GCM"`, `"dir"`, `"ES256K"`,
		`"RS256"`, `"RS384"`, `"RS512"`, `"PS256"`, `"PS384"`, `"PS512"`, `"ES256"`, `"ES384"`, `"ES512"`, `"EdDSA"`, `"HS256"`, `"HS384"`, `"HS512"`,
	} {
		if alg != h.Value("alg") {
			all = append(all, g.header("alg "+alg, h.With("alg", alg).String()))
		}
	}
	for _, m := range []Member{
		{"crit", `["exp"]`}, {"crit", `[]`}, {"crit", `["b64"]`}, {"crit", `null`}, {"b64", `false`}, {"b64", `true`}, {"zip", `"DEF"`},
		{"cty", `"JWT"`}, {"enc", `"A256GCM"`}, {"jwk", `{"kty":"oct","k":"AAAA"}`}, {"jwk", `null`}, {"x5c", `["AAAA"]`},
		{"jku", `"http://127.0.0.1/jwks"`}, {"x5u", `"http://127.0.0.1/cert"`},
	} {
		all = append(all, g.header(m.Name+" "+m.Value, h.And(m.Name, m.Value).String()))
	}
	for _, name := range []string{"typ", "kid"} {
		for _, value := range []string{"null", "1", "true", `["x"]`, `{"x":1}`} {
			all = append(all, g.header(name+" "+value, h.With(name, value).String()))
		}
		if value := h.Value(name); value != "" {
			all = append(all, g.header(name+" twice", h.And(name, value).String()))
		}
	}
	return all
}

// confusions make a verifier's own knowledge the secret (RFC 8725 section 2.1).
func (g Good) confusions() []Forgery {
	var all []Forgery
	for _, alg := range []string{"HS256", "HS384", "HS512"} {
		header := g.Header.With("alg", `"`+alg+`"`)
		input := Encode(header.String()) + "." + Encode(g.Claims.String())
		for name, secret := range g.known() {
			all = append(all, Forgery{fmt.Sprintf("confusion: %s with %s", alg, name), input + "." + Encode(string(MAC(secret, input)))})
		}
	}
	for _, alg := range []string{"none", "None", "NONE"} {
		input := Encode(g.Header.With("alg", `"`+alg+`"`).String()) + "." + Encode(g.Claims.String())
		all = append(all,
			Forgery{"confusion: " + alg + " without a signature", input + "."},
			Forgery{"confusion: " + alg + " with two parts", input},
			Forgery{"confusion: " + alg + " with the good signature", input + g.Raw()[strings.LastIndex(g.Raw(), "."):]})
	}
	return all
}

// known are the secrets that an attacker can guess.
func (g Good) known() map[string][]byte {
	secrets := map[string][]byte{
		"no secret": nil, "a zero": {0}, "the word secret": []byte("secret"), "32 zeros": make([]byte, 32),
		"the key's id": []byte(g.Key.ID()), "the thumbprint": []byte(g.Key.Thumbprint()),
	}
	if public := g.Key.Public(); public != nil {
		der, err := x509.MarshalPKIXPublicKey(public)
		must(err)
		text := pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})
		set, err := jws.JWKS([]*jws.Key{g.Key})
		must(err)
		secrets["the public key (DER)"] = der
		secrets["the public key (PEM)"] = text
		secrets["the public key (PEM, no line end)"] = []byte(strings.TrimSpace(string(text)))
		secrets["the JWK set"] = set
	}
	return secrets
}
