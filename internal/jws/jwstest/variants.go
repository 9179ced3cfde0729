package jwstest

import (
	"crypto/ecdsa"
	"strings"
)

// Variant is a text that is odd and must be accepted all the same: refusing it
// would fail clients for a form that the RFCs allow.
type Variant struct{ Name, Raw string }

// Variants lists them. Beside a table of forgeries they show that it is the
// fault that is refused, and not what lies beside it.
func (g Good) Variants() []Variant {
	h, c := g.Header, g.Claims
	with := func(name string, header, claims string) Variant { return Variant{name, Compact(g.Key, header, claims)} }
	all := []Variant{
		with("as it is", h.String(), c.String()),
		with("white space in the header", " {\t\"x\"\r\n: [ ] ,"+h.String()[1:]+"\n", c.String()),
		with("white space in the claims", h.String(), "\r\n"+strings.ReplaceAll(c.String(), `,"`, " ,\t\"")+" "),
		with("names and values by escapes", h.Without("alg").And(escaped("alg"), h.Value("alg")[:1]+escaped(h.Value("alg")[1:])).String(), c.String()),
		with("members in another order", backwards(h).String(), backwards(c).String()),
		with("a header member that nobody knows", h.And("nonce", `"x"`).And("ver", `{"a":[1]}`).String(), c.String()),
		with("thumbprints of a certificate", h.And("x5t", `"AAAA"`).And("x5t#S256", `"AAAA"`).String(), c.String()),
		with("claims that nobody knows", h.String(), c.And("https://example.com/is_root", "true").And("", "null").And("é", `"日本 😀"`).String()),
		with("a long number that nobody reads", h.String(), c.And("x", "1"+strings.Repeat("0", 6000)).String()),
		with("as many names as there is room", h.String(), c.And("x", names(1100)).String()),
		with("nested as deeply as it may be", h.String(), c.And("x", strings.Repeat("[", 15)+strings.Repeat("]", 15)).String()),
		with("a name of the claims in the header", h.And("exp", "1").String(), c.String()),
		with("a name of the header in the claims", h.String(), c.And("alg", `"none"`).And("crit", `["x"]`).String()),
	}
	if !g.Key.Algorithm().Symmetric() {
		if private, ok := private(g.Key).(*ecdsa.PrivateKey); ok {
			input := g.Raw()[:strings.LastIndex(g.Raw(), ".")]
			good := Sign(g.Key, input)
			all = append(all,
				Variant{"the signature", input + "." + Encode(string(good))},
				Variant{"the signature with its s negated", input + "." + Encode(string(negated(good, private)))})
		}
	}
	return all
}

func backwards(o Object) Object {
	changed := make(Object, 0, len(o))
	for i := len(o) - 1; i >= 0; i-- {
		changed = append(changed, o[i])
	}
	return changed
}

// names is an object of so many members.
func names(n int) string {
	var b strings.Builder
	b.WriteByte('{')
	for i := range n {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(`"` + string(rune('a'+i%26)) + string(rune('a'+i/26%26)) + string(rune('a'+i/676)) + `":1`)
	}
	b.WriteByte('}')
	return b.String()
}
