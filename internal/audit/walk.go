package audit

import (
	"context"
	"errors"

	"github.com/caddy-dcr/caddy-dcr/internal/state"
)

// Fault is what is wrong with the chain at one entry. The set is closed.
type Fault string

const (
	// Missing entries are not in the store.
	Missing Fault = "missing"
	// Unreadable ones are no entries.
	Unreadable Fault = "unreadable"
	// Altered ones are not those that their successor was chained to: one of
	// the two was changed.
	Altered Fault = "altered"
	// Forked ones are good, but the store holds another entry of the same
	// number. It once lost the end of the chain, and what was done then: in a
	// failover, or because it was restored.
	Forked Fault = "forked"
	// Unanchored ones are not those that were noted elsewhere.
	Unanchored Fault = "unanchored"
)

// Faults lists every fault.
var Faults = []Fault{Missing, Unreadable, Altered, Forked, Unanchored}

// batch is how many entries one question to the store is about.
const batch = 100

// place is one in the chain: the number of an entry, and the hash that it
// must have, where it is known.
type place struct {
	seq   uint64
	hash  state.AuditHash
	known bool
}

// found is one entry as a walk meets it.
type found struct {
	place
	entry state.AuditEntry
	// actual is the hash of what is there.
	actual state.AuditHash
	fault  Fault
}

// walk visits the entries from a place on, the newest first, until visit
// returns false or the first was visited. It answers the place to go on from.
func (l *Log) walk(ctx context.Context, head state.AuditHead, from place, visit func(found) bool) (place, error) {
	for from.seq > 0 {
		raws, err := l.read(ctx, head, from.seq, batch)
		if err != nil {
			return from, err
		}
		for _, raw := range raws {
			f, err := l.judge(ctx, from, raw)
			if err != nil {
				return from, err
			}
			from = place{seq: from.seq - 1}
			if f.fault != Missing && f.fault != Unreadable {
				from.hash, from.known = f.entry.Prev, true
			}
			if !visit(f) {
				return from, nil
			}
		}
	}
	return from, nil
}

// read answers the entry of a number and some before it, as many as most where
// they are stored. Those that the end of the chain still carries are nowhere
// else.
func (l *Log) read(ctx context.Context, head state.AuditHead, seq uint64, most int) ([][]byte, error) {
	first := head.Seq - uint64(len(head.Pending)) + 1
	var raws [][]byte
	for ; seq >= first && seq > 0; seq-- {
		raws = append(raws, head.Pending[seq-first])
	}
	if len(raws) > 0 || seq == 0 {
		return raws, nil
	}
	seqs := make([]uint64, 0, most)
	for ; seq > 0 && len(seqs) < most; seq-- {
		seqs = append(seqs, seq)
	}
	return l.Records.AuditEntries(ctx, seqs...)
}

// judge says whether what stands at a place is what belongs there.
func (l *Log) judge(ctx context.Context, at place, raw []byte) (found, error) {
	f := found{place: at}
	if at.known && (raw == nil || state.HashOfAudit(raw) != at.hash) {
		aside, err := l.Records.AuditEntryAside(ctx, at.seq, at.hash)
		switch {
		case err == nil && state.HashOfAudit(aside) == at.hash:
			raw, f.fault = aside, Forked
		case err != nil && !errors.Is(err, state.ErrNotFound):
			return f, err
		default:
			f.fault = Altered
		}
	}
	if raw == nil {
		f.fault = Missing
		return f, nil
	}
	f.actual = state.HashOfAudit(raw)
	var err error
	if f.entry, err = state.DecodeAuditEntry(raw); err != nil {
		f.fault = Unreadable
		return f, nil //nolint:nilerr // what is wrong with an entry is what the walk is asked for
	}
	if f.entry.Seq != at.seq || at.seq == 1 && f.entry.Prev != (state.AuditHash{}) {
		f.fault = Altered
	}
	return f, nil
}
