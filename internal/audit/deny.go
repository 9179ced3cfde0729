package audit

import (
	"context"
	"log/slog"
	"sync"
	"time"
)

const (
	// Refused attempts are put on record up to a number at once, and so many a
	// second: who is refused must not be able to fill the store.
	denialsAtOnce   = 30
	denialsASecond  = 1
	denialTakesMost = 5 * time.Second
)

// denials counts what refused attempts may still be put on record.
type denials struct {
	mu   sync.Mutex
	left float64
	last time.Time
}

func (d *denials) take(now time.Time) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.last.IsZero() {
		d.left = denialsAtOnce
	} else {
		d.left = min(denialsAtOnce, d.left+now.Sub(d.last).Seconds()*denialsASecond)
	}
	d.last = now
	if d.left < 1 {
		return false
	}
	d.left--
	return true
}

// Deny puts an attempt on record that was refused. It does not keep the actor
// waiting, who must not be able to tell by the time that passes whether there
// was something to be refused. Attempts beyond a budget are in the log alone.
func (l *Log) Deny(note Note) {
	if !l.denials.take(l.Replica.Now()) {
		l.Logger.LogAttrs(context.Background(), slog.LevelWarn, "administrative act refused, not on record", note.attrs()...)
		return
	}
	go func() {
		ctx, cancel := context.WithTimeout(context.Background(), denialTakesMost)
		defer cancel()
		_, err := l.Commit(ctx, func(context.Context) (Act, error) { return Act{Notes: []Note{note}}, nil })
		if err != nil {
			l.Logger.LogAttrs(ctx, slog.LevelWarn, "administrative act refused, not on record", append(note.attrs(), slog.Any("error", err))...)
		}
	}()
}
