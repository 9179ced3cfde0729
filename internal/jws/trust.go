package jws

import (
	"bytes"
	"crypto"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"slices"

	"github.com/caddy-dcr/caddy-dcr/internal/strictjson"
)

// maxKeys bounds how many signatures a token without a key id can cost.
const maxKeys = 16

// ParseKeys reads the public keys of somebody else, to be used with one
// algorithm: a JWK set (RFC 7517 section 5), or PEM blocks of public keys or
// certificates. Keys that the set itself keeps for encryption or for another
// algorithm are passed over; whatever else cannot be used is an error that
// names the key, since a key that silently does not count is found out about
// when a fleet of devices is refused.
//
// A certificate is only a wrapping: who trusts the file trusts the key, so its
// dates and its signature are not looked at.
func ParseKeys(data []byte, alg Algorithm) ([]*Key, error) {
	if alg.Symmetric() {
		return nil, fmt.Errorf("%s wants a shared secret, which would let both sides sign; use an algorithm with public keys", alg)
	}
	var keys []*Key
	var err error
	if bytes.HasPrefix(bytes.TrimLeft(data, " \t\r\n"), []byte("{")) {
		keys, err = parseSet(data, alg)
	} else {
		keys, err = parsePEM(data, alg)
	}
	if err != nil {
		return nil, err
	}
	switch {
	case len(keys) == 0:
		return nil, fmt.Errorf("there is no key for %s", alg)
	case len(keys) > maxKeys:
		return nil, fmt.Errorf("there are %d keys for %s, at most %d are wanted", len(keys), alg, maxKeys)
	}
	return keys, nil
}

func parseSet(data []byte, alg Algorithm) ([]*Key, error) {
	set, err := strictjson.Read(data)
	if err != nil {
		return nil, fmt.Errorf("reading a JWK set: %w", err)
	}
	entries, present, err := set.Objects("keys")
	if err != nil {
		return nil, fmt.Errorf("reading a JWK set: %w", err)
	}
	if !present {
		return nil, errors.New(`reading a JWK set: member "keys" is missing`)
	}
	var keys []*Key
	for i, entry := range entries {
		id, _, err := entry.String("kid")
		if err != nil {
			return nil, fmt.Errorf("key %d of the JWK set: %w", i+1, err)
		}
		meant, err := meantFor(entry, alg)
		if err != nil {
			return nil, fmt.Errorf("key %q (number %d of the JWK set): %w", id, i+1, err)
		}
		if !meant {
			continue
		}
		material, err := fromJWK(entry)
		if err != nil {
			return nil, fmt.Errorf("key %q (number %d of the JWK set): %w", id, i+1, err)
		}
		key, err := NewKey(id, alg, material)
		if err != nil {
			return nil, fmt.Errorf("number %d of the JWK set: %w", i+1, err)
		}
		if id != "" && slices.ContainsFunc(keys, func(k *Key) bool { return k.id == id }) {
			return nil, fmt.Errorf("two keys of the JWK set are called %q", id)
		}
		keys = append(keys, key)
	}
	return keys, nil
}

// meantFor looks at what a key says that it is for (RFC 7517 sections 4.2 to
// 4.4).
func meantFor(entry strictjson.Object, alg Algorithm) (bool, error) {
	use, given, err := entry.String("use")
	if err != nil || given && use != "sig" {
		return false, err
	}
	operations, given, err := entry.Strings("key_ops")
	if err != nil || given && !slices.Contains(operations, "verify") {
		return false, err
	}
	name, given, err := entry.String("alg")
	return err == nil && (!given || name == string(alg)), err
}

func parsePEM(data []byte, alg Algorithm) ([]*Key, error) {
	var keys []*Key
	for number := 1; ; number++ {
		block, rest := pem.Decode(data)
		if block == nil {
			break
		}
		data = rest
		material, err := publicKey(block)
		if err != nil {
			return nil, fmt.Errorf("PEM block %d (%s): %w", number, block.Type, err)
		}
		key, err := NewKey("", alg, material)
		if err != nil {
			return nil, fmt.Errorf("PEM block %d (%s): %w", number, block.Type, err)
		}
		keys = append(keys, key)
	}
	if len(keys) == 0 {
		return nil, errors.New("there is neither a PEM block nor a JWK set")
	}
	if len(bytes.TrimSpace(data)) > 0 {
		return nil, errors.New("something that is no PEM block follows the keys")
	}
	return keys, nil
}

func publicKey(block *pem.Block) (crypto.PublicKey, error) {
	switch block.Type {
	case "PUBLIC KEY":
		return x509.ParsePKIXPublicKey(block.Bytes)
	case "RSA PUBLIC KEY":
		return x509.ParsePKCS1PublicKey(block.Bytes)
	case "CERTIFICATE":
		certificate, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, err
		}
		return certificate.PublicKey, nil
	default:
		return nil, errors.New("want PUBLIC KEY, RSA PUBLIC KEY or CERTIFICATE")
	}
}
