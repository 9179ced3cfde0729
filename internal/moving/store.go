// Package moving keeps a second store like the first, so that a gateway can go
// over to it without losing a write.
//
// Every write is made in both before it is acknowledged, the records that were
// there are copied behind it, a few at a time while no write is under way, and
// then the two change places between two calls. See docs/adr/0012.
package moving

import (
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/caddy-dcr/caddy-dcr/plugins"
)

// State says how far a move is. The set is closed.
type State string

const (
	// Idle is no move.
	Idle State = "idle"
	// Copying moves write to both stores; what was there is being copied.
	Copying State = "copying"
	// Alike stores hold the same, and every write goes to both.
	Alike State = "alike"
	// Switched moves work with the other store, and keep the first like it.
	Switched State = "switched"
	// Failed moves have given the other store up. Nothing is lost.
	Failed State = "failed"
)

// States lists all of them.
var States = []State{Idle, Copying, Alike, Switched, Failed}

// mirrorLimit bounds one write to the second store. It does not end with the
// request that made it: that would make the stores differ.
const mirrorLimit = 3 * time.Second

// pair is which stores are worked with.
type pair struct {
	primary plugins.Store
	// second gets every write as well; nil is none.
	second plugins.Store
	// left is closed when another pair takes the place of this one.
	left    context.Context
	leaving context.CancelFunc
}

// Store is one store, or, during a move, two of which the first is read.
type Store struct {
	Logger *slog.Logger

	// writing is held for reading by every write, and for writing by whoever
	// needs that none is under way.
	writing sync.RWMutex
	current atomic.Pointer[pair]
	// What writes the same keys goes one by one, so that both stores have the
	// writes of a key in one order. All appends share their keys.
	appending sync.Mutex
	stripes   [1024]sync.Mutex
	seed      maphash.Seed

	progress progress
	// unmarked is the store that the gateway has left, and had to give up before
	// it could be marked as such.
	unmarked atomic.Pointer[plugins.Store]
}

var (
	_ plugins.Store     = (*Store)(nil)
	_ plugins.Collector = (*Store)(nil)
	_ plugins.Diagnoser = (*Store)(nil)
)

// New makes a store that is the given one, as long as nobody moves it.
func New(store plugins.Store, logger *slog.Logger) *Store {
	s := &Store{Logger: logger, seed: maphash.MakeSeed()}
	s.progress.state = Idle
	s.become(store, nil)
	return s
}

// become changes the stores. Nothing may be under way that minds.
func (s *Store) become(primary, second plugins.Store) {
	next := &pair{primary: primary, second: second}
	next.left, next.leaving = context.WithCancel(context.Background())
	if before := s.current.Swap(next); before != nil && before.primary != primary {
		before.leaving()
	}
}

// Get implements plugins.Store.
func (s *Store) Get(ctx context.Context, keys ...string) ([]plugins.Item, error) {
	return s.current.Load().primary.Get(ctx, keys...)
}

// List implements plugins.Store.
func (s *Store) List(ctx context.Context, prefix, cursor string, limit int) (plugins.Page, error) {
	return s.current.Load().primary.List(ctx, prefix, cursor, limit)
}

// Tail implements plugins.Store.
func (s *Store) Tail(ctx context.Context) (plugins.Position, time.Time, error) {
	return s.current.Load().primary.Tail(ctx)
}

// Take implements plugins.Store. Buckets are not moved: they fill by
// themselves.
func (s *Store) Take(ctx context.Context, b plugins.Bucket) (plugins.Taken, error) {
	return s.current.Load().primary.Take(ctx, b)
}

// Follow implements plugins.Store. Whoever follows a store that is no longer
// worked with has lost its place, at once.
func (s *Store) Follow(ctx context.Context, after plugins.Position, wait time.Duration) (plugins.Batch, error) {
	p := s.current.Load()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(p.left, cancel)()
	batch, err := p.primary.Follow(ctx, after, wait)
	if p.left.Err() != nil {
		return plugins.Batch{}, fmt.Errorf("the gateway works with another store now: %w", plugins.ErrLostPlace)
	}
	return batch, err
}

// Put implements plugins.Store.
func (s *Store) Put(ctx context.Context, w plugins.Write) error {
	s.writing.RLock()
	defer s.writing.RUnlock()
	p := s.current.Load()
	if p.second == nil {
		return p.primary.Put(ctx, w)
	}
	stripe := &s.stripes[maphash.String(s.seed, w.Key)%uint64(len(s.stripes))]
	stripe.Lock()
	defer stripe.Unlock()
	err := p.primary.Put(ctx, w)
	if errors.Is(err, plugins.ErrConflict) {
		return err
	}
	s.mirror(ctx, p, err, []plugins.Write{w})
	return err
}

// Append implements plugins.Store.
func (s *Store) Append(ctx context.Context, writes ...plugins.Write) (plugins.Position, error) {
	s.writing.RLock()
	defer s.writing.RUnlock()
	p := s.current.Load()
	if p.second == nil {
		return p.primary.Append(ctx, writes...)
	}
	s.appending.Lock()
	defer s.appending.Unlock()
	position, err := p.primary.Append(ctx, writes...)
	if errors.Is(err, plugins.ErrConflict) {
		return position, err
	}
	s.mirror(ctx, p, err, writes)
	return position, err
}

// mirror makes writes in the second store that were made in the first. Where
// the first did not say whether they were, it is asked what is there now. If
// the second store cannot be kept alike, the move ends, and the gateway goes on
// as if there had been none.
func (s *Store) mirror(ctx context.Context, p *pair, made error, writes []plugins.Write) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), mirrorLimit)
	defer cancel()
	if made != nil {
		var err error
		if writes, err = reread(ctx, p.primary, writes); err != nil {
			s.giveUp(p, err)
			return
		}
	}
	if err := forced(ctx, p.second, writes); err != nil {
		s.giveUp(p, err)
	}
}

// forced makes writes whatever is there.
func forced(ctx context.Context, store plugins.Store, writes []plugins.Write) error {
	var appended []plugins.Write
	for _, w := range writes {
		w.If, w.Old = plugins.Always, nil
		if replicated(w.Key) {
			appended = append(appended, w)
		} else if err := store.Put(ctx, w); err != nil {
			return err
		}
	}
	if len(appended) == 0 {
		return nil
	}
	_, err := store.Append(ctx, appended...)
	return err
}

// reread is what stands now under the keys of writes. One that was made keeps
// the time that it was to have.
func reread(ctx context.Context, store plugins.Store, writes []plugins.Write) ([]plugins.Write, error) {
	keys := make([]string, len(writes))
	for i, w := range writes {
		keys[i] = w.Key
	}
	items, err := store.Get(ctx, keys...)
	if err != nil {
		return nil, err
	}
	now := make([]plugins.Write, len(writes))
	for i, item := range items {
		now[i] = plugins.Write{Key: keys[i], Value: item.Value}
		if item.Value != nil {
			now[i].TTL = writes[i].TTL
		}
	}
	return now, nil
}

// giveUp goes on with the first store alone.
func (s *Store) giveUp(p *pair, err error) {
	next := &pair{primary: p.primary, left: p.left, leaving: p.leaving}
	if !s.current.CompareAndSwap(p, next) {
		return // somebody did so already
	}
	if s.progress.fail(err) == Switched {
		s.unmarked.Store(&p.second)
		s.Logger.Error("the store that the gateway has left is not kept like the other one any more, so that there is no way back", "error", err)
		return
	}
	s.Logger.Error("the move to another store has failed; the gateway goes on with the store that it works with", "error", err)
}

// Close implements plugins.Store. The stores are their owners' to close.
func (s *Store) Close() error { return nil }

// Collect implements plugins.Collector, where the store that is worked with
// does.
func (s *Store) Collect(ctx context.Context) (int, error) {
	if c, ok := s.current.Load().primary.(plugins.Collector); ok {
		return c.Collect(ctx)
	}
	return 0, nil
}

// Diagnose implements plugins.Diagnoser, where the store that is worked with
// does.
func (s *Store) Diagnose(ctx context.Context) ([]string, error) {
	if d, ok := s.current.Load().primary.(plugins.Diagnoser); ok {
		return d.Diagnose(ctx)
	}
	return nil, nil
}

// Examine implements plugins.Examiner, where the store that is worked with
// does.
func (s *Store) Examine(ctx context.Context) ([]plugins.Finding, error) {
	if e, ok := s.current.Load().primary.(plugins.Examiner); ok {
		return e.Examine(ctx)
	}
	return nil, nil
}

var _ plugins.Examiner = (*Store)(nil)
