// Package census counts the clients in the store, one gateway of a fleet at a
// time.
//
// There is no index of clients: it would grow with them, and outlive them. So
// now and then somebody goes through all records, slowly, and writes down how
// many there are. What is read here is as old as the last census, and as exact
// as a listing of a store that is being written to: a record that comes or
// goes meanwhile may be missed, or counted twice.
package census

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/google/uuid"

	"github.com/caddy-dcr/caddy-dcr/internal/revocation"
	"github.com/caddy-dcr/caddy-dcr/internal/state"
	"github.com/caddy-dcr/caddy-dcr/plugins"
)

const (
	// work is the lease's name.
	work = "census"
	// pageSize is how many records are read at once: enough to make little of
	// the round trip, few enough not to hold others up.
	pageSize = 500
	// restFor is how many times as long as a page took the walk rests after
	// it, so that a census of any size uses a tenth of a connection's time and
	// of a processor's, and less where others make it slow.
	restFor = 9
	// longestRest keeps a walk from outlasting its lease over one slow page.
	longestRest = 2 * time.Second
	// callLimit bounds one call of the store.
	callLimit = 5 * time.Second
	// leaseFor is how long after the death of a gateway that was counting
	// another may begin.
	leaseFor = 15 * time.Second
	// keepFor is how long a census is believed. It is also what makes a gap:
	// after a longer one nobody can say that a client was not used.
	keepFor = 72 * time.Hour
)

var errLeaseLost = errors.New("another gateway has taken the census over")

// State is the replicated state.
type State interface {
	// Fresh returns nil while the state may be decided from.
	Fresh() error
	// Now is the store's clock.
	Now() time.Time
	Killed(x *revocation.Subject) (revocation.Kind, bool)
}

// Visitor is shown every client.
type Visitor interface {
	// Visit is told since when the days of last uses are complete, and says
	// what it made of the client. It calls keep before each call of the store.
	Visit(ctx context.Context, c state.Client, since int64, keep func(context.Context) error) (Visit, error)
}

// Visit is what a visitor made of a client.
type Visit struct{ Unused, Removed bool }

// Observer is told how censuses end, for metrics. It must not block.
type Observer interface {
	CensusEnded(outcome Outcome, took time.Duration)
}

// Outcome says how a census ended. The set is closed: it is a metric's label.
type Outcome string

const (
	// Finished was published.
	Finished Outcome = "finished"
	// Interrupted is a gateway that was stopped, or lost its turn.
	Interrupted Outcome = "interrupted"
	// Failed is a store that could not be asked.
	Failed Outcome = "failed"
)

// Outcomes lists the closed set.
var Outcomes = []Outcome{Finished, Interrupted, Failed}

// Walker takes the census when it is this gateway's turn. All fields but
// Visitor must be set.
type Walker struct {
	Records state.Records
	State   State
	Book    *Book
	// Issuer is the gateway's own name as an issuer of statements, and Node its
	// name among gateways.
	Issuer, Node string
	// Every is how long after the end of a census the next begins.
	Every    time.Duration
	Visitor  Visitor
	Observer Observer
	Logger   *slog.Logger

	// lease is leaseFor, and many is manyClients, unless a test cannot wait.
	lease time.Duration
	many  uint64
}

// take takes one census, if nobody else is at it.
func (w *Walker) take(ctx context.Context, before state.Census) error {
	turn := &turn{w: w, holder: w.Node + " " + uuid.NewString(), lease: w.lease}
	if turn.lease == 0 {
		turn.lease = leaseFor
	}
	if mine, err := turn.begin(ctx); err != nil || !mine {
		return err
	}
	begun := time.Now()
	census, err := w.count(ctx, before, turn.keep)
	if err == nil {
		err = w.publish(ctx, census, before, turn.keep)
	}
	turn.end()
	outcome := Failed
	switch {
	case err == nil:
		outcome = Finished
		w.Logger.Debug("counted the clients", "live", census.Total(), "stopped", census.Stopped, "took", time.Since(begun))
	case ctx.Err() != nil || errors.Is(err, errLeaseLost):
		outcome = Interrupted
	}
	w.Observer.CensusEnded(outcome, time.Since(begun))
	return err
}

// count goes through all clients.
func (w *Walker) count(ctx context.Context, before state.Census, keep func(context.Context) error) (state.Census, error) {
	now := w.State.Now().UnixMilli()
	t := newTally(state.Census{BeganAt: now, By: w.Node, Since: now})
	if before.Since != 0 {
		t.Since = before.Since
	}
	for cursor := ""; ; {
		begun := time.Now()
		// What was killed must not count as living because nobody has heard.
		if err := errors.Join(w.State.Fresh(), keep(ctx)); err != nil {
			return state.Census{}, err
		}
		limited, cancel := context.WithTimeout(ctx, callLimit)
		clients, unreadable, next, err := w.Records.WalkClients(limited, cursor, pageSize)
		cancel()
		if err != nil {
			return state.Census{}, err
		}
		t.Unreadable += unreadable
		for _, c := range clients {
			if err := w.visit(ctx, t, c, keep); err != nil {
				return state.Census{}, err
			}
		}
		if cursor = next; cursor == "" {
			return t.result(cmp.Or(w.many, manyClients)), nil
		}
		if err := sleep(ctx, min(restFor*time.Since(begun), longestRest)); err != nil {
			return state.Census{}, err
		}
	}
}

func (w *Walker) visit(ctx context.Context, t *tally, c state.Client, keep func(context.Context) error) error {
	var v Visit
	if w.Visitor != nil {
		var err error
		if v, err = w.Visitor.Visit(ctx, c, t.Since, keep); err != nil {
			return err
		}
	}
	subject := c.Subject(w.Issuer)
	_, stopped := w.State.Killed(&subject)
	t.add(c, stopped, v)
	return nil
}

func (w *Walker) publish(ctx context.Context, c, before state.Census, keep func(context.Context) error) error {
	if err := keep(ctx); err != nil {
		return err
	}
	c.FinishedAt = w.State.Now().UnixMilli()
	limited, cancel := context.WithTimeout(ctx, callLimit)
	defer cancel()
	if err := w.Records.PutCensus(limited, c, before, keepFor); err != nil {
		return err
	}
	// The newest clients are in the store, for whoever asks.
	c.Newest = nil
	w.Book.Replace(c)
	return nil
}

// turn is the lease while it is held.
type turn struct {
	w      *Walker
	holder string
	lease  time.Duration
	kept   time.Time
}

func (t *turn) begin(ctx context.Context) (bool, error) {
	t.kept = time.Now()
	limited, cancel := context.WithTimeout(ctx, callLimit)
	defer cancel()
	mine, err := t.w.Records.TakeLease(limited, work, t.holder, t.lease)
	if err != nil {
		return false, fmt.Errorf("beginning a census: %w", err)
	}
	return mine, nil
}

// keep renews the lease when a third of it is over.
func (t *turn) keep(ctx context.Context) error {
	now := time.Now()
	if now.Sub(t.kept) < t.lease/3 {
		return nil
	}
	limited, cancel := context.WithTimeout(ctx, callLimit)
	defer cancel()
	mine, err := t.w.Records.KeepLease(limited, work, t.holder, t.lease)
	if err == nil && !mine {
		err = errLeaseLost
	}
	t.kept = now
	return err
}

// end gives the turn back, also when the gateway is being stopped.
func (t *turn) end() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	if err := t.w.Records.EndLease(ctx, work, t.holder); err != nil && !errors.Is(err, plugins.ErrClosed) {
		t.w.Logger.Debug("the lease of the census is left to expire", "error", err)
	}
}

func sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return ctx.Err()
	case <-ctx.Done():
		return ctx.Err()
	}
}
