package state

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/caddy-dcr/caddy-dcr/plugins"
)

const (
	// followWait is how long the store holds a call that finds no news. It is
	// also how often the replica's age starts anew.
	followWait = time.Second
	// snapshotPage is how many records one page of a snapshot asks for.
	snapshotPage = 2000
	// callLimit bounds one call to the store beyond its wait.
	callLimit = 4 * time.Second
	// The pauses after a failure grow between these, so that a store that
	// comes back is noticed well within five seconds.
	shortestPause = 50 * time.Millisecond
	longestPause  = time.Second
	// sweepEvery is how often expired kills are dropped from memory.
	sweepEvery = time.Minute
)

// Run loads the state and follows its changes until ctx ends. It survives
// every failure of the store: it tries again, and meanwhile the replica ages.
func (r *Replica) Run(ctx context.Context) {
	reason := SnapshotAtStart
	pause := shortestPause
	wait := followWait
	swept := time.Now()
	for ctx.Err() == nil {
		err := r.step(ctx, &reason, wait)
		if err == nil {
			pause, wait = shortestPause, followWait
			if time.Since(swept) > sweepEvery {
				r.view.Load().kills.Sweep(r.Now().UnixMilli())
				swept = time.Now()
			}
			continue
		}
		if ctx.Err() != nil {
			return
		}
		if r.Observer != nil {
			r.Observer.FollowFailed(err)
		}
		r.Logger.Warn("the state cannot be kept up to date; known tokens pass until it is too old",
			"error", err, "retry_in", pause)
		select {
		case <-time.After(pause/2 + rand.N(pause/2)): //nolint:gosec // jitter, no secret
		case <-ctx.Done():
		}
		pause = min(pause*2, longestPause)
		wait = 0 // a store that is back says so at once
	}
}

// step does one call's worth of work: it loads a snapshot where one is due,
// else asks for news. A non-empty reason says that one is due.
func (r *Replica) step(ctx context.Context, reason *SnapshotReason, wait time.Duration) error {
	if *reason != "" {
		if err := r.load(ctx, *reason); err != nil {
			return err
		}
		*reason = ""
	}
	if age, _ := r.Age(); age > silent {
		r.announce(ctx) // the others may have forgotten this gateway
	}
	asked := time.Now()
	limited, cancel := context.WithTimeout(ctx, followWait+callLimit)
	defer cancel()
	batch, err := r.Store.Follow(limited, r.Position(), wait)
	if errors.Is(err, plugins.ErrLostPlace) {
		r.Logger.Warn("the place in the feed was lost; reading the whole state", "error", err)
		*reason = SnapshotLostPlace
		if time.Since(r.loadedAt) < longestPause {
			// A store that loses its place again at once is not asked for all of
			// its records in a loop.
			return fmt.Errorf("the place in the feed was lost right after reading the state: %w", plugins.ErrUnavailable)
		}
		return nil
	}
	if err != nil {
		return fmt.Errorf("following the feed: %w", err)
	}
	if err := r.applyAll(batch.Entries); err != nil {
		*reason = SnapshotBadEntry
		return err
	}
	r.moveTo(batch.Position)
	if !batch.More {
		r.confirm(asked, batch.Now)
	}
	r.observe(batch)
	return nil
}

func (r *Replica) applyAll(entries []plugins.Entry) error {
	v := r.view.Load()
	keysChanged := false
	for _, entry := range entries {
		for _, w := range entry.Writes {
			changed, err := v.apply(w)
			if err != nil {
				return fmt.Errorf("entry %d of the feed: %w", entry.Seq, err)
			}
			keysChanged = keysChanged || changed
		}
	}
	if keysChanged && r.KeysChanged != nil {
		r.KeysChanged(r.Keys())
	}
	return nil
}

func (r *Replica) observe(batch plugins.Batch) {
	if r.Observer == nil {
		return
	}
	now := r.Now()
	for _, entry := range batch.Entries {
		r.Observer.EntryApplied(max(0, now.Sub(entry.At)), countKills(entry))
	}
}

// load reads the whole state and makes it the view.
func (r *Replica) load(ctx context.Context, reason SnapshotReason) error {
	asked := time.Now()
	position, now, err := r.Store.Tail(ctx)
	if err != nil {
		return fmt.Errorf("reading the feed's end: %w", err)
	}
	r.setClock(now)
	r.announce(ctx)
	builder := newViewBuilder()
	for cursor := ""; ; {
		limited, cancel := context.WithTimeout(ctx, callLimit)
		page, err := r.Store.List(limited, plugins.ReplicaPrefix, cursor, snapshotPage)
		cancel()
		if err != nil {
			return fmt.Errorf("reading the state: %w", err)
		}
		for _, item := range page.Items {
			if item.Value == nil {
				continue
			}
			if err := builder.add(item.Key, item.Value); err != nil {
				return err
			}
		}
		if cursor = page.Cursor; cursor == "" {
			break
		}
	}
	if err := r.unreplaced(ctx, position); err != nil {
		return err
	}
	if err := r.plausible(builder); err != nil {
		r.astray.Store(&err)
		return err
	}
	r.astray.Store(nil)
	next := builder.view()
	r.view.Store(next)
	r.loadedAt = time.Now()
	if r.KeysChanged != nil {
		r.KeysChanged(r.Keys())
	}
	r.moveTo(position)
	r.confirmed.Store(&asked)
	if r.Observer != nil {
		r.Observer.SnapshotLoaded(reason, time.Since(asked))
	}
	r.Logger.Info("state loaded", "reason", string(reason), "records", next.records, "took", time.Since(asked))
	return nil
}

// announce goes on whatever comes of it: a store that takes no report takes no
// kill either, and known tokens are to pass meanwhile.
func (r *Replica) announce(ctx context.Context) {
	if r.Announce == nil {
		return
	}
	if err := r.Announce(ctx); err != nil && ctx.Err() == nil {
		r.Logger.Debug("the other gateways could not be told of this one", "error", err)
	}
}

// unreplaced makes sure that a listing is of one server. Another one that took
// its place meanwhile shows its records in another order, so that some of them
// were in no page.
func (r *Replica) unreplaced(ctx context.Context, began plugins.Position) error {
	end, _, err := r.Store.Tail(ctx)
	if err != nil {
		return fmt.Errorf("reading the feed's end again: %w", err)
	}
	if end.Feed != began.Feed {
		return fmt.Errorf("the store was replaced while its state was read: %w", plugins.ErrUnavailable)
	}
	return nil
}

// plausible refuses to believe a store that has lost everything. A store that
// was flushed, or a primary that came back empty, would turn every client of
// the fleet away with an error that tells it to register again; so would one
// that another gateway has begun to fill anew. Instead the replica ages,
// clients are told to wait, and a person decides: restoring the store heals the
// gateways, restarting all of them accepts the loss. Of the keys only those of
// tokens are ever deleted, so the store that was followed before has at least
// one of those known here.
func (r *Replica) plausible(b *viewBuilder) error {
	known := r.Keys()
	common := slices.ContainsFunc(b.keys, func(k SigningKey) bool {
		return slices.ContainsFunc(known, func(mine SigningKey) bool { return mine.ID == k.ID })
	})
	if len(known) > 0 && !common {
		return fmt.Errorf("the store has lost the gateway's keys, so it was emptied or is another one; "+
			"restore it, or restart the gateways to begin anew: %w", plugins.ErrUnavailable)
	}
	return nil
}
