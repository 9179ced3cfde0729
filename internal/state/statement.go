package state

import (
	"context"
	"fmt"
	"slices"

	"github.com/google/uuid"

	"github.com/caddy-dcr/caddy-dcr/plugins"
)

const statementPrefix = plugins.ReplicaPrefix + "d/"

// Statement records that a software statement was downloaded. It stands in
// the store for people to list and revoke; checking a statement needs only
// its signature and the kills.
type Statement struct {
	ID            uuid.UUID `cbor:"1,keyasint"`
	ApplicationID uuid.UUID `cbor:"2,keyasint"`
	IssuedAt      int64     `cbor:"3,keyasint"`
	IssuedBy      string    `cbor:"4,keyasint,omitempty"`
	KeyID         string    `cbor:"5,keyasint"`
}

func statementKey(app, id uuid.UUID) string {
	return statementPrefix + app.String() + "/" + id.String()
}

// StatementWrite is the write that records that a statement was issued.
func StatementWrite(s Statement) (plugins.Write, error) {
	value, err := encode(kindStatement, s)
	return plugins.Write{Key: statementKey(s.ApplicationID, s.ID), Value: value, If: plugins.IfAbsent}, err
}

// Statement reads the record of one statement. It returns [ErrNotFound] when
// there is none.
func (r Records) Statement(ctx context.Context, app, id uuid.UUID) (Statement, error) {
	var s Statement
	raw, err := getOne(ctx, r.Store, statementKey(app, id))
	if err != nil {
		return Statement{}, err
	}
	return s, decode(kindStatement, raw, &s)
}

// statementBatch is how many applications one question is about.
const statementBatch = 500

// StatementOwner finds out for which of the applications a statement was
// issued. It returns [ErrNotFound] when it was for none.
func (r Records) StatementOwner(ctx context.Context, id uuid.UUID, apps []uuid.UUID) (uuid.UUID, error) {
	for part := range slices.Chunk(apps, statementBatch) {
		keys := make([]string, len(part))
		for i, app := range part {
			keys[i] = statementKey(app, id)
		}
		items, err := r.Store.Get(ctx, keys...)
		if err != nil {
			return uuid.Nil, err
		}
		for i, item := range items {
			if item.Value != nil && item.Key == keys[i] {
				return part[i], nil
			}
		}
	}
	return uuid.Nil, fmt.Errorf("statement %s: %w", id, ErrNotFound)
}

// Statements lists the statements of one application, a page at a time.
func (r Records) Statements(ctx context.Context, app uuid.UUID, cursor string, limit int) ([]Statement, string, error) {
	return list(ctx, r.Store, statementPrefix+app.String()+"/", cursor, limit, func(_ string, value []byte) (s Statement, err error) {
		return s, decode(kindStatement, value, &s)
	})
}
