package audit

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/caddy-dcr/caddy-dcr/internal/state"
)

// Entry is how an entry is shown.
type Entry struct {
	Seq       uint64    `json:"seq"`
	At        time.Time `json:"at,omitzero"`
	Operation string    `json:"operation,omitempty"`
	Target    Target    `json:"target,omitzero"`
	Outcome   string    `json:"outcome,omitempty"`
	Actor     string    `json:"actor,omitempty"`
	Role      string    `json:"role,omitempty"`
	// Method is how the actor was authenticated; Surface and Address are
	// where it came in, and from where.
	Method  string `json:"method,omitempty"`
	Surface string `json:"surface,omitempty"`
	Address string `json:"address,omitempty"`
	// Node is the gateway that did it.
	Node       string `json:"node,omitempty"`
	Programmer string `json:"programmer,omitempty"`
	Channel    string `json:"channel,omitempty"`
	ChangeSet  string `json:"change_set,omitempty"`
	// Before and After are the thing as it was shown.
	Before json.RawMessage `json:"before,omitempty"`
	After  json.RawMessage `json:"after,omitempty"`
	Hash   string          `json:"hash,omitempty"`
	// Fault says what is wrong with the chain here, if something is.
	Fault Fault `json:"fault,omitempty"`
}

// Page is a part of the record, the newest entries first; the cursor is empty
// when it was the last.
type Page struct {
	Entries []Entry `json:"entries"`
	Cursor  string  `json:"cursor,omitempty"`
}

// ErrCursor is a cursor that no listing gave.
var ErrCursor = errors.New("not the cursor of a listing of the audit")

// scanFor is how long one call looks for few entries among many; the cursor
// leads on.
const scanFor = 100 * time.Millisecond

// List shows up to limit entries for which keep is true, the newest first.
func (l *Log) List(ctx context.Context, cursor string, limit int, keep func(Entry) bool) (Page, error) {
	head, from, err := l.begin(ctx, cursor)
	if err != nil {
		return Page{}, err
	}
	page := Page{Entries: []Entry{}}
	begun := time.Now()
	next, err := l.walk(ctx, head, from, func(f found) bool {
		if e := f.view(); keep(e) {
			page.Entries = append(page.Entries, e)
		}
		return len(page.Entries) < limit && time.Since(begun) < scanFor
	})
	if err != nil {
		return Page{}, err
	}
	page.Cursor = next.cursor()
	return page, nil
}

// Entry shows one entry, by its number. It returns [state.ErrNotFound] where
// there is none, or something else in its place.
func (l *Log) Entry(ctx context.Context, seq uint64) (Entry, error) {
	held, err := l.Records.AuditHead(ctx)
	if err != nil {
		return Entry{}, err
	}
	if seq == 0 || seq > held.Record.Seq {
		return Entry{}, state.ErrNotFound
	}
	raws, err := l.read(ctx, held.Record, seq, 1)
	if err != nil {
		return Entry{}, err
	}
	f, err := l.judge(ctx, place{seq: seq}, raws[0])
	if err == nil && f.fault != "" {
		err = state.ErrNotFound
	}
	return f.view(), err
}

// begin reads the end of the chain, and the place where a walk begins.
func (l *Log) begin(ctx context.Context, cursor string) (state.AuditHead, place, error) {
	held, err := l.Records.AuditHead(ctx)
	if err != nil {
		return state.AuditHead{}, place{}, err
	}
	head := held.Record
	if cursor == "" {
		return head, place{head.Seq, head.Hash, true}, nil
	}
	from, err := readCursor(cursor)
	if err == nil && from.seq > head.Seq {
		err = ErrCursor
	}
	return head, from, err
}

// cursor writes a place, with the hash, so that a walk which goes on later
// still knows what it has to find.
func (p place) cursor() string {
	switch {
	case p.seq == 0:
		return ""
	case !p.known:
		return strconv.FormatUint(p.seq, 10)
	default:
		return fmt.Sprintf("%d-%x", p.seq, p.hash)
	}
}

func readCursor(text string) (place, error) {
	number, hash, known := strings.Cut(text, "-")
	seq, err := strconv.ParseUint(number, 10, 64)
	if err != nil {
		return place{}, ErrCursor
	}
	p := place{seq: seq, known: known}
	if n, err := hex.Decode(p.hash[:], []byte(hash)); known && (err != nil || n != len(p.hash) || len(hash) != 2*n) {
		return place{}, ErrCursor
	}
	return p, nil
}

func (f found) view() Entry {
	e := Entry{Seq: f.seq, Fault: f.fault}
	if f.fault == Missing {
		return e
	}
	e.Hash = hex.EncodeToString(f.actual[:])
	if f.fault == Unreadable {
		return e
	}
	kind, id, _ := strings.Cut(f.entry.Target, "/")
	e.At = time.UnixMilli(f.entry.At).UTC()
	e.Operation, e.Target, e.Outcome = f.entry.Operation, Target{kind, id}, f.entry.Outcome
	e.Actor, e.Role, e.Method = f.entry.Actor, f.entry.Role, f.entry.Method
	e.Surface, e.Address, e.Node = f.entry.Surface, f.entry.Address, f.entry.Node
	e.Programmer, e.Channel, e.ChangeSet = f.entry.Programmer, f.entry.Channel, f.entry.Set
	e.Before, e.After = shown(f.entry.Before), shown(f.entry.After)
	return e
}

// shown keeps what is no JSON, which nobody but a forger writes, from making
// the whole page none.
func shown(text []byte) json.RawMessage {
	if len(text) == 0 || !json.Valid(text) {
		return nil
	}
	return text
}
