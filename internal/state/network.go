package state

import (
	"encoding/binary"
	"fmt"

	"github.com/caddy-dcr/caddy-dcr/plugins"
)

// Network stands for the network that a client registered from, by 32 bits of
// a keyed hash. Zero is none on record: nobody limits clients by address, or
// nobody did then.
type Network uint32

// networkField is the number of the field that a client's record has in place
// of those for its times, where its network is on record.
const networkField = 13

// The field holds the time of registration, the day of the last use and the
// network: as much as fits into Redis's 96-byte size class beside the rest.
const (
	createdLen    = 6
	lastUsedEnd   = createdLen + 2
	networkLen    = lastUsedEnd + 4
	latestCreated = 1<<(8*createdLen) - 1
)

// packNetwork makes the field.
func packNetwork(c Client) ([]byte, error) {
	if c.CreatedAt < 0 || c.CreatedAt > latestCreated {
		return nil, fmt.Errorf("client %s: a time of registration of %d milliseconds cannot be written", c.ID, c.CreatedAt)
	}
	// The time begins at the third byte: its upper two are zero.
	packed := binary.BigEndian.AppendUint64(nil, uint64(c.CreatedAt))[8-createdLen:]
	packed = binary.BigEndian.AppendUint16(packed, uint16(c.LastUsed))
	return binary.BigEndian.AppendUint32(packed, uint32(c.Network)), nil
}

// unpackNetwork undoes packNetwork.
func unpackNetwork(packed []byte, c *Client) error {
	if len(packed) != networkLen {
		return fmt.Errorf("a network and times of %d bytes, wanted %d: %w", len(packed), networkLen, plugins.ErrUnavailable)
	}
	c.CreatedAt = int64(binary.BigEndian.Uint64(append(make([]byte, 8-createdLen, 8), packed[:createdLen]...)))
	c.LastUsed = Day(binary.BigEndian.Uint16(packed[createdLen:]))
	c.Network = Network(binary.BigEndian.Uint32(packed[lastUsedEnd:]))
	if c.Network == 0 {
		return fmt.Errorf("a network that stands for none: %w", plugins.ErrUnavailable)
	}
	return nil
}
