package keyring

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"errors"
	"fmt"
)

// Sealer encrypts key material at rest with the operator's key (AES-256-GCM).
type Sealer struct {
	aead cipher.AEAD
}

// NewSealer makes a sealer from a key of 32 bytes.
func NewSealer(key []byte) (*Sealer, error) {
	if len(key) != 32 {
		return nil, fmt.Errorf("%d bytes given, 32 are wanted", len(key))
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		return nil, err
	}
	return &Sealer{aead}, nil
}

// seal encrypts the material and binds it to the id, so that a sealed key
// cannot be passed off as another.
func (s *Sealer) seal(id string, material []byte) []byte {
	nonce := make([]byte, s.aead.NonceSize())
	_, _ = rand.Read(nonce) // never fails: crypto/rand
	return s.aead.Seal(nonce, nonce, material, []byte(id))
}

func (s *Sealer) unseal(id string, sealed []byte) ([]byte, error) {
	if s == nil {
		return nil, errors.New("it is sealed, and no key_encryption_key is configured")
	}
	n := s.aead.NonceSize()
	if len(sealed) < n {
		return nil, errors.New("the sealed material is cut short")
	}
	material, err := s.aead.Open(nil, sealed[:n], sealed[n:], []byte(id))
	if err != nil {
		return nil, errors.New("it was sealed with another key_encryption_key")
	}
	return material, nil
}
