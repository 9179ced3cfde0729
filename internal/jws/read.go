package jws

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strings"

	"github.com/caddy-dcr/caddy-dcr/internal/strictjson"
)

// MaxSize is how long a compact JWS may be. It is looked at before anything
// else, so that what an attacker sends costs no more than it is worth.
const MaxSize = 16 << 10

var (
	// ErrMalformed is wrapped when a text is not a JWS that we would read,
	// whoever signed it. No error text quotes any part of the text.
	ErrMalformed = errors.New("not an acceptable JWS")
	// ErrAlgorithm says that the header names another algorithm than the key's.
	ErrAlgorithm = errors.New("the algorithm is not the key's")
	// ErrSignature says that the key did not make the signature.
	ErrSignature = errors.New("the signature is not the key's")
)

func malformed(why string) error { return fmt.Errorf("%w: %s", ErrMalformed, why) }

// They are made once: a flood of junk is not to cost more than good requests.
var (
	errSize      = malformed("it is longer than 16 KiB")
	errAlphabet  = malformed("it holds a character outside base64url")
	errParts     = malformed("it has not three parts")
	errEmpty     = malformed("a part is empty")
	errEncoding  = malformed("a part is not the one base64url encoding of its bytes")
	errHeader    = malformed("the header is not one strict JSON object")
	errClaims    = malformed("the claims are not one strict JSON object")
	errNoAlg     = malformed("the header names no algorithm that we know")
	errTyp       = malformed("the header's typ is not a string")
	errKid       = malformed("the header's kid is not a string")
	errSpelling  = malformed("a name is spelt almost like a registered one")
	errRefused   = malformed("the header holds a member that is never accepted")
	strictBase64 = base64.RawURLEncoding.Strict()
)

// Header is what the header said. Type and KeyID are empty where it did not.
// Nothing of it is to be trusted before [Message.Verify].
type Header struct {
	Algorithm Algorithm
	Type      string
	KeyID     string
}

// Message is a compact JWS that was read and not yet verified. Whoever has it
// can refuse it for what it claims before paying for a signature.
type Message struct {
	Header Header
	Claims strictjson.Object

	input     string
	signature []byte
}

// Read reads a compact JWS whose payload is a JSON object (RFC 7515 section
// 5.2, RFC 7519 section 7.2). It fetches nothing and trusts no key that the
// text brings along.
func Read(compact string) (*Message, error) {
	first, second, err := split(compact)
	if err != nil {
		return nil, err
	}
	buffer := make([]byte, strictBase64.DecodedLen(len(compact)))
	header, rest, err := decodePart(buffer, compact[:first])
	if err != nil {
		return nil, err
	}
	claims, rest, err := decodePart(rest, compact[first+1:second])
	if err != nil {
		return nil, err
	}
	signature, _, err := decodePart(rest, compact[second+1:])
	if err != nil {
		return nil, err
	}
	m := &Message{input: compact[:second], signature: signature}
	if m.Header, err = readHeader(header); err != nil {
		return nil, err
	}
	if m.Claims, err = strictjson.Read(claims); err != nil {
		return nil, errClaims
	}
	if misspelt(m.Claims, claimNames) {
		return nil, errSpelling
	}
	return m, nil
}

// inAlphabet is what a part consists of. The decoder's own check is not
// enough: it skips line breaks.
var inAlphabet = func() (table [256]bool) {
	for _, c := range []byte("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_") {
		table[c] = true
	}
	return table
}()

// split finds the two dots.
func split(compact string) (first, second int, err error) {
	if len(compact) > MaxSize {
		return 0, 0, errSize
	}
	dots := 0
	for i := range len(compact) {
		c := compact[i]
		if inAlphabet[c] {
			continue
		}
		if c != '.' {
			return 0, 0, errAlphabet
		}
		switch dots++; dots {
		case 1:
			first = i
		case 2:
			second = i
		default:
			return 0, 0, errParts
		}
	}
	if dots != 2 {
		return 0, 0, errParts
	}
	if first == 0 || second == first+1 || second == len(compact)-1 {
		return 0, 0, errEmpty
	}
	return first, second, nil
}

// decodePart decodes to the front of the buffer.
func decodePart(buffer []byte, part string) (decoded, rest []byte, err error) {
	n, err := strictBase64.Decode(buffer, []byte(part))
	if err != nil {
		return nil, nil, errEncoding
	}
	return buffer[:n:n], buffer[n:], nil
}

// refused are header members with which a signature means something else than
// what we check (crit, b64, zip, cty, enc), or that bring a key or say where to
// fetch one (RFC 8725 section 3.10; CVE-2018-0114, CVE-2026-1180).
var refused = []string{"crit", "b64", "zip", "cty", "enc", "jwk", "jku", "x5c", "x5u"}

// The registered names, of which no other spelling is accepted: readers in
// some languages take IAT for iat.
var (
	headerNames = append([]string{"alg", "typ", "kid"}, refused...)
	claimNames  = []string{"iss", "sub", "aud", "exp", "nbf", "iat", "jti", "scope", "scopes", "client_id"}
)

func readHeader(data []byte) (Header, error) {
	o, err := strictjson.Read(data)
	if err != nil {
		return Header{}, errHeader
	}
	for _, name := range refused {
		if o.Has(name) {
			return Header{}, errRefused
		}
	}
	if misspelt(o, headerNames) {
		return Header{}, errSpelling
	}
	alg, _, err := o.String("alg")
	if err != nil || methods[Algorithm(alg)] == nil {
		return Header{}, errNoAlg
	}
	h := Header{Algorithm: Algorithm(alg)}
	if h.Type, _, err = o.String("typ"); err != nil {
		return Header{}, errTyp
	}
	if h.KeyID, _, err = o.String("kid"); err != nil {
		return Header{}, errKid
	}
	return h, nil
}

// misspelt looks for a name that differs from one of the list by case alone.
func misspelt(o strictjson.Object, list []string) bool {
	for name := range o.Names() {
		if lower(name) {
			continue
		}
		for _, registered := range list {
			if strings.EqualFold(name, registered) {
				return true
			}
		}
	}
	return false
}

// lower says whether a name can have no other spelling in lower case.
func lower(name string) bool {
	for _, c := range []byte(name) {
		if 'A' <= c && c <= 'Z' || c >= 0x80 {
			return false
		}
	}
	return true
}

// Input is the signed part of the text, as it was.
func (m *Message) Input() string { return m.input }

// Verify says whether the key made the signature: nil, [ErrAlgorithm] or
// [ErrSignature]. The algorithm is the key's; the header must only agree.
func (m *Message) Verify(key *Key) error {
	if m.Header.Algorithm != key.algorithm {
		return ErrAlgorithm
	}
	// The method compares lengths exactly: RSA's is the modulus', ECDSA's
	// twice the curve's.
	if key.method.Verify(m.input, m.signature, key.verifying) != nil {
		return ErrSignature
	}
	return nil
}
