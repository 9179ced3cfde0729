package state

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/caddy-dcr/caddy-dcr/plugins"
)

const (
	// A gateway reports when it has applied something, and at least this often.
	reportEvery = 5 * time.Second
	// A gateway that has not reported for this long is not waited for. It is
	// named all the same, for as long as it could be passing known tokens.
	silent = 3 * reportEvery
	// What could not be reported is reported again after this.
	reportAgain = 500 * time.Millisecond
	// askEvery is how often the thrower of a switch asks who has applied it.
	askEvery = 5 * time.Millisecond
)

// nodeRecord is how far one gateway has got.
type nodeRecord struct {
	Name string `cbor:"1,keyasint"`
	Feed string `cbor:"2,keyasint"`
	Seq  uint64 `cbor:"3,keyasint"`
	// AppliedAt is when, in Unix milliseconds by the store's clock.
	AppliedAt int64 `cbor:"4,keyasint"`
	// Instance is the process that wrote it.
	Instance string `cbor:"5,keyasint,omitempty"`
}

// NodeState tells whether one gateway has applied a place in the feed.
type NodeState struct {
	Name    string        `json:"name"`
	Applied bool          `json:"applied"`
	After   time.Duration `json:"-"`
	// AfterMilliseconds is how long after the beginning of the wait the
	// gateway was seen to have applied it.
	AfterMilliseconds float64 `json:"after_ms"`
	// LastSeen is when a gateway that has not applied it reported last.
	LastSeen time.Time `json:"last_seen,omitzero"`
}

// Nodes reports what this gateway has applied, and asks what the others have.
type Nodes struct {
	Replica *Replica
	// Name is this gateway's own, unique among those that share the store, also
	// when the process is started again. Where another one has it, this gateway
	// reports with something behind it.
	Name string
	// Instance tells this process from others, of the same name or not.
	Instance string
	Logger   *slog.Logger

	// reporting lets one report be under way, and covers written, the record as
	// it was written last.
	reporting sync.Mutex
	written   []byte

	mu     sync.Mutex
	suffix string
	// deciding is what each configuration allows, see Remember.
	deciding map[*time.Duration]struct{}
}

// Remember says how long a gateway may go on deciding without the store: for so
// long, and a little, it is named to whoever revokes something although it is
// silent. Configurations come and go, and some fail: what counts is the longest
// of those that have not been forgotten.
func (n *Nodes) Remember(staleness time.Duration) (forget func()) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.deciding == nil {
		n.deciding = map[*time.Duration]struct{}{}
	}
	n.deciding[&staleness] = struct{}{}
	return func() {
		n.mu.Lock()
		defer n.mu.Unlock()
		delete(n.deciding, &staleness)
	}
}

// ttl is how long this gateway's report is kept.
func (n *Nodes) ttl() time.Duration {
	n.mu.Lock()
	defer n.mu.Unlock()
	longest := 2 * silent
	for staleness := range n.deciding {
		longest = max(longest, *staleness+silent)
	}
	return longest
}

// Run reports this gateway's place until ctx ends.
func (n *Nodes) Run(ctx context.Context) {
	for ctx.Err() == nil {
		moved, pause := n.Replica.whenMoved(), reportEvery
		if _, loaded := n.Replica.Age(); loaded {
			limited, cancel := context.WithTimeout(ctx, callLimit)
			err := n.report(limited)
			cancel()
			if err != nil && ctx.Err() == nil {
				pause = reportAgain
				n.Logger.Debug("this gateway's place could not be reported", "error", err)
			}
		}
		select {
		case <-moved:
		case <-time.After(pause):
		case <-ctx.Done():
		}
	}
	n.leave()
}

// Await blocks until every gateway that reports has applied the position, or
// ctx ends, and answers who has, after how long. It returns an error only when
// the store could not be asked who there is.
func (n *Nodes) Await(ctx context.Context, p plugins.Position) ([]NodeState, error) {
	start := time.Now()
	own := make(chan time.Duration, 1)
	var waiting sync.WaitGroup
	waiting.Go(func() {
		if n.Replica.WaitFor(ctx, p) == nil {
			own <- time.Since(start)
		}
		close(own)
	})
	defer waiting.Wait()

	names, _, err := n.list(ctx)
	if err != nil {
		return nil, err
	}
	applied := map[string]time.Duration{}
	var known []nodeRecord
	asked := false
	for {
		// A call that fails is made again while there is time: the one that the
		// deadline cuts off must not take away what the others have told.
		if records, err := n.read(ctx, names); err == nil {
			known, asked = n.others(records), true
			note(known, p, time.Since(start), applied)
		}
		if asked && !n.waitsFor(known, applied) || ctx.Err() != nil {
			break
		}
		select {
		case <-time.After(askEvery):
		case <-ctx.Done():
		}
	}
	if !asked {
		return nil, fmt.Errorf("asking how far the gateways are: %w", plugins.ErrUnavailable)
	}
	// This gateway knows its own place better than its report does.
	if after, ok := <-own; ok {
		applied[n.ownName()] = after
	}
	return n.states(known, applied), nil
}

// others leaves this gateway out.
func (n *Nodes) others(records []nodeRecord) []nodeRecord {
	own := n.ownName()
	return slices.DeleteFunc(records, func(r nodeRecord) bool { return r.Name == own })
}

// Others names the gateways that report beside this one.
func (n *Nodes) Others(ctx context.Context) ([]string, error) {
	names, _, err := n.list(ctx)
	if err != nil {
		return nil, err
	}
	records, err := n.read(ctx, names)
	if err != nil {
		return nil, err
	}
	since := n.Replica.Now().Add(-silent).UnixMilli()
	var others []string
	for _, r := range n.others(records) {
		if r.AppliedAt >= since {
			others = append(others, r.Name)
		}
	}
	return others, nil
}

// note marks the gateways that have got to p.
func note(records []nodeRecord, p plugins.Position, now time.Duration, applied map[string]time.Duration) {
	for _, record := range records {
		if _, known := applied[record.Name]; !known && record.Feed == p.Feed && record.Seq >= p.Seq {
			applied[record.Name] = now
		}
	}
}

// waitsFor says whether a gateway that reports has not applied it yet.
func (n *Nodes) waitsFor(records []nodeRecord, applied map[string]time.Duration) bool {
	since := n.Replica.Now().Add(-silent).UnixMilli()
	return slices.ContainsFunc(records, func(r nodeRecord) bool {
		_, done := applied[r.Name]
		return !done && r.AppliedAt >= since
	})
}

func (n *Nodes) states(others []nodeRecord, applied map[string]time.Duration) []NodeState {
	result := make([]NodeState, 0, len(others)+1)
	for _, record := range append(others, nodeRecord{Name: n.ownName()}) {
		after, ok := applied[record.Name]
		node := NodeState{
			Name: record.Name, Applied: ok, After: after,
			AfterMilliseconds: float64(after.Microseconds()) / 1000,
		}
		if !ok && record.AppliedAt > 0 {
			node.LastSeen = time.UnixMilli(record.AppliedAt).UTC()
		}
		result = append(result, node)
	}
	slices.SortFunc(result, func(a, b NodeState) int { return strings.Compare(a.Name, b.Name) })
	return result
}
