package moving

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/caddy-dcr/caddy-dcr/internal/state"
	"github.com/caddy-dcr/caddy-dcr/plugins"
)

const (
	// page is how many records are copied while writes wait: a few
	// milliseconds' worth.
	page = 250
	// copyLimit bounds the copying of one page.
	copyLimit = 3 * time.Second
	// width is how many records of a page are written at once.
	width = 250
)

var (
	// ErrNotEmpty says that the other store holds something already.
	ErrNotEmpty = errors.New("the other store is not empty")
	// ErrBusy says that a move is under way, or that none is.
	ErrBusy = errors.New("another step is due in the move")
	// ErrAbandoned is why a move ended that somebody has stopped.
	ErrAbandoned = errors.New("the move was stopped")
)

// progress is how far a move is, for people.
type progress struct {
	mu     sync.Mutex
	state  State
	copied uint64
	err    error
	stop   context.CancelFunc
}

// fail says what has failed, and how far the move was then. It stays switched:
// the other store has become the one that is worked with.
func (p *progress) fail(err error) (was State) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.stop != nil {
		p.stop()
	}
	was, p.err = p.state, err
	if was != Switched {
		p.state = Failed
	}
	return was
}

func (p *progress) set(state State) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.state = state
	if state == Idle {
		p.err = nil
	}
}

// Progress says how far the move is, and why it failed if it did.
func (s *Store) Progress() (State, uint64, error) {
	p := &s.progress
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.state, p.copied, p.err
}

func replicated(key string) bool { return strings.HasPrefix(key, plugins.ReplicaPrefix) }

// Begin makes every write from now on in the target as well, and begins to copy
// what there is. The target must be empty.
func (s *Store) Begin(ctx context.Context, target plugins.Store) error {
	if is, _, _ := s.Progress(); is != Idle && is != Failed {
		return fmt.Errorf("%w: it is %s", ErrBusy, is)
	}
	if err := empty(ctx, target); err != nil {
		return err
	}
	if err := forced(ctx, target, []plugins.Write{state.MoveMarkWrite(state.Unfinished)}); err != nil {
		return err
	}
	copying, stop := context.WithCancel(context.Background())
	// Writes that are under way know of no second store.
	s.writing.Lock()
	p := &s.progress
	p.mu.Lock()
	if p.stop != nil {
		p.stop() // whoever copied for a move before
	}
	p.state, p.copied, p.err, p.stop = Copying, 0, nil, stop
	p.mu.Unlock()
	s.become(s.current.Load().primary, target)
	s.unmarked.Store(nil)
	s.writing.Unlock()
	go s.copyAll(copying, target)
	return nil
}

// empty makes sure that nothing of another move, or of others, gets mixed with
// what is moved.
func empty(ctx context.Context, target plugins.Store) error {
	for cursor := ""; ; {
		found, err := target.List(ctx, "", cursor, page)
		if err != nil {
			return err
		}
		if len(found.Items) > 0 {
			return fmt.Errorf("%w: there is %q", ErrNotEmpty, found.Items[0].Key)
		}
		if cursor = found.Cursor; cursor == "" {
			return nil
		}
	}
}

// copyAll copies into the target until another move, or none, takes the place
// of the one that it copies for.
func (s *Store) copyAll(ctx context.Context, target plugins.Store) {
	began := time.Now()
	for cursor := ""; ; {
		asked := time.Now()
		next, err := s.copyPage(ctx, target, cursor)
		if errors.Is(err, ErrAbandoned) {
			return
		}
		if err != nil {
			if p := s.current.Load(); p.second == target {
				s.giveUp(p, err)
			}
			return
		}
		if cursor = next; cursor == "" {
			break
		}
		// Whoever writes gets at least half of the time.
		time.Sleep(time.Since(asked))
	}
	s.writing.RLock()
	defer s.writing.RUnlock()
	p := &s.progress
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.state == Copying && ctx.Err() == nil && s.current.Load().second == target {
		p.state = Alike
		s.Logger.Info("the other store holds everything, and every write goes to both", "records", p.copied, "took", time.Since(began))
	}
}

// copyPage copies some records while no write is under way: what it reads is
// what is there, until it is in the other store.
func (s *Store) copyPage(ctx context.Context, target plugins.Store, cursor string) (string, error) {
	s.writing.Lock()
	defer s.writing.Unlock()
	p := s.current.Load()
	if ctx.Err() != nil || p.second != target {
		return "", ErrAbandoned
	}
	ctx, cancel := context.WithTimeout(ctx, copyLimit)
	defer cancel()
	_, now, err := p.primary.Tail(ctx)
	if err != nil {
		return "", err
	}
	found, err := p.primary.List(ctx, "", cursor, page)
	if err != nil {
		return "", err
	}
	var appended, plain []plugins.Write
	for _, item := range found.Items {
		ttl, live := state.Lifetime(item.Key, item.Value, now)
		switch w := (plugins.Write{Key: item.Key, Value: item.Value, TTL: ttl}); {
		case item.Value == nil || !live:
		case replicated(item.Key):
			appended = append(appended, w)
		default:
			plain = append(plain, w)
		}
	}
	if err := putAll(ctx, p.second, plain); err != nil {
		return "", err
	}
	if len(appended) > 0 {
		if _, err := p.second.Append(ctx, appended...); err != nil {
			return "", err
		}
	}
	s.progress.mu.Lock()
	s.progress.copied += uint64(len(plain) + len(appended))
	s.progress.mu.Unlock()
	return found.Cursor, nil
}

func putAll(ctx context.Context, store plugins.Store, writes []plugins.Write) error {
	errs := make([]error, len(writes))
	slots := make(chan struct{}, width)
	var waiting sync.WaitGroup
	for i, w := range writes {
		slots <- struct{}{}
		waiting.Go(func() {
			defer func() { <-slots }()
			errs[i] = store.Put(ctx, w)
		})
	}
	waiting.Wait()
	return errors.Join(errs...)
}

// Switch makes the other store the one that is worked with, between two writes.
// The first one stays like it.
func (s *Store) Switch() error { return s.turn(Alike, Switched) }

// Back undoes Switch.
func (s *Store) Back() error { return s.turn(Switched, Alike) }

func (s *Store) turn(from, to State) error {
	s.writing.Lock()
	defer s.writing.Unlock()
	p := s.current.Load()
	if is, _, err := s.Progress(); is != from || p.second == nil {
		if err != nil {
			return fmt.Errorf("%w: it has failed: %w", ErrBusy, err)
		}
		return fmt.Errorf("%w: it is %s, and not %s", ErrBusy, is, from)
	}
	mark := state.MoveMark("")
	target := p.second
	if to == Alike {
		mark, target = state.Unfinished, p.primary
	}
	ctx, cancel := context.WithTimeout(context.Background(), mirrorLimit)
	defer cancel()
	if err := forced(ctx, target, []plugins.Write{state.MoveMarkWrite(mark)}); err != nil && to == Switched {
		return fmt.Errorf("the other store does not answer: %w", err)
	}
	s.become(p.second, p.primary)
	s.progress.set(to)
	return nil
}

// Finish lets the store go that is no longer worked with, once the move has
// switched, and marks it, so that nobody works with it by mistake. Before that
// it stops the move.
func (s *Store) Finish() {
	s.writing.Lock()
	defer s.writing.Unlock()
	p := s.current.Load()
	s.progress.mu.Lock()
	if s.progress.stop != nil {
		s.progress.stop()
	}
	s.progress.mu.Unlock()
	at, _, _ := s.Progress()
	old := p.second
	if given := s.unmarked.Swap(nil); old == nil && given != nil {
		old = *given
	}
	if at == Switched && old != nil {
		ctx, cancel := context.WithTimeout(context.Background(), mirrorLimit)
		defer cancel()
		if err := forced(ctx, old, []plugins.Write{state.MoveMarkWrite(state.Left)}); err != nil {
			s.Logger.Error("the store that was left could not be marked as such: let no gateway work with it, since it misses what happens now", "error", err)
		}
	}
	s.current.Store(&pair{primary: p.primary, left: p.left, leaving: p.leaving})
	switch at {
	case Copying, Alike:
		s.progress.fail(ErrAbandoned)
	case Switched:
		s.progress.set(Idle)
	}
}
