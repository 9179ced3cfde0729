package jws

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"errors"
	"fmt"

	"filippo.io/edwards25519"
	"github.com/golang-jwt/jwt/v5"
)

const (
	minRSABits = 2048
	// maxRSABits keeps one forged signature from costing milliseconds.
	maxRSABits = 8192
	// minRSAExponent is the usual one; smaller ones have a history.
	minRSAExponent = 1<<16 + 1
)

// minSecret is as many bytes as the hash has (RFC 7518 section 3.2).
var minSecret = map[Algorithm]int{HS256: 32, HS384: 48, HS512: 64}

// ErrCannotSign is the error of signing with a key whose private part is
// elsewhere.
var ErrCannotSign = errors.New("the key can only verify")

// Key is one key for one algorithm. It is immutable.
type Key struct {
	id         string
	algorithm  Algorithm
	method     jwt.SigningMethod
	signing    any // what the method signs with; nil where the private part is elsewhere
	verifying  any
	thumbprint string
}

// NewKey makes a key of *rsa.PrivateKey, *rsa.PublicKey, *ecdsa.PrivateKey,
// *ecdsa.PublicKey, ed25519.PrivateKey, ed25519.PublicKey or, for the HMACs,
// []byte. It refuses material that is weak or of another algorithm. The id may
// be empty.
func NewKey(id string, alg Algorithm, material any) (*Key, error) {
	k := &Key{id: id, algorithm: alg, method: methods[alg]}
	if k.method == nil {
		_, err := ParseAlgorithm(string(alg))
		return nil, err
	}
	if err := k.adopt(material); err != nil {
		return nil, fmt.Errorf("key %q for %s: %w", id, alg, err)
	}
	var err error
	if k.thumbprint, err = thumbprint(k.verifying); err != nil {
		return nil, fmt.Errorf("key %q for %s: %w", id, alg, err)
	}
	return k, nil
}

// adopt checks the material and takes it over.
func (k *Key) adopt(material any) error {
	switch m := material.(type) {
	case *rsa.PrivateKey:
		if err := m.Validate(); err != nil {
			return err
		}
		k.signing, k.verifying = m, &m.PublicKey
	case *ecdsa.PrivateKey:
		if _, err := m.ECDH(); err != nil {
			return err
		}
		k.signing, k.verifying = m, &m.PublicKey
	case ed25519.PrivateKey:
		if len(m) != ed25519.PrivateKeySize {
			return fmt.Errorf("got %d bytes, want %d", len(m), ed25519.PrivateKeySize)
		}
		if !m.Equal(ed25519.NewKeyFromSeed(m.Seed())) {
			// Signing with another's public half gives the private one away.
			return errors.New("the public half is not the private one's")
		}
		k.signing, k.verifying = m, m.Public()
	case []byte:
		m = append([]byte(nil), m...)
		k.signing, k.verifying = m, m
	default:
		k.verifying = material
	}
	return k.check()
}

// check refuses public parts that are weak or of another algorithm.
func (k *Key) check() error {
	switch m := k.verifying.(type) {
	case *rsa.PublicKey:
		return k.expect(kindRSA, checkRSA(m))
	case *ecdsa.PublicKey:
		return k.expect(kindECDSA, checkECDSA(m, curves[k.algorithm]))
	case ed25519.PublicKey:
		return k.expect(kindEd25519, checkEd25519(m))
	case []byte:
		if least := minSecret[k.algorithm]; len(m) < least {
			return fmt.Errorf("got %d bytes, want at least %d", len(m), least)
		}
		return k.expect(kindHMAC, nil)
	default:
		return fmt.Errorf("got material of type %T, want RSA, ECDSA, Ed25519 or a secret", m)
	}
}

// expect is where a public key cannot become the secret of an HMAC, whatever a
// token says.
func (k *Key) expect(want kind, err error) error {
	if kinds[k.algorithm] != want {
		return fmt.Errorf("got material of type %T, which is not for this algorithm", k.verifying)
	}
	return err
}

func checkRSA(key *rsa.PublicKey) error {
	if key.N == nil {
		return errors.New("the modulus is missing")
	}
	if bits := key.N.BitLen(); bits < minRSABits || bits > maxRSABits {
		return fmt.Errorf("got an RSA key of %d bits, want %d to %d", bits, minRSABits, maxRSABits)
	}
	if key.N.Bit(0) == 0 {
		return errors.New("the modulus is even")
	}
	if key.E < minRSAExponent || key.E > 1<<31-1 || key.E%2 == 0 {
		return fmt.Errorf("got the RSA exponent %d, want an odd one of at least %d", key.E, minRSAExponent)
	}
	return nil
}

func checkECDSA(key *ecdsa.PublicKey, want elliptic.Curve) error {
	if want == nil {
		return nil // not an algorithm of curves, as expect will say
	}
	if key.Curve != want {
		return fmt.Errorf("the key is not on the curve %s", want.Params().Name)
	}
	_, err := key.ECDH() // which says whether the point is on the curve
	return err
}

// checkEd25519 refuses what is no point, or one of the eight of small order:
// with these for a key, a signature that anybody can make is good for one text
// in eight or for all, and neither RFC 8032 nor crypto/ed25519 looks for them.
func checkEd25519(key ed25519.PublicKey) error {
	if len(key) != ed25519.PublicKeySize {
		return fmt.Errorf("got %d bytes, want %d", len(key), ed25519.PublicKeySize)
	}
	point, err := new(edwards25519.Point).SetBytes(key)
	if err != nil {
		return errors.New("the key is not on the curve edwards25519")
	}
	if new(edwards25519.Point).MultByCofactor(point).Equal(edwards25519.NewIdentityPoint()) == 1 {
		return errors.New("the key is a point of small order, for which anybody can sign")
	}
	return nil
}

// Generate makes a new key.
func Generate(id string, alg Algorithm) (*Key, error) {
	var material any
	var err error
	switch kinds[alg] {
	case kindRSA:
		material, err = rsa.GenerateKey(rand.Reader, minRSABits)
	case kindECDSA:
		material, err = ecdsa.GenerateKey(curves[alg], rand.Reader)
	case kindEd25519:
		_, material, err = ed25519.GenerateKey(rand.Reader)
	case kindHMAC:
		// 64 bytes are the block of SHA-256 and as long as SHA-512's sum,
		// which RFC 7518 section 3.2 wants at least for HS512.
		secret := make([]byte, 64)
		_, err = rand.Read(secret)
		material = secret
	}
	if err != nil {
		return nil, fmt.Errorf("making a key for %s: %w", alg, err)
	}
	return NewKey(id, alg, material)
}

// Unmarshal reads what [Key.Marshal] wrote.
func Unmarshal(id string, alg Algorithm, data []byte) (*Key, error) {
	if alg.Symmetric() {
		return NewKey(id, alg, data)
	}
	material, err := x509.ParsePKCS8PrivateKey(data)
	if err != nil {
		return nil, fmt.Errorf("key %q for %s: %w", id, alg, err)
	}
	return NewKey(id, alg, material)
}

// Marshal writes the private key as PKCS #8 (DER), or the secret as it is.
func (k *Key) Marshal() ([]byte, error) {
	if !k.CanSign() {
		return nil, fmt.Errorf("key %q: %w", k.id, ErrCannotSign)
	}
	if secret, ok := k.signing.([]byte); ok {
		return append([]byte(nil), secret...), nil
	}
	return x509.MarshalPKCS8PrivateKey(k.signing)
}

// ID is the key's id, by which tokens name it.
func (k *Key) ID() string { return k.id }

// Algorithm is the only algorithm that the key is used with.
func (k *Key) Algorithm() Algorithm { return k.algorithm }

// CanSign says whether the private part is here.
func (k *Key) CanSign() bool { return k.signing != nil }

// Public gives the public key, or nil for a secret.
func (k *Key) Public() crypto.PublicKey {
	if k.algorithm.Symmetric() {
		return nil
	}
	return k.verifying
}

// String keeps the material out of whatever prints a key.
func (k *Key) String() string { return string(k.algorithm) + " key " + k.id }

// GoString is String, for %#v.
func (k *Key) GoString() string { return k.String() }
