// Package audit keeps the record of every administrative act, as a chain in
// which a gap or an edit shows.
//
// The end of the chain lies in the store beside the records that the acts
// change, and moves in the same atomic act: what happened is on record, and
// what is on record happened. The end carries the newest entries with it.
// Before it moves on they are copied to where they stay, outside what every
// gateway replicates. See docs/adr/0007.
package audit

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/caddy-dcr/caddy-dcr/internal/state"
	"github.com/caddy-dcr/caddy-dcr/plugins"
)

const (
	// archiveLimit bounds what an act waits for older entries to be copied.
	archiveLimit = time.Second
	// A backlog of entries that could not be copied is refused to grow beyond
	// these by acts that can wait.
	backlogEntries = 500
	backlogBytes   = 1 << 20
	// The pauses between attempts, when others were faster.
	shortestPause = time.Millisecond
	longestPause  = 100 * time.Millisecond
)

// Write is what became of writing an act to the record.
type Write string

const (
	// Recorded acts happened, and are on record.
	Recorded Write = "recorded"
	// Contended attempts were made again, because another act came first.
	Contended Write = "contended"
	// Unavailable acts did not happen, as far as this gateway knows.
	Unavailable Write = "unavailable"
	// Unrecorded acts happened without being on record: kill switches that
	// could not wait for the record to be mended. The log has them.
	Unrecorded Write = "unrecorded"
)

// Writes lists all of them.
var Writes = []Write{Recorded, Contended, Unavailable, Unrecorded}

// ErrUncertain is wrapped where an act may have happened or not, because the
// store's answer was lost.
var ErrUncertain = errors.New("nobody can say whether it happened")

// Act is what one administrative act writes, and what there is to say of it.
// An act without writes and notes happened before.
type Act struct {
	Writes []plugins.Write
	Notes  []Note
	// First is set to the number of the first entry, for whoever refers to it
	// later. It may be nil.
	First *uint64
}

// Observer is told what becomes of acts. Its methods must not block.
type Observer interface {
	AuditWritten(Write)
}

// Log is the record. All fields but Observer must be set.
type Log struct {
	Records state.Records
	Replica *state.Replica
	// Node is this gateway's name.
	Node     string
	Logger   *slog.Logger
	Observer Observer
	// Acted is told of every act, and of the number of its entry, or 0 of one
	// that is not on record. It may be nil, and must not block.
	Acted func(note Note, seq uint64)
	// turn lets one act of this gateway go at a time, so that it contends with
	// other gateways alone.
	turn    chan struct{}
	denials denials
}

// New makes a log.
func New(records state.Records, replica *state.Replica, node string, logger *slog.Logger, observer Observer) *Log {
	return &Log{
		Records: records, Replica: replica, Node: node, Logger: logger, Observer: observer,
		turn: make(chan struct{}, 1),
	}
}

// Commit carries out what plan says: its writes and their entries, as one
// atomic act. When another act comes first, plan is asked anew, since what it
// read may have changed; its errors are passed on unchanged. It is asked when
// this gateway knows of every act so far.
func (l *Log) Commit(ctx context.Context, plan func(context.Context) (Act, error)) (plugins.Position, error) {
	return l.commit(ctx, plan, false)
}

// CommitUrgent is Commit for what stops something. It does not wait for this
// gateway to catch up, nor for a record that is out of order: an emergency is
// no time for bookkeeping.
func (l *Log) CommitUrgent(ctx context.Context, plan func(context.Context) (Act, error)) (plugins.Position, error) {
	return l.commit(ctx, plan, true)
}

func (l *Log) commit(ctx context.Context, plan func(context.Context) (Act, error), urgent bool) (plugins.Position, error) {
	select {
	case l.turn <- struct{}{}:
		defer func() { <-l.turn }()
	case <-ctx.Done():
		return plugins.Position{}, ctx.Err()
	}
	pause := shortestPause
	for first := true; ; first = false {
		head, err := l.head(ctx, urgent, first)
		if err != nil && !urgent {
			return plugins.Position{}, l.failed(err)
		}
		position, err := l.try(ctx, plan, head, err, urgent)
		if !errors.Is(err, plugins.ErrConflict) {
			return position, err
		}
		l.observe(Contended)
		select {
		case <-time.After(rand.N(pause)): //nolint:gosec // jitter, no secret
		case <-ctx.Done():
			return plugins.Position{}, l.failed(fmt.Errorf("other acts came first: %w: %w", plugins.ErrUnavailable, ctx.Err()))
		}
		pause = min(2*pause, longestPause)
	}
}

// head is the end of the chain. It is read before what a plan reads: an act
// writes it last, so whoever sees it sees all of the act; and if another act
// comes after that, the end has moved, and the attempt fails.
func (l *Log) head(ctx context.Context, urgent, first bool) (state.Held[state.AuditHead], error) {
	if urgent {
		if head, err := l.Replica.AuditHead(); err == nil && first {
			return head, nil
		}
		return l.Records.AuditHead(ctx)
	}
	if err := l.Replica.CatchUp(ctx); err != nil {
		return state.Held[state.AuditHead]{}, err
	}
	return l.Replica.AuditHead()
}

// try makes one attempt. plugins.ErrConflict means that nothing happened and
// that another attempt may go well. An urgent act goes on where the record is
// broken.
func (l *Log) try(ctx context.Context, plan func(context.Context) (Act, error),
	head state.Held[state.AuditHead], broken error, urgent bool,
) (plugins.Position, error) {
	act, err := plan(ctx)
	if err != nil || len(act.Writes) == 0 && len(act.Notes) == 0 {
		return plugins.Position{}, err
	}
	next, raws, err := l.extend(head.Record, act.Notes)
	if err != nil {
		return plugins.Position{}, l.failed(err)
	}
	if broken == nil {
		next.Pending, broken = l.pending(ctx, head.Record, raws)
	}
	if broken != nil && !urgent {
		return plugins.Position{}, l.failed(broken)
	}
	writes := slices.Clone(act.Writes)
	if broken == nil {
		w, err := state.AuditHeadWrite(head, next)
		if err != nil {
			return plugins.Position{}, l.failed(err)
		}
		writes = append(writes, w)
	}
	position, err := l.Records.Store.Append(ctx, writes...)
	if errors.Is(err, plugins.ErrConflict) {
		return plugins.Position{}, err
	}
	if err != nil {
		return plugins.Position{}, l.failed(fmt.Errorf("%w: %w", ErrUncertain, err))
	}
	if act.First != nil && broken == nil {
		*act.First = head.Record.Seq + 1
	}
	l.tell(next, act.Notes, broken)
	return position, nil
}

// extend makes the entries that follow the end of the chain.
func (l *Log) extend(head state.AuditHead, notes []Note) (next state.AuditHead, raws [][]byte, err error) {
	next = state.AuditHead{Seq: head.Seq, Hash: head.Hash}
	at := l.Replica.Now().UnixMilli()
	for _, note := range notes {
		entry, err := note.entry()
		if err != nil {
			return next, nil, err
		}
		next.Seq++
		entry.Seq, entry.Prev, entry.At, entry.Node = next.Seq, next.Hash, at, l.Node
		raw, hash, err := state.EncodeAuditEntry(entry)
		if err != nil {
			return next, nil, err
		}
		next.Hash, raws = hash, append(raws, raw)
	}
	return next, raws, nil
}

func (l *Log) failed(err error) error {
	l.observe(Unavailable)
	return err
}

func (l *Log) observe(w Write) {
	if l.Observer != nil {
		l.Observer.AuditWritten(w)
	}
}
