package token

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"sync"
)

// digest stands for a token's text in the cache.
type digest [16]byte

// digester makes digests: the GMAC of the text under a random key of this
// process. Two texts with one digest would give one client another's identity,
// so chance must not be all that stands against them. The hash inside GMAC is
// universal: a text of up to 16 KiB, chosen without the key, has the digest of a
// given other one with a probability below 2^-117, and no try tells anything,
// since no digest ever leaves the process (for the same reason one nonce serves
// for all). Two runs of maphash are as fast and promise nothing; SHA-256
// promises as much and takes several times as long.
type digester struct {
	mac cipher.AEAD
	// scratch saves the allocations of handing a string and a result through
	// an interface.
	scratch *sync.Pool
}

type scratch struct {
	nonce [12]byte
	text  []byte
	sum   []byte
}

func newDigester() digester {
	key := make([]byte, 16)
	_, _ = rand.Read(key) // never fails: crypto/rand
	block, err := aes.NewCipher(key)
	if err != nil {
		panic(err) // the key has one of the right lengths
	}
	mac, err := cipher.NewGCM(block)
	if err != nil {
		panic(err) // the block is AES's
	}
	return digester{mac, &sync.Pool{New: func() any { return &scratch{sum: make([]byte, 0, 16)} }}}
}

func (d digester) digest(text string) digest {
	s := d.scratch.Get().(*scratch)
	s.text = append(s.text[:0], text...)
	sum := digest(d.mac.Seal(s.sum, s.nonce[:], nil, s.text))
	clear(s.text) // tokens are not to lie about
	d.scratch.Put(s)
	return sum
}
