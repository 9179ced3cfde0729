// Package boltstore keeps the gateway's state in one bbolt file, for a gateway
// that is one process.
//
// Token buckets live in memory: a restart fills them. An operator who runs
// several gateways needs a store that they can share.
package boltstore

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"syscall"
	"time"

	"go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"

	"github.com/caddy-dcr/caddy-dcr/plugins"
)

const (
	lockTimeout = 3 * time.Second
	// keepEntries bounds the feed. A follower lives in this process and is
	// behind by microseconds; the bound only has to stop growth.
	keepEntries = 100_000
)

var (
	recordBucket = []byte("records")
	feedBucket   = []byte("feed")
)

// Store is an open file. Use [Open].
type Store struct {
	db   *bbolt.DB
	path string
	// feed is the feed's incarnation: another one at every opening, because
	// a file that was put back from a backup looks like any other.
	feed   string
	keep   uint64
	jobs   chan job
	closed chan struct{}
	close  sync.Once
	work   sync.WaitGroup
	wake   broadcast
	limits buckets
}

var (
	_ plugins.Store     = (*Store)(nil)
	_ plugins.Diagnoser = (*Store)(nil)
	_ plugins.Examiner  = (*Store)(nil)
	_ plugins.Exclusive = (*Store)(nil)
)

// Exclusive implements plugins.Exclusive: the file is locked while it is open.
func (s *Store) Exclusive() {}

// Close waits for calls under way, then closes the file.
func (s *Store) Close() error {
	var err error
	s.close.Do(func() {
		close(s.closed)
		s.work.Wait()
		err = s.db.Close()
	})
	return err
}

// ready is what every method asks first.
func (s *Store) ready(ctx context.Context) error {
	select {
	case <-s.closed:
		return plugins.ErrClosed
	default:
	}
	if err := ctx.Err(); err != nil {
		return ended(err)
	}
	return nil
}

func ended(err error) error { return fmt.Errorf("bolt store: %w: %w", plugins.ErrUnavailable, err) }

// failed turns an error of bbolt or of a misuse into one of the contract.
func failed(what string, err error) error {
	if errors.Is(err, bolterrors.ErrDatabaseNotOpen) {
		return plugins.ErrClosed
	}
	fault := plugins.FaultOther
	var number syscall.Errno
	if errors.As(err, &number) {
		fault = plugins.FaultDisk
	}
	return plugins.Because(fault, fmt.Errorf("bolt store: %s: %w: %w", what, plugins.ErrUnavailable, err))
}

// view reads in one transaction.
func (s *Store) view(ctx context.Context, what string, read func(tx *bbolt.Tx) error) error {
	if err := s.ready(ctx); err != nil {
		return err
	}
	err := s.db.View(read)
	if err == nil || errors.Is(err, plugins.ErrLostPlace) {
		return err
	}
	return failed(what, err)
}
