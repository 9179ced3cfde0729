package jws

import (
	"crypto/ecdsa"

	"github.com/golang-jwt/jwt/v5"
)

// ecdsaMethod verifies without the detour over big integers, which costs
// golang-jwt three times the allocations.
type ecdsaMethod struct{ *jwt.SigningMethodECDSA }

// Verify takes a signature of exactly two integers of the curve's size (RFC
// 7518 section 3.4).
func (m ecdsaMethod) Verify(input string, signature []byte, key any) error {
	public, ok := key.(*ecdsa.PublicKey)
	if !ok || len(signature) != 2*m.KeySize {
		return ErrSignature
	}
	hash := m.Hash.New()
	hash.Write([]byte(input))
	if !ecdsa.VerifyASN1(public, hash.Sum(nil), sequence(signature[:m.KeySize], signature[m.KeySize:])) {
		return ErrSignature
	}
	return nil
}

// sequence writes two unsigned integers as ASN.1 does (DER).
func sequence(r, s []byte) []byte {
	r, s = minimal(r), minimal(s)
	content := integerSize(r) + integerSize(s)
	out := make([]byte, 0, 3+content)
	out = append(out, 0x30)
	if content >= 0x80 { // P-521
		out = append(out, 0x81)
	}
	out = append(out, byte(content))
	return appendInteger(appendInteger(out, r), s)
}

// minimal drops leading zeros, all but a last one.
func minimal(b []byte) []byte {
	for len(b) > 1 && b[0] == 0 {
		b = b[1:]
	}
	return b
}

func integerSize(b []byte) int { return 2 + len(b) + int(b[0]>>7) }

func appendInteger(out, b []byte) []byte {
	out = append(out, 2, byte(len(b))+b[0]>>7)
	if b[0]>>7 == 1 { // it would be negative
		out = append(out, 0)
	}
	return append(out, b...)
}
