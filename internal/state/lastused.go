package state

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"github.com/fxamacker/cbor/v2"
	"github.com/google/uuid"

	"github.com/caddy-dcr/caddy-dcr/plugins"
)

// Day is a day in UTC, counted from the first of 1970. It fits into four bytes
// of a record until the year 2149.
type Day uint16

// lastUsedField is the number of the field in a client's record.
const lastUsedField = 11

const millisecondsOfDay = int64(24 * time.Hour / time.Millisecond)

// DayOf is the day of a moment in Unix milliseconds.
func DayOf(milliseconds int64) Day { return Day(milliseconds / millisecondsOfDay) }

// Start is when the day begins, in Unix milliseconds.
func (d Day) Start() int64 { return int64(d) * millisecondsOfDay }

// String is the date.
func (d Day) String() string { return time.UnixMilli(d.Start()).UTC().Format(time.DateOnly) }

// LastSeen is the last day on which the client registered or got a token.
func (c Client) LastSeen() Day { return max(c.LastUsed, DayOf(c.CreatedAt)) }

// StampClient notes that the client got a token on the day. It writes only
// where the client is there and nobody has noted as much, and says whether it
// did. Losing against another writer is no error.
func (r Records) StampClient(ctx context.Context, id uuid.UUID, day Day) (bool, error) {
	c, raw, err := r.clientAndRecord(ctx, id)
	if errors.Is(err, ErrNotFound) || err == nil && c.LastSeen() >= day {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	value, err := stamped(raw, day)
	if err != nil {
		return false, err
	}
	return changed(r.Store.Put(ctx, plugins.Write{Key: clientKey(id), Value: value, If: plugins.IfEqual, Old: raw}))
}

// stamped is a client's record with another day of its last use. All else
// stays as it is, also what a later version of the gateway wrote into it.
func stamped(raw []byte, day Day) ([]byte, error) {
	var fields map[int]cbor.RawMessage
	of := clientKind(raw)
	if err := decode(of, raw, &fields); err != nil {
		return nil, err
	}
	number, value := lastUsedField, any(day)
	if of == kindClientOfNetwork {
		var packed []byte
		if err := decoder.Unmarshal(fields[networkField], &packed); err != nil || len(packed) != networkLen {
			return nil, fmt.Errorf("a network and times that cannot be read: %w", plugins.ErrUnavailable)
		}
		binary.BigEndian.PutUint16(packed[createdLen:], uint16(day))
		number, value = networkField, packed
	}
	var err error
	if fields[number], err = encoder.Marshal(value); err != nil {
		return nil, err
	}
	return encode(of, fields)
}

// RemoveClient deletes a client that was not seen after the day, and says
// whether it did: one that is used meanwhile stays. Its id is never given out
// again, since ids are random.
func (r Records) RemoveClient(ctx context.Context, id uuid.UUID, day Day) (bool, error) {
	c, raw, err := r.clientAndRecord(ctx, id)
	if errors.Is(err, ErrNotFound) || err == nil && c.LastSeen() > day {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	return changed(r.Store.Put(ctx, plugins.Write{Key: clientKey(id), If: plugins.IfEqual, Old: raw}))
}

func (r Records) clientAndRecord(ctx context.Context, id uuid.UUID) (Client, []byte, error) {
	key := clientKey(id)
	raw, err := getOne(ctx, r.Store, key)
	if err != nil {
		return Client{}, nil, fmt.Errorf("client %s: %w", id, err)
	}
	c, err := decodeClient(key, raw)
	return c, raw, err
}

// changed reads the answer to a conditional write.
func changed(err error) (bool, error) {
	if errors.Is(err, plugins.ErrConflict) {
		return false, nil
	}
	return err == nil, err
}
