package caddymodule

import (
	"encoding/binary"
	"math/rand/v2"

	"github.com/google/uuid"
)

// newTrace names one request, as a random UUID (RFC 9562 version 4). It is an
// address for people and no secret, so the runtime's fast generator does.
func newTrace() string {
	var id uuid.UUID
	binary.LittleEndian.PutUint64(id[:8], rand.Uint64()) //nolint:gosec // no secret
	binary.LittleEndian.PutUint64(id[8:], rand.Uint64()) //nolint:gosec // no secret
	id[6] = id[6]&0x0f | 0x40
	id[8] = id[8]&0x3f | 0x80
	return id.String()
}
