package state

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/caddy-dcr/caddy-dcr/internal/revocation"
	"github.com/caddy-dcr/caddy-dcr/plugins"
)

// clientPrefix begins the keys of clients. It is one letter because there are
// millions of them.
const clientPrefix = "c/"

// Client is one app instance's registration. But for the day of its last use
// it is immutable; its end is a kill. The secret itself is never stored; a
// client with keys has none.
type Client struct {
	ID            uuid.UUID
	ApplicationID uuid.UUID
	StatementID   uuid.UUID
	// StatementIssuer is empty when the statement is one of ours.
	StatementIssuer string
	// StatementKey refers to the key that signed the statement.
	StatementKey revocation.KeyRef
	Platform     string
	// SecretMAC is the secret's keyed hash, made with the server key SecretKey.
	SecretMAC []byte
	SecretKey uint8
	// Keys are the public keys with which the client signs its assertions.
	Keys []ClientKey
	// RedirectURIs were asked for at registration and are covered by the application.
	RedirectURIs []string
	// CreatedAt is in Unix milliseconds by the store's clock, because the
	// times of kills are compared with it.
	CreatedAt int64
	// LastUsed is the day on which it last got a token; zero where that was
	// not after the day of its registration.
	LastUsed Day
	// Network is what it registered from.
	Network Network
}

// clientRecord is a client as it is stored. Of the id, which is in the key
// already, it repeats enough to tell that a reply belongs to its request.
type clientRecord struct {
	Check           [4]byte   `cbor:"1,keyasint"`
	ApplicationID   uuid.UUID `cbor:"2,keyasint"`
	StatementID     uuid.UUID `cbor:"3,keyasint"`
	StatementIssuer string    `cbor:"4,keyasint,omitempty"`
	// Platform is a code, or a name that has none.
	Platform  any    `cbor:"5,keyasint,omitempty"`
	SecretMAC []byte `cbor:"6,keyasint,omitempty"`
	// SecretKey is left out when it is the first, as in most stores it is.
	SecretKey    uint8             `cbor:"7,keyasint,omitempty"`
	RedirectURIs []string          `cbor:"8,keyasint,omitempty"`
	CreatedAt    int64             `cbor:"9,keyasint,omitempty"`
	StatementKey revocation.KeyRef `cbor:"10,keyasint,omitempty"`
	LastUsed     Day               `cbor:"11,keyasint,omitempty"`
	Keys         []ClientKey       `cbor:"12,keyasint,omitempty"`
	// Network holds CreatedAt and LastUsed as well. A record with it is of
	// another kind, so that nobody who does not know it takes the client for
	// one that was registered in 1970.
	Network []byte `cbor:"13,keyasint,omitempty"`
}

const firstSecretKey = 1

func encodeClient(c Client) ([]byte, error) {
	if c.SecretKey == firstSecretKey {
		c.SecretKey = 0
	}
	r := clientRecord{
		Check: [4]byte(c.ID[:4]), ApplicationID: c.ApplicationID, StatementID: c.StatementID,
		StatementIssuer: c.StatementIssuer, Platform: packPlatform(c.Platform),
		SecretMAC: c.SecretMAC, SecretKey: c.SecretKey, RedirectURIs: c.RedirectURIs, CreatedAt: c.CreatedAt,
		StatementKey: c.StatementKey, LastUsed: c.LastUsed, Keys: c.Keys,
	}
	if c.Network == 0 {
		return encode(kindClient, r)
	}
	var err error
	r.CreatedAt, r.LastUsed = 0, 0
	if r.Network, err = packNetwork(c); err != nil {
		return nil, err
	}
	return encode(kindClientOfNetwork, r)
}

// clientKind is of which of the two kinds a client's record is.
func clientKind(value []byte) kind {
	if len(value) > 1 && value[1] == byte(kindClientOfNetwork) {
		return kindClientOfNetwork
	}
	return kindClient
}

// decodeClient reads the record of the client whose id the key holds. A reply
// that belongs to another request must never give one caller the identity of
// another (CVE-2025-29923).
func decodeClient(key string, value []byte) (Client, error) {
	raw, err := base64.RawURLEncoding.DecodeString(strings.TrimPrefix(key, clientPrefix))
	if err != nil || len(raw) != len(uuid.UUID{}) {
		return Client{}, fmt.Errorf("client: %q is no key of one: %w", key, plugins.ErrUnavailable)
	}
	id := uuid.UUID(raw)
	var r clientRecord
	of := clientKind(value)
	if err := decode(of, value, &r); err != nil {
		return Client{}, fmt.Errorf("client %s: %w", id, err)
	}
	if r.SecretKey == 0 {
		r.SecretKey = firstSecretKey
	}
	if r.Check != [4]byte(id[:4]) {
		return Client{}, fmt.Errorf("client %s: the store answered with the record of another: %w", id, plugins.ErrUnavailable)
	}
	platform, err := unpackPlatform(r.Platform)
	if err != nil {
		return Client{}, fmt.Errorf("client %s: %w", id, err)
	}
	c := Client{
		ID: id, ApplicationID: r.ApplicationID, StatementID: r.StatementID,
		StatementIssuer: r.StatementIssuer, Platform: platform,
		SecretMAC: r.SecretMAC, SecretKey: r.SecretKey, RedirectURIs: r.RedirectURIs, CreatedAt: r.CreatedAt,
		StatementKey: r.StatementKey, LastUsed: r.LastUsed, Keys: r.Keys,
	}
	if of == kindClientOfNetwork {
		if err := unpackNetwork(r.Network, &c); err != nil {
			return Client{}, fmt.Errorf("client %s: %w", id, err)
		}
	}
	return c, nil
}

// Created is CreatedAt as a time.
func (c Client) Created() time.Time { return time.UnixMilli(c.CreatedAt) }

// Subject lists what the client descends from, for a gateway of that name as
// an issuer of statements.
func (c Client) Subject(issuer string) revocation.Subject {
	if c.StatementIssuer != "" {
		issuer = c.StatementIssuer
	}
	return revocation.Subject{
		ClientID: c.ID, StatementID: c.StatementID, ApplicationID: c.ApplicationID, Platform: c.Platform,
		Issuer: issuer, StatementKey: c.StatementKey, ClientIssuedAt: c.CreatedAt,
	}
}

func clientKey(id uuid.UUID) string {
	return clientPrefix + base64.RawURLEncoding.EncodeToString(id[:])
}

// PutClient stores a new client. It returns [ErrExists] when the id is taken:
// an id is never used twice.
func (r Records) PutClient(ctx context.Context, c Client) error {
	value, err := encodeClient(c)
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
	key := clientKey(id)
	value, err := getOne(ctx, r.Store, key)
	if err != nil {
		if errors.Is(err, ErrNotFound) {
			_ = decode(kindClient, nobody, new(clientRecord)) // as long as it takes to read one
		}
		return Client{}, fmt.Errorf("client %s: %w", id, err)
	}
	return decodeClient(key, value)
}

// nobody is the record that is read when there is none, so that whoever guesses
// ids does not learn by the time which ones are somebody's.
var nobody = must(encodeClient(Client{
	ID: uuid.Max, ApplicationID: uuid.Max, StatementID: uuid.Max, Platform: "iOS",
	SecretMAC: make([]byte, 20), CreatedAt: 1764000000000, StatementKey: 1,
}))

// FindClients reads those of the clients that there are, in one round trip.
func (r Records) FindClients(ctx context.Context, ids ...uuid.UUID) ([]Client, error) {
	keys := make([]string, len(ids))
	for i, id := range ids {
		keys[i] = clientKey(id)
	}
	items, err := r.Store.Get(ctx, keys...)
	if err != nil {
		return nil, err
	}
	if len(items) != len(keys) {
		return nil, fmt.Errorf("the store answered for other keys than asked: %w", plugins.ErrUnavailable)
	}
	var found []Client
	for i, item := range items {
		if item.Key != keys[i] {
			return nil, fmt.Errorf("the store answered for other keys than asked: %w", plugins.ErrUnavailable)
		}
		if item.Value == nil {
			continue
		}
		c, err := decodeClient(item.Key, item.Value)
		if err != nil {
			return nil, err
		}
		found = append(found, c)
	}
	return found, nil
}

// Clients lists clients, a page at a time, in no particular order; the cursor
// is empty on the first and after the last page. It is for administration.
func (r Records) Clients(ctx context.Context, cursor string, limit int) ([]Client, string, error) {
	return list(ctx, r.Store, clientPrefix, cursor, limit, decodeClient)
}

// ClientsOf is [Records.Clients] for those of one application. A page is what is
// found in as many records as limit says: often nothing, and not the last.
func (r Records) ClientsOf(ctx context.Context, app uuid.UUID, cursor string, limit int) ([]Client, string, error) {
	page, err := r.Store.List(ctx, clientPrefix, cursor, limit)
	if err != nil {
		return nil, "", fmt.Errorf("listing the clients of application %s: %w", app, err)
	}
	var clients []Client
	for _, item := range page.Items {
		// To look for the id costs a tenth of reading a record.
		if !bytes.Contains(item.Value, app[:]) {
			continue
		}
		c, err := decodeClient(item.Key, item.Value)
		if err != nil {
			return nil, "", fmt.Errorf("record %q: %w", item.Key, err)
		}
		if c.ApplicationID == app {
			clients = append(clients, c)
		}
	}
	return clients, page.Cursor, nil
}
