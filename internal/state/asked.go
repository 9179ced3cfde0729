package state

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"time"

	"github.com/caddy-dcr/caddy-dcr/plugins"
)

const (
	askedPrefix = plugins.ReplicaPrefix + "i/"
	// askedFor is how long it is remembered that something was asked for.
	askedFor = 24 * time.Hour
)

// Asked remembers that somebody asked for something to be made, so that asking
// again makes nothing twice.
type Asked struct {
	// Digest is of what was asked for.
	Digest [sha256.Size]byte `cbor:"1,keyasint"`
	// Made is the id of what was made.
	Made string `cbor:"2,keyasint"`
}

// askedKey is made of a hash, since what clients send stands in no key.
func askedKey(who, key string) string {
	sum := sha256.Sum256([]byte(who + "\x00" + key))
	return askedPrefix + hex.EncodeToString(sum[:16])
}

// AskedWrite is the write that remembers it. It belongs into one act with what
// is made.
func AskedWrite(who, key string, a Asked) (plugins.Write, error) {
	value, err := encode(kindAsked, a)
	return plugins.Write{Key: askedKey(who, key), Value: value, TTL: askedFor, If: plugins.IfAbsent}, err
}

// Asked reads what was asked for under that key. It returns [ErrNotFound] when
// nothing was.
func (r Records) Asked(ctx context.Context, who, key string) (Asked, error) {
	var a Asked
	raw, err := getOne(ctx, r.Store, askedKey(who, key))
	if err != nil {
		return Asked{}, err
	}
	return a, decode(kindAsked, raw, &a)
}
