package jwstest

import (
	"bytes"
	"crypto"
	"crypto/ed25519"
	"encoding/hex"
	"math/big"
	"slices"
)

// groupOrder is that of the base point (RFC 8032 section 5.1).
var groupOrder, _ = new(big.Int).SetString("1000000000000000000000000000000014def9dea2f79cd65812631a5cf5d3ed", 16)

// SmallOrder are the points of edwards25519 that a multiple of eight makes
// nothing of, in every encoding that some reader takes. With one for a public
// key, anybody's signature is good for some text, or for all.
var SmallOrder = func() [][]byte {
	var all [][]byte
	for _, text := range []string{
		"0000000000000000000000000000000000000000000000000000000000000000",
		"0100000000000000000000000000000000000000000000000000000000000000",
		"26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
		"c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
		"ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
		"edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
		"eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	} {
		point, err := hex.DecodeString(text)
		must(err)
		signed := slices.Clone(point)
		signed[31] |= 0x80
		all = append(all, point, signed)
	}
	return all
}()

// ed25519 takes other forms of the same numbers, and other schemes of the same
// key (RFC 8032 sections 5.1.7 and 8.4).
func (s signing) ed25519(key ed25519.PrivateKey) []Forgery {
	r, scalar := s.good[:32], littleEndian(s.good[32:])
	all := []Forgery{
		s.with("the halves swapped", slices.Concat(s.good[32:], r)),
		s.with("R with its sign changed", slices.Concat(r[:31], []byte{r[31] ^ 0x80}, s.good[32:])),
		s.with("R backwards", slices.Concat(reversed(r), s.good[32:])),
		s.with("S backwards", slices.Concat(r, reversed(s.good[32:]))),
		s.with("S is zero", slices.Concat(r, make([]byte, 32))),
		s.with("S negated", slices.Concat(r, fill(new(big.Int).Sub(groupOrder, scalar)))),
		s.with("S is the order", slices.Concat(r, fill(groupOrder))),
		s.with("of Ed25519ph", schemed(key, s.input, crypto.SHA512, "")),
		s.with("of Ed25519ctx", schemed(key, s.input, crypto.Hash(0), "x")),
	}
	for _, times := range []int64{1, 2, 8, 14} {
		more := new(big.Int).Mul(groupOrder, big.NewInt(times))
		all = append(all, s.with("S is itself and "+big.NewInt(times).String()+" times the order", slices.Concat(r, fill(more.Add(more, scalar)))))
	}
	for _, point := range SmallOrder {
		all = append(all, s.with("R is "+hex.EncodeToString(point), slices.Concat(point, s.good[32:])))
		if none := make([]byte, 32); !bytes.Equal(point, none) {
			all = append(all, s.with("R is "+hex.EncodeToString(point)+" and S is zero", slices.Concat(point, none)))
		}
	}
	return all
}

func schemed(key ed25519.PrivateKey, input string, hash crypto.Hash, context string) []byte {
	text := []byte(input)
	if hash != 0 {
		text = digest(hash, input)
	}
	signature, err := key.Sign(nil, text, &ed25519.Options{Hash: hash, Context: context})
	must(err)
	return signature
}

func littleEndian(b []byte) *big.Int { return new(big.Int).SetBytes(reversed(b)) }

// fill writes 32 bytes, the lowest first.
func fill(n *big.Int) []byte { return reversed(n.FillBytes(make([]byte, 32))) }
