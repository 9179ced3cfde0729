package boltstore

import (
	"encoding/binary"
	"errors"
	"time"

	"github.com/caddy-dcr/caddy-dcr/plugins"
)

var (
	errNoWrites = errors.New("no writes")
	errEntry    = errors.New("damaged entry in the feed")
)

// An entry is the time in milliseconds, then for each write the key, the value
// and the TTL in milliseconds. Numbers are varints, a key follows its length, a
// value its length plus one, so that zero is the value of a delete.
func encodeEntry(writes []plugins.Write, at time.Time) []byte {
	entry := binary.AppendUvarint(nil, uint64(at.UnixMilli()))
	for _, w := range writes {
		entry = binary.AppendUvarint(entry, uint64(len(w.Key)))
		entry = append(entry, w.Key...)
		if w.Value == nil {
			entry = append(entry, 0)
		} else {
			entry = binary.AppendUvarint(entry, uint64(len(w.Value))+1)
			entry = append(entry, w.Value...)
		}
		entry = binary.AppendUvarint(entry, uint64(millis(w.TTL)))
	}
	return entry
}

func decodeEntry(b []byte) (plugins.Entry, error) {
	r := reader{rest: b}
	entry := plugins.Entry{At: time.UnixMilli(int64(r.number()))}
	for len(r.rest) > 0 && !r.damaged {
		w := plugins.Write{Key: string(r.take(r.number()))}
		if length := r.number(); length > 0 {
			w.Value = append([]byte{}, r.take(length-1)...)
		}
		w.TTL = time.Duration(r.number()) * time.Millisecond
		entry.Writes = append(entry.Writes, w)
	}
	if r.damaged {
		return plugins.Entry{}, errEntry
	}
	return entry, nil
}

type reader struct {
	rest    []byte
	damaged bool
}

func (r *reader) number() uint64 {
	n, size := binary.Uvarint(r.rest)
	if size <= 0 {
		r.damaged, r.rest = true, nil
		return 0
	}
	r.rest = r.rest[size:]
	return n
}

func (r *reader) take(n uint64) []byte {
	if n > uint64(len(r.rest)) {
		r.damaged, r.rest = true, nil
		return nil
	}
	taken := r.rest[:n]
	r.rest = r.rest[n:]
	return taken
}
