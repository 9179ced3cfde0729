package boltstore

import (
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime/debug"
	"time"

	"go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"
)

// Open opens the file, or creates it with mode 0600, in a directory that it
// creates with mode 0700. It fails when another process holds the file, and
// when the file is damaged where one has to look to open it.
func Open(path string) (*Store, error) { return open(path, keepEntries, time.Second) }

func open(path string, keep uint64, sweepEvery time.Duration) (*Store, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, fmt.Errorf("bolt store: create the directory of %s: %w", path, err)
	}
	db, err := openFile(path)
	if err != nil {
		return nil, fmt.Errorf("bolt store: %w", err)
	}
	s := &Store{
		db: db, path: path, feed: rand.Text(), keep: keep,
		jobs: make(chan job), closed: make(chan struct{}),
	}
	s.work.Go(s.commitAll)
	s.work.Go(func() { s.sweepAll(sweepEvery) })
	return s, nil
}

// openFile makes an error of a file that is no good. The library panics about
// some of those, and its memory map faults beyond the end of one that was cut.
func openFile(path string) (db *bbolt.DB, err error) {
	var file *os.File
	options := &bbolt.Options{Timeout: lockTimeout, FreelistType: bbolt.FreelistMapType}
	options.OpenFile = func(name string, flag int, mode os.FileMode) (*os.File, error) {
		var err error
		file, err = os.OpenFile(name, flag, mode)
		return file, err
	}
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if why := recover(); why != nil {
			letGo(file)
			db, err = nil, fmt.Errorf("%s is damaged; put a backup in its place: %v", path, why)
		}
	}()
	db, err = bbolt.Open(path, 0o600, options)
	switch {
	case errors.Is(err, bolterrors.ErrTimeout):
		return nil, fmt.Errorf("%s is locked by another process; "+
			"gateways that run side by side need a shared store, or a file each", path)
	case err != nil:
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	if err := prepare(db); err != nil {
		_ = db.Close()
		return nil, fmt.Errorf("prepare %s: %w", path, err)
	}
	return db, nil
}

// prepare finds out whether all of the file is there, and makes the buckets.
func prepare(db *bbolt.DB) error {
	return db.Update(func(tx *bbolt.Tx) error {
		facts, err := os.Stat(db.Path())
		if err != nil {
			return err
		}
		if facts.Size() < tx.Size() {
			return fmt.Errorf("it is damaged; put a backup in its place: %d bytes are there of %d", facts.Size(), tx.Size())
		}
		for _, name := range [][]byte{recordBucket, feedBucket} {
			if _, err := tx.CreateBucketIfNotExists(name); err != nil {
				return err
			}
		}
		return nil
	})
}
