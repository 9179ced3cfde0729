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
	return list(ctx, r.Store, clientPrefix, cursor, limit, func(_ string, value []byte) (c Client, err error) {
		return c, decode(kindClient, value, &c)
	})
}
