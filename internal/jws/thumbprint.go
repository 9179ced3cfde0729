package jws

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
)

// Thumbprint names the key's material: the JWK thumbprint of RFC 7638, which
// is the same for the private and the public key and for every algorithm. For
// a secret, whose own hash would invite guessing and is not to be published,
// it is an HMAC that the secret makes of a constant.
func (k *Key) Thumbprint() string { return k.thumbprint }

// SameMaterial says whether two keys are one in two roles. It sees through
// everything that HMAC itself takes for the same secret, such as zeros at the
// end.
func SameMaterial(a, b *Key) bool { return a.thumbprint == b.thumbprint }

func thumbprint(material any) (string, error) {
	if secret, ok := material.([]byte); ok {
		mac := hmac.New(sha256.New, secret)
		mac.Write([]byte("the name of a secret key, not for anything else"))
		return encode(mac.Sum(nil)), nil
	}
	jwk, err := toJWK(material)
	if err != nil {
		return "", err
	}
	// The required members alone, in lexical order, without white space
	// (RFC 7638 section 3.2). None of the values needs escaping.
	var text string
	switch material.(type) {
	case *rsa.PublicKey:
		text = fmt.Sprintf(`{"e":"%s","kty":"RSA","n":"%s"}`, jwk.E, jwk.N)
	case *ecdsa.PublicKey:
		text = fmt.Sprintf(`{"crv":"%s","kty":"EC","x":"%s","y":"%s"}`, jwk.Crv, jwk.X, jwk.Y)
	case ed25519.PublicKey:
		text = fmt.Sprintf(`{"crv":"%s","kty":"OKP","x":"%s"}`, jwk.Crv, jwk.X)
	}
	sum := sha256.Sum256([]byte(text))
	return encode(sum[:]), nil
}

func encode(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }
