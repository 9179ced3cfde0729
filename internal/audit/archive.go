package audit

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/caddy-dcr/caddy-dcr/internal/state"
	"github.com/caddy-dcr/caddy-dcr/plugins"
)

// archiving is how many entries are copied at once.
const archiving = 16

var errBacklog = errors.New("the older audit entries cannot be stored")

// pending copies the entries that the end of the chain carries to where they
// stay, and answers what the next end has to carry: the new entries, and those
// that could not be copied. It fails when these have become too many.
func (l *Log) pending(ctx context.Context, head state.AuditHead, added [][]byte) ([][]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, archiveLimit)
	defer cancel()
	err := l.archive(ctx, head)
	if err == nil {
		return added, nil
	}
	carried := append(append([][]byte{}, head.Pending...), added...)
	size := 0
	for _, raw := range carried {
		size += len(raw)
	}
	if len(carried) > backlogEntries || size > backlogBytes {
		return nil, fmt.Errorf("%w: %w: %w", errBacklog, plugins.ErrUnavailable, err)
	}
	l.Logger.Warn("audit entries could not be copied to where they stay; they are carried along", "entries", len(head.Pending), "error", err)
	return carried, nil
}

// archive stores each entry under its own key, some at a time.
func (l *Log) archive(ctx context.Context, head state.AuditHead) error {
	first := head.Seq - uint64(len(head.Pending)) + 1
	errs := make([]error, len(head.Pending))
	slots := make(chan struct{}, archiving)
	var waiting sync.WaitGroup
	for i, raw := range head.Pending {
		slots <- struct{}{}
		waiting.Go(func() {
			defer func() { <-slots }()
			errs[i] = l.Records.KeepAuditEntry(ctx, first+uint64(i), raw)
		})
	}
	waiting.Wait()
	return errors.Join(errs...)
}
