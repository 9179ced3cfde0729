package census

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"github.com/caddy-dcr/caddy-dcr/internal/state"
)

// lookEvery is how often a gateway looks for a newer census, or whether one is
// due.
const lookEvery = 15 * time.Second

// lookAgain is how soon it looks again when it could not: at its start, before
// the state is here, and while the store is away.
const lookAgain = time.Second

// Run keeps the book up to date, and takes a census whenever one is due and
// nobody else does, until ctx ends.
func (w *Walker) Run(ctx context.Context) {
	for ctx.Err() == nil {
		pause := min(lookEvery, w.Every/4)
		if err := w.look(ctx); err != nil && ctx.Err() == nil {
			w.Logger.Debug("there is no new census", "error", err)
			pause = min(pause, lookAgain)
		}
		// Gateways that look at one moment would race for the lease.
		_ = sleep(ctx, pause/2+rand.N(pause)) //nolint:gosec // no secret
	}
}

// look takes a newer census over, and takes one itself when it is due.
func (w *Walker) look(ctx context.Context) error {
	if err := w.State.Fresh(); err != nil {
		return err
	}
	last, err := w.read(ctx)
	if err != nil {
		return err
	}
	if w.State.Now().UnixMilli() < last.FinishedAt+w.Every.Milliseconds() {
		return nil
	}
	return w.take(ctx, last)
}

// read reads the last census, if there is one; the zero Census if not.
func (w *Walker) read(ctx context.Context) (state.Census, error) {
	limited, cancel := context.WithTimeout(ctx, callLimit)
	defer cancel()
	last, err := w.Records.CensusSummary(limited)
	if errors.Is(err, state.ErrNotFound) {
		w.Book.Forget()
		return state.Census{}, nil
	}
	if err != nil {
		return state.Census{}, err
	}
	if known := w.Book.Latest(); known != nil && known.BeganAt == last.BeganAt {
		return last, nil
	}
	whole, err := w.Records.CensusCounts(limited, last)
	if errors.Is(err, state.ErrNotFound) {
		// Another has taken its place; the next look finds that.
		return last, nil
	}
	if err != nil {
		return state.Census{}, err
	}
	w.Book.Replace(whole)
	return last, nil
}
