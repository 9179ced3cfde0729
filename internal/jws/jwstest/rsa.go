package jwstest

import (
	"bytes"
	"crypto"
	"crypto/rsa"
	"math/big"
	"slices"
	"strings"

	"github.com/caddy-dcr/caddy-dcr/internal/jws"
)

// rsa signs with the right key in the wrong way, and takes other numbers.
func (s signing) rsa(alg jws.Algorithm, key *rsa.PrivateKey) []Forgery {
	number := new(big.Int).SetBytes(s.good)
	all := []Forgery{
		s.with("is one", sized(big.NewInt(1), key)),
		s.with("is the modulus", sized(key.N, key)),
		s.with("is the modulus less one", sized(new(big.Int).Sub(key.N, big.NewInt(1)), key)),
		s.with("is negated", sized(new(big.Int).Sub(key.N, number), key)),
	}
	if more := new(big.Int).Add(number, key.N); more.BitLen() <= 8*key.Size() {
		all = append(all, s.with("is itself and the modulus", sized(more, key)))
	}
	if strings.HasPrefix(string(alg), "PS") {
		return append(all, s.pss(hashOf(alg), key)...)
	}
	return append(all, s.pkcs1(hashOf(alg), key)...)
}

// pss takes other salts and hashes. RFC 7518 section 3.5 allows the one salt
// that is as long as the hash.
func (s signing) pss(hash crypto.Hash, key *rsa.PrivateKey) []Forgery {
	all := []Forgery{
		s.with("padded as RS is", signPKCS1(key, hash, s.input)),
		s.with("with a salt of a byte", signPSS(key, hash, 1, s.input)),
		s.with("with a salt that is a byte short", signPSS(key, hash, hash.Size()-1, s.input)),
		s.with("with a salt that is a byte long", signPSS(key, hash, hash.Size()+1, s.input)),
		s.with("with the longest salt", signPSS(key, hash, rsa.PSSSaltLengthAuto, s.input)),
	}
	for _, other := range hashes {
		if other.hash != hash {
			all = append(all, s.with("of "+other.name, signPSS(key, other.hash, other.hash.Size(), s.input)))
		}
	}
	return all
}

// pkcs1 spoils the block that is signed, byte by byte (RFC 8017 section 9.2).
func (s signing) pkcs1(hash crypto.Hash, key *rsa.PrivateKey) []Forgery {
	bare, err := rsa.SignPKCS1v15(nil, key, 0, digest(hash, s.input))
	must(err)
	all := []Forgery{
		s.with("padded as PS is", signPSS(key, hash, hash.Size(), s.input)),
		s.with("of a hash that is not named", bare),
	}
	for _, other := range hashes {
		if other.hash != hash {
			all = append(all, s.with("of "+other.name, signPKCS1(key, other.hash, s.input)))
		}
	}
	block := sized(new(big.Int).Exp(new(big.Int).SetBytes(s.good), big.NewInt(int64(key.E)), key.N), key)
	end := bytes.IndexByte(block[2:], 0) + 2 // of the padding
	spoil := func(name string, change func(b []byte) []byte) {
		all = append(all, s.with(name, raise(key, change(slices.Clone(block)))))
	}
	spoil("padded as for encryption", func(b []byte) []byte { b[1] = 2; return b })
	spoil("padded with another byte", func(b []byte) []byte { b[end/2] = 0xfe; return b })
	spoil("padded with an end too soon", func(b []byte) []byte { b[10] = 0; return b })
	spoil("padded without an end", func(b []byte) []byte { b[end] = 0xff; return b })
	spoil("padded with eight bytes, and something after the hash", func(b []byte) []byte {
		return append(slices.Concat(b[:10], b[end:]), make([]byte, end-10)...)
	})
	return all
}

var hashes = []struct {
	name string
	hash crypto.Hash
}{{"SHA-256", crypto.SHA256}, {"SHA-384", crypto.SHA384}, {"SHA-512", crypto.SHA512}}

// raise signs a block as it is.
func raise(key *rsa.PrivateKey, block []byte) []byte {
	return sized(new(big.Int).Exp(new(big.Int).SetBytes(block), key.D, key.N), key)
}

func sized(n *big.Int, key *rsa.PrivateKey) []byte { return n.FillBytes(make([]byte, key.Size())) }
