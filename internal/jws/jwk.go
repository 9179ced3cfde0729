package jws

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"

	"github.com/caddy-dcr/caddy-dcr/internal/strictjson"
)

// jwk is a public key as RFC 7517, RFC 7518 section 6 and RFC 8037 write it.
type jwk struct {
	Kty string `json:"kty"`
	Kid string `json:"kid,omitempty"`
	Use string `json:"use,omitempty"`
	Alg string `json:"alg,omitempty"`
	N   string `json:"n,omitempty"`
	E   string `json:"e,omitempty"`
	Crv string `json:"crv,omitempty"`
	X   string `json:"x,omitempty"`
	Y   string `json:"y,omitempty"`
}

// JWKS writes the set of the public keys (RFC 7517 section 5). Secrets have no
// public part and are left out.
func JWKS(keys []*Key) ([]byte, error) {
	set := struct {
		Keys []jwk `json:"keys"`
	}{Keys: []jwk{}}
	for _, k := range keys {
		public := k.Public()
		if public == nil {
			continue
		}
		entry, err := toJWK(public)
		if err != nil {
			return nil, fmt.Errorf("key %q: %w", k.id, err)
		}
		entry.Kid, entry.Use, entry.Alg = k.id, "sig", string(k.algorithm)
		set.Keys = append(set.Keys, entry)
	}
	return json.Marshal(set)
}

func toJWK(public any) (jwk, error) {
	switch p := public.(type) {
	case *rsa.PublicKey:
		return jwk{Kty: "RSA", N: encode(p.N.Bytes()), E: encode(big.NewInt(int64(p.E)).Bytes())}, nil
	case *ecdsa.PublicKey:
		point, err := p.Bytes() // 4, then both coordinates at full length
		if err != nil {
			return jwk{}, err
		}
		x, y := point[1:1+len(point)/2], point[1+len(point)/2:]
		return jwk{Kty: "EC", Crv: p.Curve.Params().Name, X: encode(x), Y: encode(y)}, nil
	case ed25519.PublicKey:
		return jwk{Kty: "OKP", Crv: "Ed25519", X: encode(p)}, nil
	default:
		return jwk{}, fmt.Errorf("a key of type %T cannot be published", p)
	}
}

// private lists the members of RFC 7518 section 6 that only private keys have.
var private = []string{"d", "p", "q", "dp", "dq", "qi", "oth", "k"}

// fromJWK reads the material of a public key.
func fromJWK(o strictjson.Object) (any, error) {
	for _, name := range private {
		if o.Has(name) {
			return nil, fmt.Errorf("it holds %q: a private or secret key does not belong here", name)
		}
	}
	kty, err := text(o, "kty")
	if err != nil {
		return nil, err
	}
	switch kty {
	case "RSA":
		return rsaFromJWK(o)
	case "EC":
		return ecdsaFromJWK(o)
	case "OKP":
		return ed25519FromJWK(o)
	default:
		return nil, fmt.Errorf("member %q: got %q, want RSA, EC or OKP", "kty", kty)
	}
}

func rsaFromJWK(o strictjson.Object) (any, error) {
	n, err := octets(o, "n")
	if err != nil {
		return nil, err
	}
	e, err := octets(o, "e")
	if err != nil {
		return nil, err
	}
	exponent := new(big.Int).SetBytes(e)
	if exponent.BitLen() > 31 {
		return nil, errors.New("the RSA exponent is too large")
	}
	return &rsa.PublicKey{N: new(big.Int).SetBytes(n), E: int(exponent.Int64())}, nil
}

func ecdsaFromJWK(o strictjson.Object) (any, error) {
	crv, err := text(o, "crv")
	if err != nil {
		return nil, err
	}
	for _, curve := range []elliptic.Curve{elliptic.P256(), elliptic.P384(), elliptic.P521()} {
		if curve.Params().Name != crv {
			continue
		}
		x, err := octets(o, "x")
		if err != nil {
			return nil, err
		}
		y, err := octets(o, "y")
		if err != nil {
			return nil, err
		}
		// Both have the full length, zeros in front included (RFC 7518
		// section 6.2.1.2); otherwise one could lend the other a byte.
		if size := (curve.Params().BitSize + 7) / 8; len(x) != size || len(y) != size {
			return nil, fmt.Errorf("coordinates of %d bytes are wanted", size)
		}
		return ecdsa.ParseUncompressedPublicKey(curve, append(append([]byte{4}, x...), y...))
	}
	return nil, fmt.Errorf("member %q: got %q, want P-256, P-384 or P-521", "crv", crv)
}

func ed25519FromJWK(o strictjson.Object) (any, error) {
	crv, err := text(o, "crv")
	if err != nil {
		return nil, err
	}
	if crv != "Ed25519" {
		return nil, fmt.Errorf("member %q: got %q, want Ed25519", "crv", crv)
	}
	x, err := octets(o, "x")
	return ed25519.PublicKey(x), err
}

// text gives a member that must be there.
func text(o strictjson.Object, name string) (string, error) {
	value, present, err := o.String(name)
	if err == nil && !present {
		err = fmt.Errorf("member %q is missing", name)
	}
	return value, err
}

func octets(o strictjson.Object, name string) ([]byte, error) {
	value, err := text(o, name)
	if err != nil {
		return nil, err
	}
	b, err := base64.RawURLEncoding.Strict().DecodeString(value)
	if err != nil {
		return nil, fmt.Errorf("member %q: it is not base64url without padding", name)
	}
	return b, nil
}
