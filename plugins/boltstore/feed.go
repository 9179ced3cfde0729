package boltstore

import (
	"context"
	"encoding/binary"
	"time"

	"go.etcd.io/bbolt"

	"github.com/caddy-dcr/caddy-dcr/plugins"
)

const (
	// maxEntries and maxBytes bound one batch.
	maxEntries = 500
	maxBytes   = 1 << 20
	// maxTrim bounds what one act removes from the feed's old end; it is more
	// than the one that it adds, so that a feed that was too long gets short.
	maxTrim = 8
)

// Append applies the writes and adds them to the feed.
func (s *Store) Append(ctx context.Context, writes ...plugins.Write) (plugins.Position, error) {
	if len(writes) == 0 {
		return plugins.Position{}, failed("append", errNoWrites)
	}
	for _, w := range writes {
		if err := check(w, true); err != nil {
			return plugins.Position{}, failed("append", err)
		}
	}
	var seq uint64
	err := s.change(ctx, "append", func(tx *bbolt.Tx) (err error) {
		seq, err = s.appendTo(tx, writes, time.Now())
		return err
	})
	if err != nil {
		return plugins.Position{}, err
	}
	return plugins.Position{Feed: s.feed, Seq: seq}, nil
}

func (s *Store) appendTo(tx *bbolt.Tx, writes []plugins.Write, now time.Time) (uint64, error) {
	records, feed := tx.Bucket(recordBucket), tx.Bucket(feedBucket)
	for _, w := range writes {
		if !holds(records, w, now) {
			return 0, plugins.ErrConflict
		}
	}
	for _, w := range writes {
		if err := write(records, w, now); err != nil {
			return 0, err
		}
	}
	seq, err := feed.NextSequence()
	if err != nil {
		return 0, err
	}
	if err := feed.Put(place(seq), encodeEntry(writes, now)); err != nil {
		return 0, err
	}
	return seq, s.trim(feed, seq)
}

func (s *Store) trim(feed *bbolt.Bucket, newest uint64) error {
	for range maxTrim {
		c := feed.Cursor()
		oldest, _ := c.First()
		if oldest == nil || binary.BigEndian.Uint64(oldest)+s.keep > newest {
			return nil
		}
		if err := c.Delete(); err != nil {
			return err
		}
	}
	return nil
}

// place is the key of an entry; big-endian sorts as the numbers do.
func place(seq uint64) []byte { return binary.BigEndian.AppendUint64(nil, seq) }

// Tail answers the newest position. The clock is read first, so that it is
// never later than what it vouches for.
func (s *Store) Tail(ctx context.Context) (plugins.Position, time.Time, error) {
	now := time.Now()
	position := plugins.Position{Feed: s.feed}
	err := s.view(ctx, "tail", func(tx *bbolt.Tx) error {
		position.Seq = tx.Bucket(feedBucket).Sequence()
		return nil
	})
	if err != nil {
		return plugins.Position{}, time.Time{}, err
	}
	return position, now, nil
}

// Follow waits for entries after the position.
func (s *Store) Follow(ctx context.Context, after plugins.Position, wait time.Duration) (plugins.Batch, error) {
	timer := time.NewTimer(max(wait, 0))
	defer timer.Stop()
	for last := wait <= 0; ; {
		changed := s.wake.next()
		batch, err := s.read(ctx, after)
		if err != nil || len(batch.Entries) > 0 || last {
			return batch, err
		}
		select {
		case <-changed:
		case <-timer.C:
			last = true
		case <-ctx.Done():
			return plugins.Batch{}, ended(ctx.Err())
		case <-s.closed:
			return plugins.Batch{}, plugins.ErrClosed
		}
	}
}

// read answers what follows the position now.
func (s *Store) read(ctx context.Context, after plugins.Position) (plugins.Batch, error) {
	var batch plugins.Batch
	now := time.Now()
	err := s.view(ctx, "follow", func(tx *bbolt.Tx) (err error) {
		batch, err = s.batch(tx.Bucket(feedBucket), after)
		return err
	})
	batch.Now = now
	if err != nil {
		return plugins.Batch{}, err
	}
	return batch, nil
}

func (s *Store) batch(feed *bbolt.Bucket, after plugins.Position) (plugins.Batch, error) {
	known := after.Feed == s.feed || after == plugins.Position{}
	newest := feed.Sequence()
	if !known || after.Seq > newest {
		return plugins.Batch{}, plugins.ErrLostPlace
	}
	b := plugins.Batch{Position: plugins.Position{Feed: s.feed, Seq: after.Seq}}
	size := 0
	c := feed.Cursor()
	for key, value := c.Seek(place(after.Seq + 1)); b.Position.Seq < newest; key, value = c.Next() {
		if len(b.Entries) == maxEntries || size > maxBytes {
			b.More = true
			return b, nil
		}
		if key == nil || binary.BigEndian.Uint64(key) != b.Position.Seq+1 {
			return plugins.Batch{}, plugins.ErrLostPlace
		}
		entry, err := decodeEntry(value)
		if err != nil {
			return plugins.Batch{}, err
		}
		b.Position.Seq++
		entry.Seq = b.Position.Seq
		b.Entries = append(b.Entries, entry)
		size += len(value)
	}
	return b, nil
}
