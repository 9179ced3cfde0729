// Package reaper removes clients that nobody has used for a long time.
package reaper

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/google/uuid"

	"github.com/caddy-dcr/caddy-dcr/internal/census"
	"github.com/caddy-dcr/caddy-dcr/internal/state"
)

// Outcome says what became of a client that was found unused. The set is
// closed: it is a metric's label.
type Outcome string

const (
	// Removed is gone.
	Removed Outcome = "removed"
	// Spared was used at the last moment.
	Spared Outcome = "spared"
	// Failed could not be removed; the next census tries again.
	Failed Outcome = "failed"
)

// Outcomes lists the closed set.
var Outcomes = []Outcome{Removed, Spared, Failed}

// Least is the shortest time without use after which a client may go. A device
// may be away for a month, and a store that could take no notes of uses for
// some days must not look as if nobody came.
const Least = 30 * 24 * time.Hour

// Clients removes clients.
type Clients interface {
	RemoveClient(ctx context.Context, id uuid.UUID, day state.Day) (bool, error)
}

// Reaper finds unused clients among those that a census shows it. All fields
// must be set, but Remove.
type Reaper struct {
	Clients Clients
	// Unused is for how long a client was not used, at the least.
	Unused time.Duration
	// Remove removes them; else they are only counted.
	Remove bool
	// Now is the store's clock.
	Now func() time.Time
	// Reaped is told what became of a client. It must not block.
	Reaped func(Outcome)
	Logger *slog.Logger
}

// Visit implements census.Visitor. A client is unused when the last day on
// which it was seen had ended before the time began, and when all of that time
// is on record.
func (r *Reaper) Visit(ctx context.Context, c state.Client, since int64, keep func(context.Context) error) (census.Visit, error) {
	from := r.Now().Add(-r.Unused).UnixMilli()
	if from < since || from < 0 || c.LastSeen() >= state.DayOf(from) {
		return census.Visit{}, nil
	}
	if !r.Remove {
		r.Logger.Debug("a client is unused", "client", c.ID, "last_seen", c.LastSeen().String())
		return census.Visit{Unused: true}, nil
	}
	if err := keep(ctx); err != nil {
		return census.Visit{}, err
	}
	removed, err := r.Clients.RemoveClient(ctx, c.ID, state.DayOf(from)-1)
	switch {
	case err != nil:
		r.Reaped(Failed)
		return census.Visit{}, fmt.Errorf("removing an unused client: %w", err)
	case !removed:
		r.Reaped(Spared)
		return census.Visit{}, nil
	}
	r.Reaped(Removed)
	r.Logger.Info("removed a client that was unused", "client", c.ID, "application", c.ApplicationID,
		"last_seen", c.LastSeen().String(), "registered", c.Created().UTC().Format(time.DateOnly))
	return census.Visit{Unused: true, Removed: true}, nil
}

var _ census.Visitor = (*Reaper)(nil)
