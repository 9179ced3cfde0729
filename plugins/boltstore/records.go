package boltstore

import (
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"time"

	"go.etcd.io/bbolt"

	"github.com/caddy-dcr/caddy-dcr/plugins"
)

// defaultPage is the page of a caller who names no limit; scanFactor bounds
// how many expired records one page steps over.
const (
	defaultPage = 100
	scanFactor  = 10
)

// Get reads the keys in one transaction.
func (s *Store) Get(ctx context.Context, keys ...string) ([]plugins.Item, error) {
	items := make([]plugins.Item, len(keys))
	err := s.view(ctx, "get", func(tx *bbolt.Tx) error {
		records, now := tx.Bucket(recordBucket), time.Now()
		for i, key := range keys {
			items[i] = plugins.Item{Key: key, Value: bytes.Clone(decode(records.Get([]byte(key)), now))}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return items, nil
}

// Put applies one write; it is on the disk when Put returns.
func (s *Store) Put(ctx context.Context, w plugins.Write) error {
	if err := check(w, false); err != nil {
		return failed("put", err)
	}
	return s.change(ctx, "put", func(tx *bbolt.Tx) error {
		records, now := tx.Bucket(recordBucket), time.Now()
		if !holds(records, w, now) {
			return plugins.ErrConflict
		}
		return write(records, w, now)
	})
}

// List pages in the order of the keys. A cursor is the last key seen.
func (s *Store) List(ctx context.Context, prefix, cursor string, limit int) (plugins.Page, error) {
	if limit <= 0 {
		limit = defaultPage
	}
	after, err := base64.RawURLEncoding.DecodeString(cursor)
	if err != nil || cursor != "" && !bytes.HasPrefix(after, []byte(prefix)) {
		return plugins.Page{}, fmt.Errorf("bolt store: list: %w", plugins.ErrCursor)
	}
	var page plugins.Page
	err = s.view(ctx, "list", func(tx *bbolt.Tx) error {
		page = plugins.Page{}
		c, now := tx.Bucket(recordBucket).Cursor(), time.Now()
		key, record := c.Seek([]byte(max(string(after), prefix)))
		if cursor != "" && bytes.Equal(key, after) {
			key, record = c.Next()
		}
		for seen := 1; key != nil && bytes.HasPrefix(key, []byte(prefix)); seen++ {
			if value := decode(record, now); value != nil {
				page.Items = append(page.Items, plugins.Item{Key: string(key), Value: bytes.Clone(value)})
			}
			if len(page.Items) == limit || seen == limit*scanFactor {
				page.Cursor = base64.RawURLEncoding.EncodeToString(key)
				return nil
			}
			key, record = c.Next()
		}
		return nil
	})
	return page, err
}
