package jwstest

import (
	"crypto/ecdsa"
	"encoding/asn1"
	"math/big"
	"slices"

	"github.com/caddy-dcr/caddy-dcr/internal/jws"
)

// ecdsa writes the two integers in other forms, and takes others that some
// verifiers reduce to the right ones (CVE-2022-21449).
func (s signing) ecdsa(alg jws.Algorithm, key *ecdsa.PrivateKey) []Forgery {
	size := len(s.good) / 2
	order, prime := key.Params().N, key.Params().P
	r, t := new(big.Int).SetBytes(s.good[:size]), new(big.Int).SetBytes(s.good[size:])
	zero, one := new(big.Int), big.NewInt(1)
	last := new(big.Int).Sub(order, one)
	der, err := asn1.Marshal([]*big.Int{r, t})
	must(err)
	all := []Forgery{
		s.with("in DER", der),
		s.with("in DER at the right length", resized(der, 2*size)),
		s.with("the halves swapped", slices.Concat(s.good[size:], s.good[:size])),
		s.with("a zero in front of each half", slices.Concat([]byte{0}, s.good[:size], []byte{0}, s.good[size:])),
		s.with("without leading zeros", withoutZeros(alg, key, s.input)),
	}
	for _, c := range []struct {
		name string
		r, s *big.Int
	}{
		{"r is zero", zero, t}, {"s is zero", r, zero}, {"r and s are one", one, one},
		{"r is the order", order, t}, {"s is the order", r, order}, {"r and s are the order", order, order},
		{"r is the order less one", last, t}, {"s is the order less one", r, last}, {"r and s are the order less one", last, last},
		{"r is the prime", prime, t}, {"r is one more than s ought to be", new(big.Int).Add(t, one), t},
		{"r is itself and the order", new(big.Int).Add(r, order), t}, {"s is itself and the order", r, new(big.Int).Add(t, order)},
		{"r is negated", new(big.Int).Sub(order, r), t},
	} {
		if c.r.BitLen() <= 8*size && c.s.BitLen() <= 8*size {
			all = append(all, s.with(c.name, joined(c.r, c.s, size)))
		}
	}
	return all
}

// withoutZeros finds a signature with a half that begins with a zero, and
// leaves that out.
func withoutZeros(alg jws.Algorithm, key *ecdsa.PrivateKey, input string) []byte {
	for {
		signature := signECDSA(alg, key, input)
		size := len(signature) / 2
		if signature[0] == 0 {
			return signature[1:]
		}
		if signature[size] == 0 {
			return slices.Concat(signature[:size], signature[size+1:])
		}
	}
}

// negated is the signature's twin: s and the order less s are alike good, and
// signers make either.
func negated(signature []byte, key *ecdsa.PrivateKey) []byte {
	size := len(signature) / 2
	s := new(big.Int).SetBytes(signature[size:])
	return joined(new(big.Int).SetBytes(signature[:size]), s.Sub(key.Params().N, s), size)
}

func joined(r, s *big.Int, size int) []byte {
	return append(r.FillBytes(make([]byte, size)), s.FillBytes(make([]byte, size))...)
}
