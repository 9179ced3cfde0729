package state

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/caddy-dcr/caddy-dcr/plugins"
)

const signingKeyPrefix = plugins.ReplicaPrefix + "s/"

// KeyUse is what a key of ours is for. One key has one use.
type KeyUse string

const (
	KeyForTokens     KeyUse = "token"
	KeyForStatements KeyUse = "statement"
	KeyForSecrets    KeyUse = "secret"
)

// KeyUses lists the closed set.
var KeyUses = []KeyUse{KeyForTokens, KeyForStatements, KeyForSecrets}

// SigningKey is one generation of one of the gateway's own keys.
type SigningKey struct {
	Use        KeyUse `cbor:"1,keyasint"`
	Generation uint32 `cbor:"2,keyasint"`
	ID         string `cbor:"3,keyasint"`
	Algorithm  string `cbor:"4,keyasint"`
	// Material is the private key or the shared secret, sealed when Sealed.
	Material []byte `cbor:"5,keyasint"`
	Sealed   bool   `cbor:"6,keyasint,omitempty"`
	// The times are Unix milliseconds by the store's clock. The key is
	// published from CreatedAt and signs from SignsFrom on.
	CreatedAt int64 `cbor:"7,keyasint"`
	SignsFrom int64 `cbor:"8,keyasint"`
}

func signingKeyKey(use KeyUse, generation uint32) string {
	return signingKeyPrefix + string(use) + "/" + strconv.FormatUint(uint64(generation), 10)
}

// Replaces says whether the key takes the other's place once it is used: only
// one of the same use and algorithm does.
func (k *SigningKey) Replaces(old *SigningKey) bool {
	return k.Use == old.Use && k.Algorithm == old.Algorithm && k.Generation > old.Generation
}

func decodeSigningKey(key string, value []byte) (SigningKey, error) {
	var k SigningKey
	if err := decode(kindSigningKey, value, &k); err != nil {
		return SigningKey{}, fmt.Errorf("signing key %q: %w", key, err)
	}
	if signingKeyKey(k.Use, k.Generation) != key {
		return SigningKey{}, fmt.Errorf("signing key %q: the record is of %s %d: %w", key, k.Use, k.Generation, plugins.ErrUnavailable)
	}
	return k, nil
}

// AddSigningKey stores a generation of a key. It returns [ErrExists] when
// another gateway made that generation first; the caller uses that one. It
// answers the place in the feed.
func (r Records) AddSigningKey(ctx context.Context, k SigningKey) (plugins.Position, error) {
	w, err := SigningKeyWrite(k)
	if err != nil {
		return plugins.Position{}, err
	}
	position, err := r.Store.Append(ctx, w)
	if errors.Is(err, plugins.ErrConflict) {
		return plugins.Position{}, fmt.Errorf("signing key %s %d: %w", k.Use, k.Generation, ErrExists)
	}
	return position, err
}

// SigningKeyWrite is the write that adds a generation, for an act that adds it
// together with something else.
func SigningKeyWrite(k SigningKey) (plugins.Write, error) {
	value, err := encode(kindSigningKey, k)
	return plugins.Write{Key: signingKeyKey(k.Use, k.Generation), Value: value, If: plugins.IfAbsent}, err
}

// RemoveSigningKey deletes a generation that nobody needs any more. Where
// another gateway was faster there is nothing to do.
func (r Records) RemoveSigningKey(ctx context.Context, use KeyUse, generation uint32) error {
	key := signingKeyKey(use, generation)
	value, err := getOne(ctx, r.Store, key)
	if errors.Is(err, ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	_, err = r.Store.Append(ctx, plugins.Write{Key: key, If: plugins.IfEqual, Old: value})
	if errors.Is(err, plugins.ErrConflict) {
		return nil
	}
	return err
}

// ReplaceSigningKeys are the writes that put these keys in the place of those
// that there are. Whatever the others have signed or hashed is lost.
func ReplaceSigningKeys(there, keys []SigningKey) ([]plugins.Write, error) {
	var writes []plugins.Write
	stays := map[string]bool{}
	for _, k := range keys {
		value, err := encode(kindSigningKey, k)
		if err != nil {
			return nil, err
		}
		key := signingKeyKey(k.Use, k.Generation)
		stays[key] = true
		writes = append(writes, plugins.Write{Key: key, Value: value})
	}
	for _, k := range there {
		if key := signingKeyKey(k.Use, k.Generation); !stays[key] {
			writes = append(writes, plugins.Write{Key: key})
		}
	}
	return writes, nil
}
