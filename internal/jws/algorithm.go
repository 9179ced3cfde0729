// Package jws reads, verifies and signs compact JSON Web Signatures (RFC 7515)
// with keys that are bound to one algorithm each.
//
// It is the only package that knows golang-jwt, which does the arithmetic.
// That library alone is not a safe verifier, so all reading is done here.
package jws

import (
	"crypto"
	"crypto/elliptic"
	"crypto/rsa"
	"fmt"
	"slices"
	"strings"

	"github.com/golang-jwt/jwt/v5"
)

// Algorithm is a signature algorithm of RFC 7518 section 3.1 or RFC 8037.
type Algorithm string

const (
	RS256 Algorithm = "RS256"
	RS384 Algorithm = "RS384"
	RS512 Algorithm = "RS512"
	PS256 Algorithm = "PS256"
	PS384 Algorithm = "PS384"
	PS512 Algorithm = "PS512"
	ES256 Algorithm = "ES256"
	ES384 Algorithm = "ES384"
	ES512 Algorithm = "ES512"
	EdDSA Algorithm = "EdDSA"
	HS256 Algorithm = "HS256"
	HS384 Algorithm = "HS384"
	HS512 Algorithm = "HS512"
)

// Algorithms lists every algorithm. There is no "none".
var Algorithms = []Algorithm{
	RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, ES512, EdDSA, HS256, HS384, HS512,
}

// ParseAlgorithm reads an algorithm's name, which is compared exactly.
func ParseAlgorithm(name string) (Algorithm, error) {
	alg := Algorithm(name)
	if !slices.Contains(Algorithms, alg) {
		names := make([]string, len(Algorithms))
		for i, a := range Algorithms {
			names[i] = string(a)
		}
		return "", fmt.Errorf("algorithm: got %q, want one of %s", name, strings.Join(names, ", "))
	}
	return alg, nil
}

// Symmetric says whether one secret both signs and verifies, so that whoever
// can verify can also sign.
func (a Algorithm) Symmetric() bool { return kinds[a] == kindHMAC }

type kind uint8

const (
	kindRSA kind = iota + 1
	kindECDSA
	kindEd25519
	kindHMAC
)

var kinds = map[Algorithm]kind{
	RS256: kindRSA, RS384: kindRSA, RS512: kindRSA, PS256: kindRSA, PS384: kindRSA, PS512: kindRSA,
	ES256: kindECDSA, ES384: kindECDSA, ES512: kindECDSA, EdDSA: kindEd25519,
	HS256: kindHMAC, HS384: kindHMAC, HS512: kindHMAC,
}

// curves are fixed by the algorithm (RFC 7518 section 3.4).
var curves = map[Algorithm]elliptic.Curve{ES256: elliptic.P256(), ES384: elliptic.P384(), ES512: elliptic.P521()}

var methods = map[Algorithm]jwt.SigningMethod{
	RS256: jwt.SigningMethodRS256, RS384: jwt.SigningMethodRS384, RS512: jwt.SigningMethodRS512,
	PS256: pss("PS256", crypto.SHA256), PS384: pss("PS384", crypto.SHA384), PS512: pss("PS512", crypto.SHA512),
	ES256: ecdsaMethod{jwt.SigningMethodES256}, ES384: ecdsaMethod{jwt.SigningMethodES384}, ES512: ecdsaMethod{jwt.SigningMethodES512},
	EdDSA: jwt.SigningMethodEdDSA,
	HS256: jwt.SigningMethodHS256, HS384: jwt.SigningMethodHS384, HS512: jwt.SigningMethodHS512,
}

// pss demands a salt as long as the hash when it verifies, too (RFC 7518
// section 3.5); the library's own methods accept any length.
func pss(name string, hash crypto.Hash) jwt.SigningMethod {
	return &jwt.SigningMethodRSAPSS{
		SigningMethodRSA: &jwt.SigningMethodRSA{Name: name, Hash: hash},
		Options:          &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash},
	}
}
