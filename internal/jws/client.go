package jws

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/x509"
	"errors"
	"fmt"
	"slices"
	"unicode/utf8"

	"github.com/caddy-dcr/caddy-dcr/internal/strictjson"
)

const (
	// maxClientKeys leaves room for a key and those that follow it; each costs
	// the store as long as the client lives.
	maxClientKeys = 4
	// maxClientRSABits keeps the keys of millions of clients, and what one bad
	// signature costs, small.
	maxClientRSABits = 4096
	// maxKeyID is far more than a thumbprint needs.
	maxKeyID = 128
)

// KeysOfClient reads the JWK set that a client registers (RFC 7591 section 2,
// RFC 7517 section 5). A key's algorithm is the one that it names; a key that
// names none gets the one of its kind, which for RSA is RS256. Keys for
// encryption are passed over. Everything else that cannot be used is an error
// that names the key by its number; whoever sent the set may read it.
func KeysOfClient(set strictjson.Object) ([]*Key, error) {
	entries, present, err := set.Objects("keys")
	if err != nil {
		return nil, err
	}
	if !present {
		return nil, errors.New(`member "keys" is missing`)
	}
	var keys []*Key
	for i, entry := range entries {
		key, err := keyOfClient(entry)
		switch {
		case err != nil:
			return nil, fmt.Errorf("key %d: %w", i+1, err)
		case key == nil:
			continue
		case slices.ContainsFunc(keys, func(k *Key) bool { return SameMaterial(k, key) || k.id == key.id && k.id != "" }):
			return nil, fmt.Errorf("key %d: it is there already, or another has its kid", i+1)
		case len(keys) == maxClientKeys:
			return nil, fmt.Errorf("there are more than %d keys", maxClientKeys)
		}
		keys = append(keys, key)
	}
	if len(keys) == 0 {
		return nil, errors.New("there is no key that could verify a signature")
	}
	return keys, nil
}

// keyOfClient reads one key, or none where it is not for signatures.
func keyOfClient(entry strictjson.Object) (*Key, error) {
	id, _, err := entry.String("kid")
	if err != nil {
		return nil, err
	}
	if len(id) > maxKeyID || !utf8.ValidString(id) {
		return nil, fmt.Errorf("its kid is longer than %d bytes", maxKeyID)
	}
	name, given, err := entry.String("alg")
	if err != nil {
		return nil, err
	}
	if meant, err := meantFor(entry, Algorithm(name)); err != nil || !meant {
		return nil, err
	}
	material, err := fromJWK(entry)
	if err != nil {
		return nil, err
	}
	alg := Algorithm(name)
	if !given {
		alg = usual(material)
	}
	return newClientKey(id, alg, material)
}

func newClientKey(id string, alg Algorithm, material any) (*Key, error) {
	if public, ok := material.(*rsa.PublicKey); ok && public.N.BitLen() > maxClientRSABits {
		return nil, fmt.Errorf("got an RSA key of %d bits, want %d at most", public.N.BitLen(), maxClientRSABits)
	}
	if methods[alg] == nil || alg.Symmetric() {
		return nil, errors.New("its alg is none of those for signatures with public keys")
	}
	return NewKey(id, alg, material)
}

// usual is the algorithm that people mean who name none.
func usual(material any) Algorithm {
	switch m := material.(type) {
	case *rsa.PublicKey:
		return RS256
	case *ecdsa.PublicKey:
		for alg, curve := range curves {
			if m.Curve == curve {
				return alg
			}
		}
	case ed25519.PublicKey:
		return EdDSA
	}
	return ""
}

// MarshalPublic writes the public key as SubjectPublicKeyInfo (DER).
func (k *Key) MarshalPublic() ([]byte, error) {
	public := k.Public()
	if public == nil {
		return nil, fmt.Errorf("key %q: a secret has no public part", k.id)
	}
	return x509.MarshalPKIXPublicKey(public)
}

// UnmarshalPublic reads what [Key.MarshalPublic] wrote.
func UnmarshalPublic(id string, alg Algorithm, data []byte) (*Key, error) {
	material, err := x509.ParsePKIXPublicKey(data)
	if err != nil {
		return nil, fmt.Errorf("key %q for %s: %w", id, alg, err)
	}
	return NewKey(id, alg, material)
}
