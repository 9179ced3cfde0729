package redisstore

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/caddy-dcr/caddy-dcr/plugins"
)

const (
	// maxEntries and maxBytes bound one batch.
	maxEntries = 200
	maxBytes   = 1 << 20
	// maxWrites bounds one act, whose entry is built on Lua's stack.
	maxWrites = 2000
	// chunk is how long one wait in Redis takes at most, since nothing can
	// end it early but the connection's end.
	chunk = 500 * time.Millisecond
)

// Append applies the writes and adds them to the feed, in one script.
func (s *Store) Append(ctx context.Context, writes ...plugins.Write) (plugins.Position, error) {
	if len(writes) == 0 || len(writes) > maxWrites {
		return plugins.Position{}, misuse("append", "%d writes, at least 1 and at most %d are possible", len(writes), maxWrites)
	}
	args := make([]any, 0, 2+5*len(writes))
	args = append(args, rand.Text(), s.keep)
	for _, w := range writes {
		if !strings.HasPrefix(w.Key, plugins.ReplicaPrefix) {
			return plugins.Position{}, misuse("append", "key outside %s", plugins.ReplicaPrefix)
		}
		if err := check("append", w); err != nil {
			return plugins.Position{}, err
		}
		args = append(append(args, field(w.Key)), arguments(w)...)
	}
	bounded, cancel, err := s.begin(ctx, "append")
	if err != nil {
		return plugins.Position{}, err
	}
	defer cancel()
	reply, err := s.runSafely(bounded, appendScript, []string{s.names.meta(), s.names.records(), s.names.stream()}, args...)
	if err != nil {
		return plugins.Position{}, s.failed(ctx, "append", err)
	}
	if err := s.outcome(ctx, "append", reply); err != nil {
		return plugins.Position{}, err
	}
	if len(reply) != 3 {
		return plugins.Position{}, s.failed(ctx, "append", errReply)
	}
	position, err := positionOf(reply[1], reply[2])
	if err != nil {
		return plugins.Position{}, s.failed(ctx, "append", err)
	}
	return position, nil
}

// Tail answers the newest position.
func (s *Store) Tail(ctx context.Context) (plugins.Position, time.Time, error) {
	state, err := s.look(ctx, "tail", plugins.Position{}, 0)
	if err != nil {
		return plugins.Position{}, time.Time{}, err
	}
	return state.newest, state.now, nil
}

// Follow waits for entries after the position. Waiting only tells when to look
// again: what it finds, and that nothing is missing, a script says.
func (s *Store) Follow(ctx context.Context, after plugins.Position, wait time.Duration) (plugins.Batch, error) {
	for until := time.Now().Add(wait); ; {
		state, err := s.look(ctx, "follow", after, maxEntries)
		if err != nil {
			return plugins.Batch{}, err
		}
		batch, err := state.batch(after)
		if errors.Is(err, plugins.ErrLostPlace) {
			return plugins.Batch{}, err
		}
		if err != nil {
			return plugins.Batch{}, s.failed(ctx, "follow", err)
		}
		left := time.Until(until)
		if len(batch.Entries) > 0 || left <= 0 {
			return batch, nil
		}
		if err := s.wait(ctx, after.Seq, min(left, chunk)); err != nil {
			return plugins.Batch{}, s.failed(ctx, "follow", err)
		}
	}
}

// wait returns when there may be something after seq, at the latest after d.
func (s *Store) wait(ctx context.Context, seq uint64, d time.Duration) error {
	if s.closed.Load() {
		return plugins.ErrClosed
	}
	// A follower notices a silent connection sooner than a request does: how
	// soon the gateway recovers depends on it.
	bounded, cancel := context.WithTimeout(ctx, d+s.timeout/2)
	defer cancel()
	done := make(chan error, 1)
	go func() {
		done <- s.clients.Load().waits.XRead(bounded, &redis.XReadArgs{
			Streams: []string{s.names.stream()}, ID: fmt.Sprintf("%d-0", seq), Count: 1, Block: max(d, time.Millisecond),
		}).Err()
	}()
	select {
	case err := <-done:
		if errors.Is(err, redis.Nil) {
			return nil
		}
		return err
	case <-bounded.Done():
		return bounded.Err()
	case <-s.ending:
		return plugins.ErrClosed
	}
}

// state is what the follow script answers.
type state struct {
	now     time.Time
	newest  plugins.Position
	entries []any
}

func (s *Store) look(ctx context.Context, what string, after plugins.Position, most int) (state, error) {
	bounded, cancel, err := s.begin(ctx, what)
	if err != nil {
		return state{}, err
	}
	defer cancel()
	reply, err := s.run(bounded, followScript, []string{s.names.meta(), s.names.stream()},
		after.Feed, strconv.FormatUint(after.Seq, 10), most, maxBytes)
	if err != nil {
		return state{}, s.failed(ctx, what, err)
	}
	if len(reply) == 1 && reply[0] == "lost" {
		return state{}, plugins.ErrLostPlace
	}
	found, err := stateOf(reply)
	if err != nil {
		return state{}, s.failed(ctx, what, err)
	}
	return found, nil
}

func stateOf(reply []any) (state, error) {
	if len(reply) != 6 || reply[0] != "ok" {
		return state{}, errReply
	}
	seconds, err := number(reply[1])
	if err != nil {
		return state{}, err
	}
	micros, err := number(reply[2])
	if err != nil {
		return state{}, err
	}
	newest, err := positionOf(reply[3], reply[4])
	if err != nil {
		return state{}, err
	}
	entries, ok := reply[5].([]any)
	if !ok {
		return state{}, errReply
	}
	return state{now: time.Unix(seconds, micros*1000), newest: newest, entries: entries}, nil
}

func positionOf(feed, seq any) (plugins.Position, error) {
	name, ok := feed.(string)
	n, err := number(seq)
	if !ok || err != nil || n < 0 {
		return plugins.Position{}, errReply
	}
	return plugins.Position{Feed: name, Seq: uint64(n)}, nil
}

// batch checks that the entries follow the position without a gap.
func (s state) batch(after plugins.Position) (plugins.Batch, error) {
	b := plugins.Batch{Position: plugins.Position{Feed: s.newest.Feed, Seq: after.Seq}, Now: s.now}
	for _, raw := range s.entries {
		entry, err := entryOf(raw)
		if err != nil {
			return plugins.Batch{}, err
		}
		if entry.Seq != b.Position.Seq+1 {
			return plugins.Batch{}, plugins.ErrLostPlace
		}
		b.Position.Seq = entry.Seq
		b.Entries = append(b.Entries, entry)
	}
	b.More = b.Position.Seq < s.newest.Seq
	return b, nil
}
