package state

import (
	"context"
	"errors"
	"fmt"

	"github.com/caddy-dcr/caddy-dcr/plugins"
)

var (
	// ErrNotFound says that the store answered, and holds no such record. An
	// error of the store itself is never turned into it.
	ErrNotFound = errors.New("no such record")
	// ErrExists says that a record of that id is there already.
	ErrExists = errors.New("record exists already")
)

// Records reads and writes single records in the store. Every method blocks
// until the store answers or ctx ends, and passes the store's errors on
// unchanged in meaning (plugins.ErrUnavailable).
type Records struct {
	Store plugins.Store
}

func getOne(ctx context.Context, store plugins.Store, key string) ([]byte, error) {
	items, err := store.Get(ctx, key)
	if err != nil {
		return nil, err
	}
	if len(items) != 1 || items[0].Key != key {
		return nil, fmt.Errorf("the store answered for other keys than asked: %w", plugins.ErrUnavailable)
	}
	if items[0].Value == nil {
		return nil, ErrNotFound
	}
	return items[0].Value, nil
}

// list reads one page of the records under a prefix.
func list[T any](ctx context.Context, store plugins.Store, prefix, cursor string, limit int,
	read func(key string, value []byte) (T, error),
) ([]T, string, error) {
	page, err := store.List(ctx, prefix, cursor, limit)
	if err != nil {
		return nil, "", fmt.Errorf("listing %q: %w", prefix, err)
	}
	records := make([]T, 0, len(page.Items))
	for _, item := range page.Items {
		if item.Value == nil {
			continue
		}
		record, err := read(item.Key, item.Value)
		if err != nil {
			return nil, "", fmt.Errorf("record %q: %w", item.Key, err)
		}
		records = append(records, record)
	}
	return records, page.Cursor, nil
}
