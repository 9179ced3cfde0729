package statement

import (
	"errors"
	"slices"
	"strings"

	"github.com/caddy-dcr/caddy-dcr/internal/jws"
)

func share(a, b []*jws.Key) bool {
	return slices.ContainsFunc(a, func(x *jws.Key) bool {
		return slices.ContainsFunc(b, func(y *jws.Key) bool { return jws.SameMaterial(x, y) })
	})
}

// own finds the keys for a statement that says to be ours.
func (v *Verifier) own(m *jws.Message) ([]*jws.Key, error) {
	if m.Header.Type != Type {
		return nil, errType
	}
	if m.Header.KeyID == "" {
		return nil, ErrUnknownKey
	}
	keys := v.Keys(m.Header.KeyID)
	if len(keys) == 0 {
		return nil, ErrUnknownKey
	}
	return keys, nil
}

// foreign finds the keys for a statement of somebody else. Public statements
// have {"alg":"RS256"} for a header, so a type is not demanded; but one that
// says to be something else, such as at+jwt, is.
func (v *Verifier) foreign(m *jws.Message, issuer string) ([]*jws.Key, error) {
	at := slices.IndexFunc(v.Trusted, func(t TrustedIssuer) bool { return t.Name == issuer })
	if at < 0 {
		return nil, errIssuer
	}
	if m.Header.Type != "" && !isType(m.Header.Type, "jwt") && !isType(m.Header.Type, Type) {
		return nil, errType
	}
	// An issuer may sign its access tokens with the same key and without a
	// type. Those of this kind of service have these claims, and statements
	// have not.
	if m.Claims.Has("scopes") || m.Claims.Has("client_id") {
		return nil, errToken
	}
	kid := m.Header.KeyID
	if kid == "" {
		return v.Trusted[at].Keys, nil
	}
	// A key without a name, as PEM files have, may be the one of any name.
	var keys []*jws.Key
	for _, key := range v.Trusted[at].Keys {
		if key.ID() == kid || key.ID() == "" {
			keys = append(keys, key)
		}
	}
	if len(keys) == 0 {
		return nil, errForeignKey
	}
	return keys, nil
}

// isType compares media types (RFC 7515 section 4.1.9).
func isType(typ, want string) bool {
	const prefix = "application/"
	if len(typ) > len(prefix) && strings.EqualFold(typ[:len(prefix)], prefix) {
		typ = typ[len(prefix):]
	}
	return strings.EqualFold(typ, want)
}

// signer finds the key that made the signature.
func signer(m *jws.Message, keys []*jws.Key) (*jws.Key, error) {
	failure := errAlgorithm
	for _, key := range keys {
		err := m.Verify(key)
		if err == nil {
			return key, nil
		}
		if errors.Is(err, jws.ErrSignature) {
			failure = errSignature
		}
	}
	return nil, failure
}
