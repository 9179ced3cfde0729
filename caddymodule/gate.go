package caddymodule

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/caddy-dcr/caddy-dcr/plugins"
)

// drainFor is how long a store that is no longer wanted waits for the calls
// under way, which may belong to requests of the configuration before.
const drainFor = 5 * time.Second

var errNotOpen = plugins.Because(plugins.FaultClosed, fmt.Errorf("%w: not open yet", plugins.ErrUnavailable))

// gate stands in front of a store for its whole life. Caddy starts its apps in
// no particular order and cleans the old configuration up before its last
// requests are done, so requests come before the store is open and after it is
// to be closed; both must be told to wait, and none may meet a nil pointer.
type gate struct {
	mu     sync.Mutex
	inner  plugins.Store
	closed bool
	count  int
	// drained is closed by the last call of a gate that is closing.
	drained chan struct{}
}

// underWay counts the calls that have not ended.
func (g *gate) underWay() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.count
}

func (g *gate) leave() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.count--; g.count == 0 && g.drained != nil {
		close(g.drained)
		g.drained = nil
	}
}

func (g *gate) open(inner plugins.Store) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.inner = inner
}

func (g *gate) enter() (plugins.Store, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	switch {
	case g.closed:
		return nil, plugins.ErrClosed
	case g.inner == nil:
		return nil, errNotOpen
	}
	g.count++
	return g.inner, nil
}

// through passes one call on.
func through[T any](g *gate, call func(plugins.Store) (T, error)) (T, error) {
	inner, err := g.enter()
	if err != nil {
		var none T
		return none, err
	}
	defer g.leave()
	return call(inner)
}

func (g *gate) Get(ctx context.Context, keys ...string) ([]plugins.Item, error) {
	return through(g, func(s plugins.Store) ([]plugins.Item, error) { return s.Get(ctx, keys...) })
}

func (g *gate) Put(ctx context.Context, w plugins.Write) error {
	_, err := through(g, func(s plugins.Store) (struct{}, error) { return struct{}{}, s.Put(ctx, w) })
	return err
}

func (g *gate) List(ctx context.Context, prefix, cursor string, limit int) (plugins.Page, error) {
	return through(g, func(s plugins.Store) (plugins.Page, error) { return s.List(ctx, prefix, cursor, limit) })
}

func (g *gate) Append(ctx context.Context, writes ...plugins.Write) (plugins.Position, error) {
	return through(g, func(s plugins.Store) (plugins.Position, error) { return s.Append(ctx, writes...) })
}

func (g *gate) Follow(ctx context.Context, after plugins.Position, wait time.Duration) (plugins.Batch, error) {
	return through(g, func(s plugins.Store) (plugins.Batch, error) { return s.Follow(ctx, after, wait) })
}

func (g *gate) Tail(ctx context.Context) (plugins.Position, time.Time, error) {
	type tail struct {
		position plugins.Position
		now      time.Time
	}
	t, err := through(g, func(s plugins.Store) (tail, error) {
		position, now, err := s.Tail(ctx)
		return tail{position, now}, err
	})
	return t.position, t.now, err
}

func (g *gate) Take(ctx context.Context, b plugins.Bucket) (plugins.Taken, error) {
	return through(g, func(s plugins.Store) (plugins.Taken, error) { return s.Take(ctx, b) })
}

// Collect removes expired records where the store needs to be told to.
func (g *gate) Collect(ctx context.Context) (int, error) {
	return through(g, func(s plugins.Store) (int, error) {
		if c, ok := s.(plugins.Collector); ok {
			return c.Collect(ctx)
		}
		return 0, nil
	})
}

// Diagnose asks the store what is unsafe about it, where it can tell.
func (g *gate) Diagnose(ctx context.Context) ([]string, error) {
	return through(g, func(s plugins.Store) ([]string, error) {
		if d, ok := s.(plugins.Diagnoser); ok {
			return d.Diagnose(ctx)
		}
		return nil, nil
	})
}

// Examine asks the store how it is set up, where it can tell.
func (g *gate) Examine(ctx context.Context) ([]plugins.Finding, error) {
	return through(g, func(s plugins.Store) ([]plugins.Finding, error) {
		if e, ok := s.(plugins.Examiner); ok {
			return e.Examine(ctx)
		}
		return nil, nil
	})
}

// shut lets no further call in.
func (g *gate) shut() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.closed = true
}

// Close lets no further call in, waits for those under way for a bounded
// time, and closes the store.
func (g *gate) Close() error {
	g.mu.Lock()
	g.closed = true
	inner := g.inner
	g.inner = nil
	drained := make(chan struct{})
	if g.count == 0 {
		close(drained)
	} else {
		g.drained = drained
	}
	g.mu.Unlock()
	if inner == nil {
		return nil
	}
	var late error
	select {
	case <-drained:
	case <-time.After(drainFor):
		late = errors.New("calls to the store were still under way and are cut off")
	}
	return errors.Join(late, inner.Close())
}

var (
	_ plugins.Store     = (*gate)(nil)
	_ plugins.Collector = (*gate)(nil)
	_ plugins.Diagnoser = (*gate)(nil)
	_ plugins.Examiner  = (*gate)(nil)
)
