package revocation

import (
	"crypto/sha256"
	"encoding/binary"
)

// KeyRef is a short reference to the key that signed a statement, for records
// of which there are millions. Zero refers to none. Two keys share one by a
// chance of 2^-31.
type KeyRef uint32

// RefOf makes the reference of a key's id.
func RefOf(id string) KeyRef {
	if id == "" {
		return 0
	}
	sum := sha256.Sum256([]byte(id))
	return KeyRef(binary.BigEndian.Uint32(sum[:])) | 1
}
