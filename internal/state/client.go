package state

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/caddy-dcr/caddy-dcr/plugins"
)

// ErrNotFound says that the store answered, and holds no such record. An
// error of the store itself is never turned into it.
var ErrNotFound = errors.New("no such record")

// ErrExists says that a record of that id is there already.
var ErrExists = errors.New("record exists already")

// clientPrefix begins the keys of clients. It is one letter because there are
// millions of them.
const clientPrefix = "c/"

// Client is one app instance's registration. It is immutable; its end is a
// kill. The secret itself is never stored.
type Client struct {
	ID            uuid.UUID `cbor:"1,keyasint"`
	ApplicationID uuid.UUID `cbor:"2,keyasint"`
	StatementID   uuid.UUID `cbor:"3,keyasint"`
	// StatementIssuer is empty when the statement is one of ours.
	StatementIssuer string `cbor:"4,keyasint,omitempty"`
	Platform        string `cbor:"5,keyasint,omitempty"`
	// SecretMAC is the secret's keyed hash, made with the server key SecretKey.
	SecretMAC []byte `cbor:"6,keyasint"`
	SecretKey uint8  `cbor:"7,keyasint"`
	// RedirectURIs were asked for at registration and are covered by the application.
	RedirectURIs []string `cbor:"8,keyasint,omitempty"`
	// CreatedAt is in Unix milliseconds by the store's clock, because the
	// times of kills are compared with it.
	CreatedAt int64 `cbor:"9,keyasint"`
}

// Created is CreatedAt as a time.
func (c Client) Created() time.Time { return time.UnixMilli(c.CreatedAt) }

func clientKey(id uuid.UUID) string {
	return clientPrefix + base64.RawURLEncoding.EncodeToString(id[:])
}

// Records reads and writes the records that are not replicated: clients and
// opaque tokens. Every method makes one call to the store, blocks until it
// answers or ctx ends, and passes the store's errors on unchanged in meaning
// (plugins.ErrUnavailable).
type Records struct {
	Store plugins.Store
}

// PutClient stores a new client. It returns [ErrExists] when the id is taken:
// an id is never used twice.
func (r Records) PutClient(ctx context.Context, c Client) error {
	value, err := encode(kindClient, c)
	if err != nil {
		return err
	}
	err = r.Store.Put(ctx, plugins.Write{Key: clientKey(c.ID), Value: value, If: plugins.IfAbsent})
	if errors.Is(err, plugins.ErrConflict) {
		return fmt.Errorf("client %s: %w", c.ID, ErrExists)
	}
	return err
}

// Client reads a client. It returns [ErrNotFound] when there is none.
func (r Records) Client(ctx context.Context, id uuid.UUID) (Client, error) {
	value, err := getOne(ctx, r.Store, clientKey(id))
	if err != nil {
		return Client{}, fmt.Errorf("client %s: %w", id, err)
	}
	var c Client
	if err := decode(kindClient, value, &c); err != nil {
		return Client{}, fmt.Errorf("client %s: %w", id, err)
	}
	// A reply that belongs to another request must never give one caller the
	// identity of another (CVE-2025-29923).
	if c.ID != id {
		return Client{}, fmt.Errorf("client %s: the store answered with the record of another: %w", id, plugins.ErrUnavailable)
	}
	return c, nil
}

// Clients lists clients, a page at a time, in no particular order; the cursor
// is empty on the first and after the last page. It is for administration.
func (r Records) Clients(ctx context.Context, cursor string, limit int) ([]Client, string, error) {
	page, err := r.Store.List(ctx, clientPrefix, cursor, limit)
	if err != nil {
		return nil, "", fmt.Errorf("listing clients: %w", err)
	}
	clients := make([]Client, 0, len(page.Items))
	for _, item := range page.Items {
		if item.Value == nil {
			continue
		}
		var c Client
		if err := decode(kindClient, item.Value, &c); err != nil {
			return nil, "", fmt.Errorf("record %q: %w", item.Key, err)
		}
		clients = append(clients, c)
	}
	return clients, page.Cursor, nil
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
