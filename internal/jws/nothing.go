package jws

import (
	"crypto/rand"
	"crypto/rsa"
	"math/big"
	"sync"
)

// nobody are keys of nobody, one for each algorithm with public keys. They are
// made when they are first needed.
var nobody = func() map[Algorithm]func() *Key {
	makers := map[Algorithm]func() *Key{}
	for _, alg := range Algorithms {
		if !alg.Symmetric() {
			makers[alg] = sync.OnceValue(func() *Key { return keyOfNobody(alg) })
		}
	}
	return makers
}()

// VerifyNothing takes about as long as [Message.Verify] with a key of the
// message's own algorithm and of the usual size: it is for a signer who is
// unknown, which must not be told from a wrong signature.
func (m *Message) VerifyNothing() {
	if key := nobody[m.Header.Algorithm]; key != nil {
		_ = m.Verify(key())
	}
}

func keyOfNobody(alg Algorithm) *Key {
	var key *Key
	var err error
	if kinds[alg] == kindRSA {
		// Making a real one would cost the first caller a tenth of a second;
		// nobody is to sign with it, so any odd number will do.
		modulus := make([]byte, minRSABits/8)
		_, _ = rand.Read(modulus) // never fails: crypto/rand
		modulus[0] |= 0x80
		modulus[len(modulus)-1] |= 1
		key, err = NewKey("", alg, &rsa.PublicKey{N: new(big.Int).SetBytes(modulus), E: minRSAExponent})
	} else {
		key, err = Generate("", alg)
	}
	if err != nil {
		panic(err) // cannot happen: the material is of the algorithm
	}
	return key
}
