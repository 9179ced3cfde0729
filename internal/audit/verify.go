package audit

import (
	"context"
	"encoding/hex"
	"fmt"
	"strings"

	"github.com/caddy-dcr/caddy-dcr/internal/state"
)

const (
	// verifyLimit is how many entries one call verifies; the cursor leads on.
	verifyLimit = 50_000
	// maxBreaks is how many breaks one call names.
	maxBreaks = 100
)

// Break is one place where the chain is not whole.
type Break struct {
	Seq   uint64 `json:"seq"`
	Fault Fault  `json:"fault"`
	// Why says what that means.
	Why string `json:"why"`
}

// Verification is what came of walking the chain, or a part of it.
type Verification struct {
	// Whole says that nothing was found in the part that was walked.
	Whole bool `json:"whole"`
	// From and To are the numbers of the first and the last entry of the part,
	// as it was walked: the newest first. Both are 0 of an empty chain.
	From uint64 `json:"from"`
	To   uint64 `json:"to"`
	// Hash is that of entry From: whoever notes it elsewhere can prove later
	// that the chain up to there is still the same.
	Hash   string  `json:"hash,omitempty"`
	Breaks []Break `json:"breaks"`
	// Cursor leads on, where the chain is longer than one call walks.
	Cursor string `json:"cursor,omitempty"`
}

// Anchor is what was noted of the chain elsewhere: in a log line, or in an
// earlier verification.
type Anchor struct {
	Seq  uint64
	Hash state.AuditHash
}

// ParseAnchor reads an anchor as people write it: number, colon, hash.
func ParseAnchor(text string) (Anchor, error) {
	p, err := readCursor(strings.Replace(text, ":", "-", 1))
	if err != nil || !p.known || p.seq == 0 || !strings.Contains(text, ":") {
		return Anchor{}, fmt.Errorf("anchor: got %q, want the number of an entry, a colon and its hash, as a log line has them", text)
	}
	return Anchor{p.seq, p.hash}, nil
}

// Verify walks the chain from its end, and says where it breaks. The anchors
// are compared with what is met.
func (l *Log) Verify(ctx context.Context, cursor string, anchors ...Anchor) (Verification, error) {
	head, from, err := l.begin(ctx, cursor)
	if err != nil {
		return Verification{}, err
	}
	v := Verification{From: from.seq, To: from.seq, Breaks: []Break{}}
	if cursor == "" {
		for _, a := range anchors {
			if a.Seq > head.Seq {
				v.add(a.Seq, Unanchored, fmt.Sprintf("the chain ends at entry %d: newer ones were taken off", head.Seq))
			}
		}
	}
	seen := 0
	next, err := l.walk(ctx, head, from, func(f found) bool {
		if seen == 0 {
			v.Hash = hex.EncodeToString(f.actual[:])
		}
		if f.fault != "" {
			v.add(f.seq, f.fault, f.fault.why(f.seq))
		}
		for _, a := range anchors {
			if a.Seq == f.seq && a.Hash != f.actual {
				v.add(f.seq, Unanchored, "it is another entry than the one that was noted")
			}
		}
		v.To = f.seq
		seen++
		return seen < verifyLimit && len(v.Breaks) < maxBreaks
	})
	if err != nil {
		return Verification{}, err
	}
	v.Whole, v.Cursor = len(v.Breaks) == 0, next.cursor()
	return v, nil
}

func (v *Verification) add(seq uint64, fault Fault, why string) {
	v.Breaks = append(v.Breaks, Break{Seq: seq, Fault: fault, Why: why})
}

// Join adds the part of the chain that follows.
func (v *Verification) Join(next Verification) {
	v.Whole = v.Whole && next.Whole
	v.To, v.Breaks, v.Cursor = next.To, append(v.Breaks, next.Breaks...), next.Cursor
}

func (f Fault) why(seq uint64) string {
	switch {
	case f == Missing:
		return "it is not in the store any more"
	case f == Unreadable:
		return "what is stored there is no entry"
	case f == Forked:
		return "it is good, but the store lost the end of the chain before it was written"
	case seq == 1:
		return "it is not the first entry that there was"
	default:
		return "it, or the entry after it, was changed"
	}
}
