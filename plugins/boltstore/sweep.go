package boltstore

import (
	"bytes"
	"context"
	"time"

	"go.etcd.io/bbolt"
)

// sweepStep is how many records one step of the sweep looks at: well under a
// millisecond of work.
const sweepStep = 2000

// sweepAll walks around the records for ever and removes what has expired.
// There is no index by expiry: it would double the cost of every write, to
// save a walk that nobody waits for.
func (s *Store) sweepAll(every time.Duration) {
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	var after []byte
	for {
		select {
		case <-s.closed:
			return
		case <-ticker.C:
		}
		after = s.sweep(after)
	}
}

// sweep does steps as long as a quarter of what it meets is dead, so that a
// wave of expiries does not outrun it, and answers where it stopped. An error
// is left to the callers whose writes meet it too.
func (s *Store) sweep(after []byte) []byte {
	for {
		dead, last, err := s.findExpired(after)
		if err != nil {
			return after
		}
		if len(dead) > 0 && s.remove(dead) != nil {
			return after
		}
		after = last
		if last == nil || len(dead) < sweepStep/4 {
			return after
		}
	}
}

// findExpired looks at one step's records; last is nil at the end.
func (s *Store) findExpired(after []byte) (dead [][]byte, last []byte, err error) {
	err = s.view(context.Background(), "sweep", func(tx *bbolt.Tx) error {
		c, now := tx.Bucket(recordBucket).Cursor(), time.Now()
		key, record := c.Seek(after)
		for seen := 0; key != nil; key, record = c.Next() {
			if len(record) >= expiryLen && expired(record, now) {
				dead = append(dead, bytes.Clone(key))
			}
			if seen++; seen == sweepStep {
				last = bytes.Clone(key)
				return nil
			}
		}
		return nil
	})
	return dead, last, err
}

// remove looks again, since a record may have been written anew.
func (s *Store) remove(dead [][]byte) error {
	return s.change(context.Background(), "sweep", func(tx *bbolt.Tx) error {
		records, now := tx.Bucket(recordBucket), time.Now()
		for _, key := range dead {
			if record := records.Get(key); record == nil || !expired(record, now) {
				continue
			}
			if err := records.Delete(key); err != nil {
				return err
			}
		}
		return nil
	})
}
