package state

import (
	"context"

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

// RecordStatement stores that a statement was issued.
func (r Records) RecordStatement(ctx context.Context, s Statement) error {
	value, err := encode(kindStatement, s)
	if err != nil {
		return err
	}
	_, err = r.Store.Append(ctx, plugins.Write{Key: statementKey(s.ApplicationID, s.ID), Value: value, If: plugins.IfAbsent})
	return err
}

// Statements lists the statements of one application, a page at a time.
func (r Records) Statements(ctx context.Context, app uuid.UUID, cursor string, limit int) ([]Statement, string, error) {
	return list(ctx, r.Store, statementPrefix+app.String()+"/", cursor, limit, func(_ string, value []byte) (s Statement, err error) {
		return s, decode(kindStatement, value, &s)
	})
}
