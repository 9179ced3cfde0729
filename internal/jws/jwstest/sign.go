package jwstest

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	_ "crypto/sha256" // registers the hashes of every algorithm
	_ "crypto/sha512"
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"strings"
	"sync"

	"github.com/caddy-dcr/caddy-dcr/internal/jws"
)

// Compact signs whatever the texts are, as they are.
func Compact(key *jws.Key, header, claims string) string {
	input := Encode(header) + "." + Encode(claims)
	return input + "." + Encode(string(Sign(key, input)))
}

// Encode is base64url without padding.
func Encode(text string) string { return base64.RawURLEncoding.EncodeToString([]byte(text)) }

// Sign makes the signature that the key's algorithm has for the text, without
// the package under test.
func Sign(key *jws.Key, input string) []byte {
	if key.Algorithm().Symmetric() {
		return MAC(hashOf(key.Algorithm()), secret(key), input)
	}
	switch private := private(key).(type) {
	case *rsa.PrivateKey:
		return signRSA(key.Algorithm(), private, input)
	case *ecdsa.PrivateKey:
		return signECDSA(key.Algorithm(), private, input)
	case ed25519.PrivateKey:
		return ed25519.Sign(private, []byte(input))
	default:
		panic(fmt.Sprintf("no way to sign with %T", private))
	}
}

// MAC is the signature that the algorithms of secrets make.
func MAC(hash crypto.Hash, secret []byte, input string) []byte {
	mac := hmac.New(hash.New, secret)
	mac.Write([]byte(input))
	return mac.Sum(nil)
}

func signRSA(alg jws.Algorithm, private *rsa.PrivateKey, input string) []byte {
	hash := hashOf(alg)
	if strings.HasPrefix(string(alg), "PS") {
		return signPSS(private, hash, hash.Size(), input)
	}
	return signPKCS1(private, hash, input)
}

func signPKCS1(private *rsa.PrivateKey, hash crypto.Hash, input string) []byte {
	signature, err := rsa.SignPKCS1v15(nil, private, hash, digest(hash, input))
	must(err)
	return signature
}

func signPSS(private *rsa.PrivateKey, hash crypto.Hash, salt int, input string) []byte {
	signature, err := rsa.SignPSS(rand.Reader, private, hash, digest(hash, input), &rsa.PSSOptions{SaltLength: salt})
	must(err)
	return signature
}

func signECDSA(alg jws.Algorithm, private *ecdsa.PrivateKey, input string) []byte {
	size := (private.Params().BitSize + 7) / 8
	r, s, err := ecdsa.Sign(rand.Reader, private, digest(hashOf(alg), input))
	must(err)
	return append(r.FillBytes(make([]byte, size)), s.FillBytes(make([]byte, size))...)
}

// hashOf is the hash that the algorithm's name ends in.
func hashOf(alg jws.Algorithm) crypto.Hash {
	switch {
	case strings.HasSuffix(string(alg), "256"):
		return crypto.SHA256
	case strings.HasSuffix(string(alg), "384"):
		return crypto.SHA384
	default:
		return crypto.SHA512
	}
}

func digest(hash crypto.Hash, input string) []byte {
	h := hash.New()
	h.Write([]byte(input))
	return h.Sum(nil)
}

// privates are the materials that were parsed, by key: parsing takes longer
// than signing.
var privates sync.Map

// private is the key's material, of a type that crypto knows.
func private(key *jws.Key) any {
	if known, found := privates.Load(key); found {
		return known
	}
	private, err := x509.ParsePKCS8PrivateKey(secret(key))
	must(err)
	privates.Store(key, private)
	return private
}

func secret(key *jws.Key) []byte {
	material, err := key.Marshal()
	must(err)
	return material
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}
