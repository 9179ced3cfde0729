package boltstore

import (
	"context"
	"errors"

	"go.etcd.io/bbolt"

	"github.com/caddy-dcr/caddy-dcr/plugins"
)

// maxGroup bounds one transaction, so that one commit does not take seconds.
const maxGroup = 1000

// job is one caller's change. apply must change nothing when it returns
// [plugins.ErrConflict], since the others of its group go on.
type job struct {
	apply func(tx *bbolt.Tx) error
	done  chan error
}

// change hands a job to the writer and waits until it is on the disk.
func (s *Store) change(ctx context.Context, what string, apply func(tx *bbolt.Tx) error) error {
	if err := s.ready(ctx); err != nil {
		return err
	}
	j := job{apply: apply, done: make(chan error, 1)}
	select {
	case s.jobs <- j:
	case <-ctx.Done():
		return ended(ctx.Err())
	case <-s.closed:
		return plugins.ErrClosed
	}
	select {
	case err := <-j.done:
		if err == nil || errors.Is(err, plugins.ErrConflict) {
			return err
		}
		return failed(what, err)
	case <-ctx.Done():
		return ended(ctx.Err())
	}
}

// commitAll is the only writer. Whoever comes while a commit waits for the
// disk shares the next one: a lone caller pays no delay for that, and fifty at
// once pay two fsyncs together.
func (s *Store) commitAll() {
	group := make([]job, 0, maxGroup)
	for {
		select {
		case <-s.closed:
			return
		case j := <-s.jobs:
			group = append(group[:0], j)
		}
		group = s.gather(group)
		s.commit(group)
		clear(group)
	}
}

func (s *Store) gather(group []job) []job {
	for len(group) < maxGroup {
		select {
		case j := <-s.jobs:
			group = append(group, j)
		default:
			return group
		}
	}
	return group
}

func (s *Store) commit(group []job) {
	results := make([]error, len(group))
	err := s.db.Update(func(tx *bbolt.Tx) error {
		for i, j := range group {
			results[i] = j.apply(tx)
			if results[i] != nil && !errors.Is(results[i], plugins.ErrConflict) {
				return results[i]
			}
		}
		return nil
	})
	for i, j := range group {
		if err != nil {
			results[i] = err
		}
		j.done <- results[i]
	}
	s.wake.all()
}
