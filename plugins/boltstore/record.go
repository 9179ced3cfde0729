package boltstore

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"time"

	"go.etcd.io/bbolt"

	"github.com/caddy-dcr/caddy-dcr/plugins"
)

// A record is its expiry, eight bytes of Unix milliseconds with zero for never,
// then its value.
const expiryLen = 8

func encode(value []byte, expires int64) []byte {
	record := make([]byte, expiryLen, expiryLen+len(value))
	binary.BigEndian.PutUint64(record, uint64(expires))
	return append(record, value...)
}

// decode answers nil where there is nothing, or nothing any more. The value
// points into the transaction's pages.
func decode(record []byte, now time.Time) []byte {
	if len(record) < expiryLen || expired(record, now) {
		return nil
	}
	return record[expiryLen:]
}

func expired(record []byte, now time.Time) bool {
	expires := int64(binary.BigEndian.Uint64(record))
	return expires != 0 && expires <= now.UnixMilli()
}

// millis rounds up, so that no TTL becomes the zero that means never.
func millis(ttl time.Duration) int64 {
	return int64((ttl + time.Millisecond - 1) / time.Millisecond)
}

// check refuses what bbolt would refuse in the middle of a transaction that
// others share, and what the contract does not allow.
func check(w plugins.Write, replicated bool) error {
	switch {
	case strings.HasPrefix(w.Key, plugins.ReplicaPrefix) != replicated:
		if replicated {
			return fmt.Errorf("key outside %s", plugins.ReplicaPrefix)
		}
		return fmt.Errorf("key under %s is written by Append", plugins.ReplicaPrefix)
	case w.Key == "":
		return errors.New("empty key")
	case len(w.Key) > bbolt.MaxKeySize:
		return fmt.Errorf("key of %d bytes", len(w.Key))
	case len(w.Value) > bbolt.MaxValueSize-expiryLen:
		return fmt.Errorf("value of %d bytes", len(w.Value))
	case w.TTL < 0:
		return fmt.Errorf("TTL of %s", w.TTL)
	case w.If > plugins.IfEqual:
		return fmt.Errorf("unknown condition %d", w.If)
	}
	return nil
}

// holds tells whether the condition of a write is met.
func holds(records *bbolt.Bucket, w plugins.Write, now time.Time) bool {
	if w.If == plugins.Always {
		return true
	}
	value := decode(records.Get([]byte(w.Key)), now)
	if w.If == plugins.IfAbsent {
		return value == nil
	}
	return value != nil && bytes.Equal(value, w.Old)
}

func write(records *bbolt.Bucket, w plugins.Write, now time.Time) error {
	if w.Value == nil {
		return records.Delete([]byte(w.Key))
	}
	var expires int64
	if w.TTL > 0 {
		expires = now.UnixMilli() + millis(w.TTL)
	}
	return records.Put([]byte(w.Key), encode(w.Value, expires))
}
