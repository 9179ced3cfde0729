package state

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/google/uuid"
)

// newestPart is how many clients one part of a census names.
const newestPart = 2000

// NewestClient names one of the newest clients of an application.
type NewestClient struct {
	ID        uuid.UUID `cbor:"1,keyasint"`
	CreatedAt int64     `cbor:"2,keyasint"`
}

// newestRecord is a part of the census that no gateway holds in memory.
type newestRecord struct {
	Applications []newestOfApplication `cbor:"1,keyasint,omitempty"`
}

type newestOfApplication struct {
	ID uuid.UUID `cbor:"1,keyasint"`
	// Clients are the newest first.
	Clients []NewestClient `cbor:"2,keyasint"`
}

func (c Census) newestKey(part int) string {
	return censusKey + "/" + strconv.FormatInt(c.BeganAt, 36) + "/n" + strconv.Itoa(part)
}

// putNewest stores the newest clients, and notes with the applications where
// they stand.
func (r Records) putNewest(ctx context.Context, c *Census, ttl time.Duration) error {
	var part newestRecord
	size := 0
	put := func() error {
		if size == 0 {
			return nil
		}
		c.NewestParts++
		for _, a := range part.Applications {
			count := c.Applications[a.ID]
			count.NewestPart = c.NewestParts
			c.Applications[a.ID] = count
		}
		err := r.putCounted(ctx, c.newestKey(c.NewestParts), kindCensusNewest, part, ttl)
		part, size = newestRecord{}, 0
		return err
	}
	for app, clients := range c.Newest {
		part.Applications = append(part.Applications, newestOfApplication{app, clients})
		if size += len(clients); size >= newestPart {
			if err := put(); err != nil {
				return err
			}
		}
	}
	return put()
}

// NewestClients reads which clients of an application were the newest, those
// first, when the census was taken. It returns [ErrNotFound] where that is on
// record no more, and nothing where it never was.
func (r Records) NewestClients(ctx context.Context, c Census, app uuid.UUID) ([]NewestClient, error) {
	part := c.Applications[app].NewestPart
	if part == 0 {
		return nil, nil
	}
	value, err := getOne(ctx, r.Store, c.newestKey(part))
	if err != nil {
		return nil, fmt.Errorf("the newest clients of application %s: %w", app, err)
	}
	var record newestRecord
	if err := decode(kindCensusNewest, value, &record); err != nil {
		return nil, fmt.Errorf("the newest clients of application %s: %w", app, err)
	}
	for _, a := range record.Applications {
		if a.ID == app {
			return a.Clients, nil
		}
	}
	return nil, nil
}

// Compare is below zero where the client stands before the other in a list that
// begins with the newest.
func (n NewestClient) Compare(other NewestClient) int {
	return cmp.Or(cmp.Compare(other.CreatedAt, n.CreatedAt), bytes.Compare(n.ID[:], other.ID[:]))
}
