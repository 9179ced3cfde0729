package caddymodule

import (
	"encoding/binary"
	"encoding/hex"
	"math/rand/v2"

	"github.com/google/uuid"
)

// newTraceID names one request by a random UUID (RFC 9562 version 4). It is an
// address for people and no secret, so the runtime's fast generator does.
func newTraceID() uuid.UUID {
	var id uuid.UUID
	binary.LittleEndian.PutUint64(id[:8], rand.Uint64()) //nolint:gosec // no secret
	binary.LittleEndian.PutUint64(id[8:], rand.Uint64()) //nolint:gosec // no secret
	id[6] = id[6]&0x0f | 0x40
	id[8] = id[8]&0x3f | 0x80
	return id
}

// textSize is that of a UUID in its usual form.
const textSize = 36

// texts writes UUIDs in their usual form, with one allocation for all three.
func texts(a, b, c uuid.UUID) (string, string, string) {
	var buffer [3 * textSize]byte
	for i, id := range [...]*uuid.UUID{&a, &b, &c} {
		write(buffer[i*textSize:(i+1)*textSize], id)
	}
	all := string(buffer[:])
	return all[:textSize], all[textSize : 2*textSize], all[2*textSize:]
}

// write is RFC 9562 section 4: hexadecimal digits in groups.
func write(to []byte, id *uuid.UUID) {
	hex.Encode(to[:8], id[:4])
	to[8] = '-'
	hex.Encode(to[9:13], id[4:6])
	to[13] = '-'
	hex.Encode(to[14:18], id[6:8])
	to[18] = '-'
	hex.Encode(to[19:23], id[8:10])
	to[23] = '-'
	hex.Encode(to[24:], id[10:])
}
