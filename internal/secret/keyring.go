package secret

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"slices"
)

// minKey is as much as a secret has itself.
const minKey = 32

// Purpose keeps the hashes of different things apart: one is never good for
// another.
type Purpose string

const (
	// ClientSecret is for the secret of a client; the parts are the client's id
	// and the secret.
	ClientSecret Purpose = "client secret"
	// AccessToken is for an opaque access token.
	AccessToken Purpose = "access token"
	// registration is for the token with which a client manages its
	// registration; the part is the client's id.
	registration Purpose = "registration access token"
	// DeviceBinding is for what is the same when one device asks again.
	DeviceBinding Purpose = "device binding"
	// DerivedID and DerivedSecret are for the credentials of a client that are
	// made again from what its device sent; see package registration.
	DerivedID     Purpose = "derived client id"
	DerivedSecret Purpose = "derived client secret"
	// ClientNetwork is for the network that a client registered from.
	ClientNetwork Purpose = "client network"
)

// HashSize is how many bytes of the HMAC are kept. RFC 2104 section 5 asks for
// at least half, which is 16; there are millions of hashes in the store, and
// with 20 the record of a client fits into Redis's 96-byte size class.
const HashSize = 20

// Keyring holds the server keys with which secrets are hashed at rest, by
// version. A new version makes new hashes; the old ones still check what they
// made. A slow hash such as bcrypt would protect nothing here: it is for what
// people can remember, and our secrets have 256 random bits.
type Keyring struct {
	newest uint8
	keys   map[uint8][]byte
}

// NewKeyring makes a keyring of keys of at least 32 bytes. The highest version
// is the newest.
func NewKeyring(versions map[uint8][]byte) (*Keyring, error) {
	if len(versions) == 0 {
		return nil, errors.New("there is no key")
	}
	r := &Keyring{keys: make(map[uint8][]byte, len(versions))}
	for version, key := range versions {
		if len(key) < minKey {
			return nil, fmt.Errorf("key version %d: got %d bytes, want at least %d", version, len(key), minKey)
		}
		for other, known := range r.keys {
			if hmac.Equal(key, known) {
				return nil, fmt.Errorf("key versions %d and %d are the same", min(version, other), max(version, other))
			}
		}
		r.keys[version] = append([]byte(nil), key...)
		r.newest = max(r.newest, version)
	}
	return r, nil
}

// Making is the keyring for the time in which another version than the highest
// makes new hashes: one that is published before it is used. It says false of
// a version that is not here.
func (r *Keyring) Making(version uint8) (*Keyring, bool) {
	return &Keyring{newest: version, keys: r.keys}, r.Has(version)
}

// MAC hashes the parts with the newest key, and says which that is.
func (r *Keyring) MAC(purpose Purpose, parts ...[]byte) (version uint8, mac []byte) {
	return r.newest, sum(r.keys[r.newest], purpose, parts)[:HashSize]
}

// Derive makes 32 bytes of the parts with the newest key. Every gateway that
// has it makes the same, and nobody else can make or foresee them.
func (r *Keyring) Derive(purpose Purpose, parts ...[]byte) []byte {
	return sum(r.keys[r.newest], purpose, parts)
}

// DeriveEach is Derive with every key, the newest first: for what was derived
// once and is looked for long after.
func (r *Keyring) DeriveEach(purpose Purpose, parts ...[]byte) [][]byte {
	var all [][]byte
	for _, version := range slices.Backward(slices.Sorted(maps.Keys(r.keys))) {
		all = append(all, sum(r.keys[version], purpose, parts))
	}
	return all
}

// Has says whether the key of a version is here. Where it is not, a check
// fails through a fault of ours, and nobody's secret may be called wrong.
func (r *Keyring) Has(version uint8) bool {
	_, found := r.keys[version]
	return found
}

// Check says whether the hash was made of these parts with the key of the
// version, in a time that does not depend on where they differ.
func (r *Keyring) Check(version uint8, mac []byte, purpose Purpose, parts ...[]byte) bool {
	key, found := r.keys[version]
	if !found {
		r.CheckNothing(purpose, parts...)
		return false
	}
	return hmac.Equal(mac, sum(key, purpose, parts)[:HashSize])
}

// CheckNothing takes as long as [Keyring.Check]: it is for a client that is
// unknown, which must not be told from a wrong secret.
func (r *Keyring) CheckNothing(purpose Purpose, parts ...[]byte) {
	var nothing [HashSize]byte
	_ = hmac.Equal(nothing[:], sum(r.keys[r.newest], purpose, parts)[:HashSize])
}

// sum hashes every part with its length, so that no two lists of parts run
// together to the same bytes.
func sum(key []byte, purpose Purpose, parts [][]byte) []byte {
	mac := hmac.New(sha256.New, key)
	var length [8]byte
	write := func(part []byte) {
		binary.BigEndian.PutUint64(length[:], uint64(len(part)))
		mac.Write(length[:])
		mac.Write(part)
	}
	write([]byte(purpose))
	for _, part := range parts {
		write(part)
	}
	return mac.Sum(nil)
}
