package jwstest

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"math/big"
	"strings"

	"github.com/caddy-dcr/caddy-dcr/internal/jws"
)

// algorithms are named by a header whose signature is right for another.
func (g Good) algorithms() []Forgery {
	own := g.Header.Value("alg")
	var all []Forgery
	for _, alg := range []string{
		`"none"`, `"None"`, `"NONE"`, `"nOnE"`, `"none "`, `" none"`, `"n\u006fne"`, `"none\u0000"`, `"\uff4eone"`, `""`, `null`, `0`, `true`, `[` + own + `]`, `{}`,
		own[:len(own)-1] + ` "`, `" ` + own[1:], own[:len(own)-1] + `\u0000"`, strings.ToLower(own), `"RS1"`, `"HS1"`, `"MD5"`, `"A256GCM"`, `"A256KW"`, `"RSA-OAEP"`,
		`"dir"`, `"ES256K"`, `"Ed25519"`, `"ESP256"`, `"SHA256withRSA"`, `"http://www.w3.org/2001/04/xmldsig-more#hmac-sha256"`,
	} {
		all = append(all, g.header("alg "+alg, g.Header.With("alg", alg).String()))
	}
	for _, alg := range jws.Algorithms {
		if name := `"` + string(alg) + `"`; name != own {
			f := g.header("alg "+name, g.Header.With("alg", name).String())
			f.Fault = InAlgorithm
			all = append(all, f)
		}
	}
	return all
}

// confusions make what a verifier knows the secret (RFC 8725 section 2.1), or
// ask it to need none.
func (g Good) confusions() []Forgery {
	var all []Forgery
	for _, alg := range []jws.Algorithm{jws.HS256, jws.HS384, jws.HS512} {
		input := Encode(g.Header.With("alg", `"`+string(alg)+`"`).String()) + "." + Encode(g.Claims.String())
		fault := InAlgorithm
		if alg == g.Key.Algorithm() {
			fault = InSignature
		}
		for _, known := range g.known() {
			name := "confusion: " + string(alg) + " with " + known.name
			all = append(all, Forgery{name, input + "." + Encode(string(MAC(hashOf(alg), known.secret, input))), fault})
		}
	}
	signature := g.Raw()[strings.LastIndex(g.Raw(), ".")+1:]
	for _, alg := range []string{"none", "None", "NONE", ""} {
		input := Encode(g.Header.With("alg", `"`+alg+`"`).String()) + "." + Encode(g.Claims.String())
		name := "confusion: the algorithm " + alg
		all = append(all,
			Forgery{name + " without a signature", input + ".", InText},
			Forgery{name + " with two parts", input, InText},
			Forgery{name + " with the good signature", input + "." + signature, InHeader},
			Forgery{name + " with any signature", input + ".AAAA", InHeader})
	}
	return all
}

type known struct {
	name   string
	secret []byte
}

// known are the secrets that an attacker can guess.
func (g Good) known() []known {
	all := []known{
		{"no secret", nil}, {"a byte", []byte{1}}, {"the word secret", []byte("secret")}, {"32 times an a", []byte(strings.Repeat("a", 32))},
		{"the key's id", []byte(g.Key.ID() + "?")}, {"the thumbprint", []byte(g.Key.Thumbprint())}, {"the issuer", []byte(g.Claims.Value("iss"))},
	}
	public := g.Key.Public()
	if public == nil {
		return all
	}
	der, err := x509.MarshalPKIXPublicKey(public)
	must(err)
	set, err := jws.JWKS([]*jws.Key{g.Key})
	must(err)
	text := string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
	all = append(all,
		known{"the public key (DER)", der},
		known{"the public key (DER in hexadecimal)", []byte(hex.EncodeToString(der))},
		known{"the public key (PEM)", []byte(text)},
		known{"the public key (PEM, no line end)", []byte(strings.TrimSpace(text))},
		known{"the public key (PEM, line ends of Windows)", []byte(strings.ReplaceAll(text, "\n", "\r\n"))},
		known{"the public key (PEM, one line)", []byte(strings.ReplaceAll(text, "\n", ""))},
		known{"the public key (PEM, the text inside)", []byte(strings.Join(strings.Split(text, "\n")[1:len(strings.Split(text, "\n"))-2], ""))},
		known{"the JWK", []byte(g.jwk(g.Key))},
		known{"the JWK set", set})
	switch public := public.(type) {
	case *rsa.PublicKey:
		pkcs1 := x509.MarshalPKCS1PublicKey(public)
		all = append(all,
			known{"the public key (PKCS #1)", pkcs1},
			known{"the public key (PKCS #1, PEM)", pem.EncodeToMemory(&pem.Block{Type: "RSA PUBLIC KEY", Bytes: pkcs1})},
			known{"the modulus", public.N.Bytes()},
			known{"the modulus as text", []byte(Encode(string(public.N.Bytes())))},
			known{"the exponent", big.NewInt(int64(public.E)).Bytes()})
	case *ecdsa.PublicKey:
		point, err := public.Bytes()
		must(err)
		all = append(all,
			known{"the point", point},
			known{"the point without its tag", point[1:]},
			known{"the coordinate x", point[1 : 1+len(point)/2]},
			known{"the coordinate x as text", []byte(Encode(string(point[1 : 1+len(point)/2])))})
	case ed25519.PublicKey:
		all = append(all, known{"the point", public}, known{"the point as text", []byte(Encode(string(public)))})
	}
	return all
}
