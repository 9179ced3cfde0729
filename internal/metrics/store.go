package metrics

import (
	"context"
	"time"

	"github.com/caddy-dcr/caddy-dcr/plugins"
)

// Store returns a store that counts the calls of the inner one. What the inner
// store offers beyond [plugins.Store], the returned one offers too, and
// nothing else.
func (m *Metrics) Store(inner plugins.Store) plugins.Store {
	s := &store{
		inner: inner,
		get:   m.calls[Get], put: m.calls[Put], list: m.calls[List], append: m.calls[Append],
		follow: m.calls[Follow], tail: m.calls[Tail], take: m.calls[Take],
	}
	c, collects := inner.(plugins.Collector)
	d, diagnoses := inner.(plugins.Diagnoser)
	switch {
	case collects && diagnoses:
		return struct {
			*store
			collector
			diagnoser
		}{s, collector{c, m.calls[Collect]}, diagnoser{d, m.calls[Diagnose]}}
	case collects:
		return struct {
			*store
			collector
		}{s, collector{c, m.calls[Collect]}}
	case diagnoses:
		return struct {
			*store
			diagnoser
		}{s, diagnoser{d, m.calls[Diagnose]}}
	default:
		return s
	}
}

// store counts the calls of another store.
type store struct {
	inner                                      plugins.Store
	get, put, list, append, follow, tail, take *call
}

func (s *store) Get(ctx context.Context, keys ...string) ([]plugins.Item, error) {
	start := time.Now()
	items, err := s.inner.Get(ctx, keys...)
	s.get.ended(ctx, start, err)
	return items, err
}

func (s *store) Put(ctx context.Context, w plugins.Write) error {
	start := time.Now()
	err := s.inner.Put(ctx, w)
	s.put.ended(ctx, start, err)
	return err
}

func (s *store) List(ctx context.Context, prefix, cursor string, limit int) (plugins.Page, error) {
	start := time.Now()
	page, err := s.inner.List(ctx, prefix, cursor, limit)
	s.list.ended(ctx, start, err)
	return page, err
}

func (s *store) Append(ctx context.Context, writes ...plugins.Write) (plugins.Position, error) {
	start := time.Now()
	position, err := s.inner.Append(ctx, writes...)
	s.append.ended(ctx, start, err)
	return position, err
}

func (s *store) Follow(ctx context.Context, after plugins.Position, wait time.Duration) (plugins.Batch, error) {
	start := time.Now()
	batch, err := s.inner.Follow(ctx, after, wait)
	s.follow.ended(ctx, start, err)
	return batch, err
}

func (s *store) Tail(ctx context.Context) (plugins.Position, time.Time, error) {
	start := time.Now()
	position, now, err := s.inner.Tail(ctx)
	s.tail.ended(ctx, start, err)
	return position, now, err
}

func (s *store) Take(ctx context.Context, b plugins.Bucket) (plugins.Taken, error) {
	start := time.Now()
	taken, err := s.inner.Take(ctx, b)
	s.take.ended(ctx, start, err)
	return taken, err
}

func (s *store) Close() error { return s.inner.Close() }

// collector counts the calls of a store that collects.
type collector struct {
	inner plugins.Collector
	call  *call
}

func (c collector) Collect(ctx context.Context) (int, error) {
	start := time.Now()
	n, err := c.inner.Collect(ctx)
	c.call.ended(ctx, start, err)
	return n, err
}

// diagnoser counts the calls of a store that diagnoses.
type diagnoser struct {
	inner plugins.Diagnoser
	call  *call
}

func (d diagnoser) Diagnose(ctx context.Context) ([]string, error) {
	start := time.Now()
	findings, err := d.inner.Diagnose(ctx)
	d.call.ended(ctx, start, err)
	return findings, err
}
