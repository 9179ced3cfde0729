// Package jwstest makes the JWSs that a verifier must refuse, out of one that
// it accepts.
package jwstest

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	_ "crypto/sha256" // registers the hash of every algorithm that Sign knows
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"strings"

	"github.com/caddy-dcr/caddy-dcr/internal/jws"
)

// Member is one member of an object: its name, and its value as JSON. Either
// may be anything.
type Member struct{ Name, Value string }

// Object is a JSON object that may break every rule, as no writer would let it.
type Object []Member

// Members makes an object of names and values in turn.
func Members(namesAndValues ...string) Object {
	var o Object
	for i := 0; i < len(namesAndValues); i += 2 {
		o = o.And(namesAndValues[i], namesAndValues[i+1])
	}
	return o
}

// String writes the object.
func (o Object) String() string {
	parts := make([]string, len(o))
	for i, m := range o {
		parts[i] = `"` + m.Name + `":` + m.Value
	}
	return "{" + strings.Join(parts, ",") + "}"
}

// With replaces a member in its place, or adds it at the end.
func (o Object) With(name, value string) Object {
	changed := append(Object(nil), o...)
	for i := range changed {
		if changed[i].Name == name {
			changed[i].Value = value
			return changed
		}
	}
	return append(changed, Member{name, value})
}

// Without leaves a member out.
func (o Object) Without(name string) Object {
	var changed Object
	for _, m := range o {
		if m.Name != name {
			changed = append(changed, m)
		}
	}
	return changed
}

// And adds a member at the end, even one that is there already.
func (o Object) And(name, value string) Object {
	return append(append(Object(nil), o...), Member{name, value})
}

// Value gives a member's value as JSON, or nothing.
func (o Object) Value(name string) string {
	for _, m := range o {
		if m.Name == name {
			return m.Value
		}
	}
	return ""
}

// Compact signs whatever the texts are, as they are.
func Compact(key *jws.Key, header, claims string) string {
	input := Encode(header) + "." + Encode(claims)
	return input + "." + Encode(string(Sign(key, input)))
}

// Encode is base64url without padding.
func Encode(text string) string { return base64.RawURLEncoding.EncodeToString([]byte(text)) }

// Sign makes the signature that RS256, ES256, EdDSA or HS256 has for the text,
// without the package under test.
func Sign(key *jws.Key, input string) []byte {
	material, err := key.Marshal()
	must(err)
	if key.Algorithm() == jws.HS256 {
		return MAC(material, input)
	}
	private, err := x509.ParsePKCS8PrivateKey(material)
	must(err)
	hash := crypto.SHA256.New()
	hash.Write([]byte(input))
	sum := hash.Sum(nil)
	switch private := private.(type) {
	case *rsa.PrivateKey:
		signature, err := rsa.SignPKCS1v15(nil, private, crypto.SHA256, sum)
		must(err)
		return signature
	case *ecdsa.PrivateKey:
		r, s, err := ecdsa.Sign(rand.Reader, private, sum)
		must(err)
		return append(r.FillBytes(make([]byte, 32)), s.FillBytes(make([]byte, 32))...)
	case ed25519.PrivateKey:
		return ed25519.Sign(private, []byte(input))
	default:
		panic(fmt.Sprintf("no way to sign with %T", private))
	}
}

// MAC is the signature of HS256.
func MAC(secret []byte, input string) []byte {
	mac := hmac.New(crypto.SHA256.New, secret)
	mac.Write([]byte(input))
	return mac.Sum(nil)
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}
