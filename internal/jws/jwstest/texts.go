package jwstest

import (
	"encoding/base64"
	"strings"

	"github.com/caddy-dcr/caddy-dcr/internal/jws"
)

// texts break the compact form.
func (g Good) texts() []Forgery {
	raw := g.Raw()
	p := strings.Split(raw, ".")
	all := []Forgery{
		text("nothing", ""),
		text("one part", p[0]),
		text("two parts", p[0]+"."+p[1]),
		text("four parts", raw+"."+p[2]),
		text("five parts", raw+"."+p[1]+"."+p[2]),
		text("an encrypted token", Encode(`{"alg":"dir","enc":"A256GCM"}`)+".."+Encode("nonce")+"."+p[1]+"."+p[2]),
		text("an encrypted token that holds a good one", Encode(`{"alg":"RSA-OAEP","enc":"A256GCM","cty":"JWT"}`)+"."+p[2]+"."+Encode("nonce")+"."+Encode(raw)+"."+Encode("tag")),
		text("an empty part at the end", raw+"."),
		text("an empty part in front", "."+raw),
		text("an empty part inside", p[0]+".."+p[1]+"."+p[2]),
		text("dots alone", ".."),
		text("no header", "."+p[1]+"."+p[2]),
		text("claims elsewhere (RFC 7515 appendix F)", p[0]+".."+p[2]),
		text("no signature", p[0]+"."+p[1]+"."),
		text("in quotes", `"`+raw+`"`),
		text("with a scheme", "Bearer "+raw),
		text("twice, with a comma", raw+","+raw),
		text("twice, with a space", raw+" "+raw),
		text("percent-encoded dots", strings.ReplaceAll(raw, ".", "%2E")),
		text("fullwidth dots", strings.ReplaceAll(raw, ".", "\uff0e")),
		text("a tilde for the last dot, as selective disclosure has", p[0]+"."+p[1]+"~"+p[2]),
		text("the flattened JSON serialization", `{"protected":"`+p[0]+`","payload":"`+p[1]+`","signature":"`+p[2]+`"}`),
		text("the general JSON serialization", `{"payload":"`+p[1]+`","signatures":[{"protected":"`+p[0]+`","signature":"`+p[2]+`"}]}`),
		text("in base64 once more", Encode(raw)),
		text("longer than 16 KiB", raw+strings.Repeat("A", jws.MaxSize)),
		text("longer than 16 KiB and well signed", Compact(g.Key, g.Header.String(), g.Claims.And("x", `"`+strings.Repeat("x", jws.MaxSize)+`"`).String())),
		text("16 KiB of dots", strings.Repeat(".", jws.MaxSize)),
		{"text: header and claims in each other's place", p[1] + "." + p[0] + "." + p[2], InHeader},
	}
	for i, part := range []string{"header", "claims", "signature"} {
		with := func(changed string) string {
			q := append([]string(nil), p...)
			q[i] = changed
			return strings.Join(q, ".")
		}
		all = append(all, text("a "+part+" of a length that nothing has", with(p[i]+strings.Repeat("A", (5-len(p[i])%4)%4))))
		for _, c := range strange {
			all = append(all, text(c.name+" inside the "+part, with(p[i][:4]+c.text+p[i][4:])))
		}
		if rest := len(p[i]) % 4; rest != 0 {
			all = append(all,
				text("bits to spare in the "+part, with(otherBits(p[i]))),
				text("padding after the "+part, with(p[i]+strings.Repeat("=", 4-rest))),
				text("encoded padding after the "+part, with(p[i]+strings.Repeat("%3D", 4-rest))))
		}
		decoded, err := base64.RawURLEncoding.DecodeString(p[i])
		must(err)
		if other := base64.RawStdEncoding.EncodeToString(decoded); other != p[i] {
			all = append(all, text("the other alphabet in the "+part, with(other)))
		}
	}
	for _, c := range strange {
		all = append(all, text(c.name+" in front", c.text+raw))
		if c.text != "=" { // which is in the list as padding
			all = append(all, text(c.name+" at the end", raw+c.text))
		}
	}
	return all
}

// strange is what lenient decoders skip, or take for something else.
var strange = []struct{ name, text string }{
	{"a space", " "},
	{"a line feed", "\n"},
	{"a carriage return", "\r"},
	{"a line break", "\r\n"},
	{"a folded line", "\r\n "},
	{"a tab", "\t"},
	{"a form feed", "\f"},
	{"a zero byte", "\x00"},
	{"a padding character", "="},
	{"a plus sign", "+"},
	{"a slash", "/"},
	{"a percent sign", "%"},
	{"an encoded space", "%20"},
	{"a comma", ","},
	{"a colon", ":"},
	{"a letter of another script", "é"},
	{"a zero-width space", "\u200b"},
	{"a byte order mark", "\ufeff"},
	{"a byte that is not UTF-8", "\xff"},
}

// otherBits sets a bit of the last character that lenient decoders drop.
func otherBits(part string) string {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	last := strings.IndexByte(alphabet, part[len(part)-1])
	return part[:len(part)-1] + string(alphabet[last|1])
}
