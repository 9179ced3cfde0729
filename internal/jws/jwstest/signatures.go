package jwstest

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/sha256"
	"slices"
	"strings"
)

// signing makes forgeries of one text with signatures that do not fit it.
type signing struct {
	input string
	good  []byte
}

func (s signing) with(name string, signature []byte) Forgery {
	return Forgery{"signature: " + name, s.input + "." + Encode(string(signature)), InSignature}
}

// signatures do not fit what they sign.
func (g Good) signatures() []Forgery {
	raw := g.Raw()
	input := raw[:strings.LastIndex(raw, ".")]
	s := signing{input, Sign(g.Key, input)}
	good := s.good
	flip := func(i int, bit byte) []byte {
		changed := slices.Clone(good)
		changed[i] ^= bit
		return changed
	}
	zeros := make([]byte, len(good))
	changed := g.Claims.And("x", "1").String()
	all := []Forgery{
		s.with("the first bit flipped", flip(0, 0x80)),
		s.with("a bit in the middle flipped", flip(len(good)/2, 1)),
		s.with("the last bit flipped", flip(len(good)-1, 1)),
		s.with("a byte short at the end", good[:len(good)-1]),
		s.with("a byte short in front", good[1:]),
		s.with("a zero byte more at the end", append(slices.Clone(good), 0)),
		s.with("a zero byte more in front", append([]byte{0}, good...)),
		s.with("twice", append(slices.Clone(good), good...)),
		s.with("the first half", good[:len(good)/2]),
		s.with("the second half", good[len(good)/2:]),
		s.with("one byte", []byte{1}),
		s.with("zeros", zeros),
		s.with("ones", slices.Repeat([]byte{0xff}, len(good))),
		s.with("as text", []byte(Encode(string(good)))),
		s.with("backwards", reversed(good)),
		s.with("of the header alone", Sign(g.Key, Encode(g.Header.String()))),
		s.with("of the claims alone", Sign(g.Key, Encode(g.Claims.String()))),
		s.with("of the decoded text", Sign(g.Key, g.Header.String()+"."+g.Claims.String())),
		s.with("of another text", Sign(g.Key, input+"x")),
		s.with("of nothing", Sign(g.Key, "")),
		s.with("by another key", Sign(g.Other, input)),
		{"signature: of other claims", Encode(g.Header.String()) + "." + Encode(changed) + "." + Encode(string(good)), InSignature},
		{"signature: of another header", Encode(g.Header.And("x", "1").String()) + "." + Encode(g.Claims.String()) + "." + Encode(string(good)), InSignature},
	}
	if g.Key.Algorithm().Symmetric() {
		return append(all, s.hmac(g)...)
	}
	switch private := private(g.Key).(type) {
	case *rsa.PrivateKey:
		return append(all, s.rsa(g.Key.Algorithm(), private)...)
	case *ecdsa.PrivateKey:
		return append(all, s.ecdsa(g.Key.Algorithm(), private)...)
	case ed25519.PrivateKey:
		return append(all, s.ed25519(private)...)
	default:
		return all
	}
}

// hmac cuts the code short, and hashes without a key.
func (s signing) hmac(g Good) []Forgery {
	hash, secret := hashOf(g.Key.Algorithm()), secret(g.Key)
	plain := sha256.Sum256(append(slices.Clone(secret), s.input...))
	all := []Forgery{
		s.with("20 bytes of it", s.good[:20]),
		s.with("a hash of the secret and the text", plain[:]),
		s.with("a hash without a secret", digest(hash, s.input)),
		s.with("of half the secret", MAC(hash, secret[:len(secret)/2], s.input)),
		s.with("of the secret as text", MAC(hash, []byte(Encode(string(secret))), s.input)),
	}
	for _, other := range hashes {
		if other.hash != hash {
			code := MAC(other.hash, secret, s.input)
			all = append(all, s.with("of "+other.name, code), s.with("of "+other.name+" at the right length", resized(code, len(s.good))))
		}
	}
	return all
}

func reversed(b []byte) []byte {
	b = slices.Clone(b)
	slices.Reverse(b)
	return b
}

// resized cuts at the end or fills up with zeros.
func resized(b []byte, size int) []byte { return append(slices.Clone(b), make([]byte, size)...)[:size] }
