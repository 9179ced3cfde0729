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

// refusalPrefix begins the keys of refusals that can be explained.
const refusalPrefix = "x/"

// refusalRecord is what somebody else wrote about a refusal. The trace repeats
// the key, to tell that a reply belongs to its request.
type refusalRecord struct {
	Trace uuid.UUID `cbor:"1,keyasint"`
	Data  []byte    `cbor:"2,keyasint"`
}

func refusalKey(trace uuid.UUID) string {
	return refusalPrefix + base64.RawURLEncoding.EncodeToString(trace[:])
}

// PutRefusal stores what there is to say about a refusal.
func (r Records) PutRefusal(ctx context.Context, trace uuid.UUID, data []byte, keep time.Duration) error {
	value, err := encode(kindRefusal, refusalRecord{trace, data})
	if err != nil {
		return err
	}
	return r.Store.Put(ctx, plugins.Write{Key: refusalKey(trace), Value: value, TTL: keep})
}

// Refusal reads it, or returns nil where there is nothing, or nothing any more.
func (r Records) Refusal(ctx context.Context, trace uuid.UUID) ([]byte, error) {
	value, err := getOne(ctx, r.Store, refusalKey(trace))
	if errors.Is(err, ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("refusal %s: %w", trace, err)
	}
	var record refusalRecord
	if err := decode(kindRefusal, value, &record); err != nil {
		return nil, fmt.Errorf("refusal %s: %w", trace, err)
	}
	if record.Trace != trace {
		return nil, fmt.Errorf("refusal %s: the store answered with another: %w", trace, plugins.ErrUnavailable)
	}
	return record.Data, nil
}
